import { WORKER_LAYOUTS } from "../../configs/environment";
import { panelQueries, withoutVariables } from "../../constructs/grafana/panel-queries";
import { toYaml } from "../../constructs/yaml";
import { boxes, boxWithLayout } from "../support/programs-boxes";
import { ProgramContainer } from "../support/programs-container";

/** `nobody` in the image. */
const UID = 65_534;

const watched = [...boxes(), ...WORKER_LAYOUTS.map((layout) => boxWithLayout(layout))].filter(
  ({ plan }) => plan.monitoring,
);
const queries = new Map(
  watched
    .flatMap(({ environment, plan }) => panelQueries(environment, plan))
    .map(({ dashboard, panel, expr }) => [withoutVariables(expr, "2m", "6h"), `${dashboard}, ${panel}`]),
);

let container: ProgramContainer;
beforeAll(async () => {
  container = await ProgramContainer.start("prometheus", UID);
}, 300_000);
afterAll(() => container?.remove());

/** promtool reads queries out of rules; each becomes one, named by its place. */
const mistakesOf = (exprs: readonly string[]): string => {
  const rules = exprs.map((expr, index) => ({ record: `panel:${index}`, expr }));
  container.add([{ folder: "panels", path: "rules.yml", content: toYaml({ groups: [{ name: "panels", rules }] }) }]);
  const outcome = container.each(["panels"], "promtool check rules /config/rules.yml").get("panels");
  return outcome?.code === 0 ? "" : (outcome?.output ?? "did not run");
};

it("Prometheus reads every query of every panel", () => {
  expect(queries.size).toBeGreaterThan(150);
  expect(mistakesOf([...queries.keys()])).toBe("");
});

it("and would not read one with a bracket too few", () => {
  expect(mistakesOf(["sum(rate(up[2m])"])).toContain("parse error");
});
