import { ROLES } from "../../configs/catalogue/roles";
import { type Route, routes } from "../../constructs/nginx/routes";
import { LAYOUT_NAMES, prepared } from "../support/corpus";
import { REQUESTS, type Request } from "./requests";

const table = (layout: string, admin = true): Route[] => {
  const yaml = `server_name: example.org\nhardware: {ram: 64GB, cpus: 16}\nsynapse: {workers: ${layout}}\n`;
  const { environment, plan } = prepared("routing", admin ? `${yaml}nginx: {admin_api_from: [10.0.0.0/8]}\n` : yaml);
  return routes(environment, plan);
};

/** The first row that fits, as Nginx would find it. */
const rowFor = (rows: readonly Route[], [, method, path, query]: Request): Route | undefined =>
  rows.find(
    (row) =>
      (row.methods.length === 0 || (row.methods as readonly string[]).includes(method)) &&
      new RegExp(row.pattern).test(path) &&
      (!row.firstSyncOnly || query === "first_sync"),
  );

describe("the routing table", () => {
  const rows = table("seventeen");

  it.each(REQUESTS.map((request) => ({ name: request.join(" "), request })))("gives $name", ({ request }) => {
    expect(rowFor(rows, request)?.role ?? "nobody").toBe(request[0]);
  });

  it("has a request here for every role with endpoints", () => {
    const tried = new Set(REQUESTS.map(([role]) => role));
    expect(
      ROLES.filter(({ name, endpoints, experimental }) => endpoints.length > 0 && !experimental && !tried.has(name)),
    ).toEqual([]);
  });

  it("has a request here for every row", () => {
    const used = new Set(REQUESTS.map((request) => rowFor(rows, request)));
    expect(rows.filter((row) => !used.has(row)).map((row) => `${row.role} ${row.pattern}`)).toEqual([]);
  });

  it.each(["/", "/_matrix", "/metrics", "/_synapse/metrics", "/_synapse/replication/x", "/health", "/admin"])(
    "gives nobody %s",
    (path) => {
      expect(rowFor(rows, ["main", "GET", path])).toBeUndefined();
    },
  );

  it("knows nothing of the admin API unless an environment opens it", () => {
    for (const layout of LAYOUT_NAMES) {
      const closed = table(layout, false);
      const admin = REQUESTS.filter(([, , path]) => path.startsWith("/_synapse/admin/"));
      expect(admin.length).toBeGreaterThan(10);
      expect(admin.filter((request) => rowFor(closed, request) !== undefined)).toEqual([]);
    }
  });

  it.each(LAYOUT_NAMES)("answers every request in the layout %s, by a process that holds the role", (layout) => {
    const own = table(layout);
    for (const request of REQUESTS) {
      const row = rowFor(own, request);
      expect(row).toBeDefined();
      expect(row?.processes.length).toBeGreaterThan(0);
      if (request[0] === "main") expect(row?.processes).toEqual(["main"]);
      else if (layout !== "none") expect(row?.processes).not.toContain("main");
    }
  });

  it("lets main stand in for nobody where main would answer wrongly", () => {
    for (const layout of LAYOUT_NAMES) {
      for (const row of table(layout)) {
        const role = ROLES.find(({ name }) => name === row.role);
        if (role && !role.fallsBackToMain) expect(row.fallback).toBe(false);
      }
    }
  });

  it("chooses among several processes by a key, unless any will do", () => {
    for (const row of table("seventeen").filter(({ processes }) => processes.length > 1)) {
      expect(ROLES.find(({ name }) => name === row.role)?.balancing).toBe(row.key);
      expect(row.key).not.toBe("none");
    }
  });
});
