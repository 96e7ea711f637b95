import fc from "fast-check";
import { addressesOf } from "../../constructs/addresses";
import { nginxConf } from "../../constructs/nginx/conf";
import { routes } from "../../constructs/nginx/routes";
import { METHODS, type RoutingRow, routesText, routingTable } from "../../constructs/nginx/table";
import { serversOf } from "../../constructs/nginx/upstreams";
import type { Request } from "../catalogue/request";
import { everyRequest, strangeRequests } from "../catalogue/routing-corpus";
import { readRows } from "../catalogue/routing-rows";
import { readerOf } from "../support/nginx-conf";
import { environment, LAYOUT_NAMES, planFor } from "./fixture";

describe.each(LAYOUT_NAMES)("the table of layout %s for scripts", (layout) => {
  describe.each([
    ["closed", []],
    ["open", ["10.0.0.0/8"]],
  ])("with the admin API %s", (_, adminApiFrom) => {
    const env = environment({ nginx: { adminApiFrom } });
    const plan = planFor(layout, env);
    const rows: RoutingRow[] = JSON.parse(JSON.stringify(routingTable(routes(env, plan))));
    const rowFor = readRows(rows);
    const nginx = readerOf(nginxConf(env, plan));
    const servers = serversOf(plan, addressesOf(env.docker.network, plan));

    const both = (request: Request) => {
      const row = rowFor(request);
      const answer = nginx(request);
      const script = row ? row.processes.map((name) => servers.get(name)) : "not passed on";
      return [script, "servers" in answer ? answer.servers : "not passed on"] as const;
    };

    test("gives every known path with every method to whom nginx.conf gives it", () => {
      const wrong = everyRequest().filter((request) => {
        const [script, conf] = both(request);
        return JSON.stringify(script) !== JSON.stringify(conf);
      });
      expect(wrong).toEqual([]);
    });

    test("gives any other request to whom nginx.conf gives it", () => {
      fc.assert(
        fc.property(strangeRequests, (request) => {
          const [script, conf] = both(request);
          expect(script).toEqual(conf);
        }),
        { numRuns: 500 },
      );
    });

    test("spells everything out", () => {
      const names = plan.synapse.processes.map(({ name }) => name);
      for (const row of rows) {
        expect(row.methods.length).toBeGreaterThan(0);
        for (const method of row.methods) expect(METHODS).toContain(method);
        expect(row.processes.length).toBeGreaterThan(0);
        expect(names).toEqual(expect.arrayContaining(row.processes as string[]));
        expect(row.process).toBe(row.processes.join(","));
        expect([null, "main"]).toContain(row.fallback);
        expect(row.reason.length).toBeGreaterThan(10);
        expect(() => new RegExp(row.pattern)).not.toThrow();
      }
    });

    test("leaves no method of a pattern to the patterns behind it", () => {
      for (const pattern of new Set(rows.map((row) => row.pattern))) {
        const own = rows.filter((row) => row.pattern === pattern && !row.first_sync_only);
        expect([pattern, own.flatMap(({ methods }) => methods).sort()]).toEqual([pattern, [...METHODS].sort()]);
      }
    });
  });
});

test("first syncs have rows that say so, in front of the rows for later ones", () => {
  const env = environment();
  const sync = routingTable(routes(env, planFor("seventeen", env))).filter(({ pattern }) => pattern.endsWith("/sync$"));
  expect(sync.slice(0, 3).map((row) => [row.methods, row.process, row.first_sync_only])).toEqual([
    [["GET", "HEAD", "OPTIONS"], "initial1", true],
    [["GET", "HEAD", "OPTIONS"], "sync1,sync2,sync3", false],
    [["POST", "PUT", "DELETE", "PATCH"], "main", false],
  ]);
});

test("the table for people has a line for each row that a worker serves, and says how to read it", () => {
  const env = environment();
  const table = routes(env, planFor("eight", env));
  const lines = routesText(table).trimEnd().split("\n");
  expect(lines[0]).toMatch(/^methods +pattern +role +process +key +fallback +reason$/);
  expect(lines.filter((line) => /\^\/_/.test(line))).toHaveLength(table.length);
  expect(lines.find((line) => line.includes("/messages$"))).toMatch(
    /^GET +\S+ +pagination +rooms1 rooms2 +room +main +scrolling back/,
  );
  expect(lines.join("\n")).toMatch(/HEAD goes where GET goes.*\n.*go to main/);
});
