import { load } from "js-yaml";
import { dashboardsOf } from "../../constructs/grafana/dashboards/dashboards";
import { grafanaFiles } from "../../constructs/grafana/files";
import { panelQueries } from "../../constructs/grafana/panel-queries";
import { corpus, LAYOUT_NAMES, plain } from "../support/corpus";
import { schemaMistakes } from "../support/grafana-schema";

interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
}

const cellsOf = ({ x, y, w, h }: PanelJson["gridPos"]): string[] =>
  Array.from({ length: w * h }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`);

interface DashboardJson {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly PanelJson[];
}

const watched = corpus().filter(({ plan }) => plan.monitoring?.grafana);
type Box = (typeof watched)[number];
const textsOf = ({ environment, plan }: Box): ReadonlyMap<string, string> =>
  new Map(grafanaFiles(environment, plan).map(({ path, content }) => [path, content]));
const dashboardTexts = (box: Box): string[] =>
  [...textsOf(box)].filter(([path]) => path.endsWith(".json")).map(([, text]) => text);
const jsonOf = (box: Box): DashboardJson[] => dashboardTexts(box).map((text) => JSON.parse(text));

/** One with everything, one with as little as there can be. */
const SMALLEST = plain("none");
const LARGEST = plain("seventeen");

describe("dashboards", () => {
  it("are what Grafana's published types ask for, options of every panel included", () => {
    expect(schemaMistakes([...new Set(watched.flatMap(dashboardTexts))])).toEqual([]);
  }, 120_000);

  it.each([
    ["a property that no panel knows", '"cellHeight"', '"cellHigh"'],
    ["a value that Grafana does not know", '"stacking":', '"drawStyle": "wave",\n "stacking":'],
    ["a number as text", '"schemaVersion": 42', '"schemaVersion": "42"'],
    ["a query of another data source", '"legendFormat"', '"rawSql"'],
  ])(
    "with %s are refused by those types",
    (_, from, to) => {
      const text = jsonTextWith(from);
      expect(schemaMistakes([text.replace(from, to)]).join("\n")).toMatch(/error TS/);
    },
    60_000,
  );

  it("have uids that stay, and panels that are known by an id of their own", () => {
    const uids = new Set<string>();
    for (const box of watched) {
      for (const { uid, panels } of jsonOf(box)) {
        uids.add(uid);
        expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
        const titles = panels.filter(({ type }) => type !== "row").map(({ title }) => title);
        expect(new Set(titles).size).toBe(titles.length);
      }
    }
    expect([...uids].sort()).toEqual(
      ["capacity", "compressor", "host", "nginx", "overview", "pgbouncer", "postgres", "redis", "rooms", "synapse"].map(
        (name) => `synapse-kit-${name}`,
      ),
    );
  });

  it("keep a panel's id when another plan leaves panels out", () => {
    const ids = (box: Box) =>
      new Map(jsonOf(box).flatMap(({ uid, panels }) => panels.map(({ id, title }) => [`${uid} ${title}`, id])));
    const [small, large] = [SMALLEST, LARGEST].map(ids) as [Map<string, number>, Map<string, number>];
    const both = [...small.keys()].filter((key) => large.has(key));
    expect(both.length).toBeGreaterThan(50);
    for (const key of both) expect(small.get(key)).toBe(large.get(key));
  });

  it("have no panel over another or outside the grid", () => {
    const breaches: string[] = [];
    for (const box of watched) {
      for (const { uid, panels } of jsonOf(box)) {
        const taken = new Set<string>();
        for (const { title, gridPos } of panels) {
          if (gridPos.x + gridPos.w > 24) breaches.push(`${uid}: ${title} leaves the grid`);
          for (const cell of cellsOf(gridPos)) {
            if (taken.has(cell)) breaches.push(`${uid}: ${title} covers ${cell}`);
            taken.add(cell);
          }
        }
      }
    }
    expect(breaches).toEqual([]);
  });

  it("ask the data source that is provisioned", () => {
    for (const box of watched) {
      const { datasources } = load(textsOf(box).get("provisioning/datasources/prometheus.yml") ?? "") as {
        datasources: { uid: string }[];
      };
      const [{ uid }] = datasources as [{ uid: string }];
      const asked = jsonOf(box).flatMap(({ panels }) => panels.flatMap(({ datasource }) => datasource?.uid ?? []));
      expect(new Set(asked)).toEqual(new Set([uid]));
    }
  });

  it("of services that are not there are left out", () => {
    const names = (box: Box) => dashboardsOf(box.environment, box.plan).map(({ name }) => name);
    expect(names(SMALLEST)).not.toContain("pgbouncer");
    expect(names(SMALLEST)).not.toContain("redis");
    expect(names(LARGEST)).toEqual(expect.arrayContaining(["pgbouncer", "redis"]));
    const closed = watched.find(({ environment }) => environment.expected.federation === "closed");
    if (!closed) throw new Error("no environment of the corpus is closed");
    const asked = panelQueries(closed.environment, closed.plan).map(({ expr }) => expr);
    expect(asked.filter((expr) => expr.includes("synapse_federation_"))).toEqual([]);
  });

  it("never ask for a histogram's bucket by a whole number, which Synapse writes with a point", () => {
    for (const { environment, plan } of watched) {
      for (const { expr } of panelQueries(environment, plan)) expect(expr).not.toMatch(/le="\d+"/);
    }
  });
});

describe("thresholds", () => {
  it.each(LAYOUT_NAMES)("come from the plan: %s", (layout) => {
    const { environment, plan } = plain(layout);
    if (!plan.monitoring?.grafana) return;
    const panels = dashboardsOf(environment, plan).flatMap(({ rows }) => rows.flatMap(({ panels }) => panels));
    const steps = (title: string) => panels.find((panel) => panel.title === title)?.steps?.map(({ from }) => from);
    expect(steps("Connections in use")).toEqual([0.8, 0.95].map((share) => share * plan.postgres.maxConnections));
    if (plan.pgbouncer) {
      expect(steps("Connections of the workers' pool")).toEqual([plan.pgbouncer.transactionPool]);
    }
  });
});

/** A dashboard that holds a text. */
const jsonTextWith = (part: string): string => {
  const text = dashboardTexts(LARGEST).find((one) => one.includes(part));
  if (!text) throw new Error(`no dashboard holds ${part}`);
  return text;
};
