import { LAYOUTS } from "../../configs/catalogue/layouts";
import { type RoleName, roleOf } from "../../configs/catalogue/roles";
import type { WorkerLayoutName } from "../../configs/environment";
import { type Route, routes } from "../../constructs/nginx/routes";
import { ADMIN_ENDPOINTS, MAIN_ENDPOINTS, WORKER_ENDPOINTS } from "../catalogue/endpoints";
import { requestsFor, rowFor } from "../catalogue/request";
import { prepared } from "../support/corpus";
import { environment, LAYOUT_NAMES, planFor } from "./fixture";

const open = environment();
const withAdmin = environment({ nginx: { adminApiFrom: ["10.0.0.0/8"] } });

const holders = (layout: WorkerLayoutName, role: string): string[] => {
  const names = LAYOUTS[layout].processes.filter((p) => p.roles.includes(role as RoleName)).map((p) => p.name);
  return names.length > 0 ? names : ["main"];
};

const processesFor = (table: readonly Route[], method: string, uri: string) =>
  rowFor(table, { method, uri })?.processes;

describe.each(LAYOUT_NAMES)("with layout %s", (layout) => {
  const table = routes(open, planFor(layout, open));
  const adminTable = routes(withAdmin, planFor(layout, withAdmin));

  test("every endpoint reaches the processes of its role", () => {
    for (const [methods, path, role] of WORKER_ENDPOINTS) {
      for (const { method, uri } of requestsFor(methods, path)) {
        const later = role === "sync" ? `${uri}?since=s1` : uri;
        expect([method, later, processesFor(table, method, later)]).toEqual([method, later, holders(layout, role)]);
      }
    }
  });

  test("main's own endpoints reach main", () => {
    for (const [methods, path] of MAIN_ENDPOINTS) {
      for (const { method, uri } of requestsFor(methods, path)) {
        expect([method, uri, processesFor(table, method, uri)]).toEqual([method, uri, ["main"]]);
      }
    }
  });

  test("the admin API reaches main, and the process that keeps the media", () => {
    for (const [methods, path, role] of ADMIN_ENDPOINTS) {
      for (const { method, uri } of requestsFor(methods, path)) {
        expect([method, uri, processesFor(adminTable, method, uri)]).toEqual([method, uri, holders(layout, role)]);
        expect(processesFor(table, method, uri)).toBeUndefined();
      }
    }
    expect(processesFor(adminTable, "PUT", "/_synapse/admin/v2/users/x")).toEqual(["main"]);
  });

  test("first syncs reach their own processes", () => {
    for (const query of ["", "?timeout=0", "?since=", "?since=s1&full_state=true"]) {
      expect(processesFor(table, "GET", `/_matrix/client/v3/sync${query}`)).toEqual(holders(layout, "initial_sync"));
    }
    for (const query of ["?since=s1", "?since=s1&full_state=false"]) {
      expect(processesFor(table, "GET", `/_matrix/client/v3/sync${query}`)).toEqual(holders(layout, "sync"));
    }
  });

  test("methods that a role does not take reach main", () => {
    for (const [method, uri] of [
      ["DELETE", "/_matrix/client/v3/rooms/!a/state/m.x/"],
      ["PATCH", "/_matrix/client/v3/sync"],
      ["POST", "/_matrix/client/v3/rooms/!a/typing/@a:b"],
      ["POST", "/_matrix/client/unstable/org.matrix.msc4140/delayed_events/d1"],
    ] as const) {
      expect([uri, processesFor(table, method, uri)]).toEqual([uri, ["main"]]);
    }
  });

  test("names that a client chooses do not lead astray", () => {
    const events = holders(layout, "event_creator");
    for (const uri of [
      "/_matrix/client/v3/rooms/!a/state/m.x/tags",
      "/_matrix/client/v3/rooms/!a/state/m.x/receipt",
      "/_matrix/client/v3/rooms/!a/send/m.room.message/receipt-typing",
      "/_matrix/client/v3/rooms/!a/state/m.room.member/@account_data:x",
    ]) {
      expect([uri, processesFor(table, "PUT", uri)]).toEqual([uri, events]);
    }
  });

  test("nothing but the public part is passed on", () => {
    for (const uri of [
      "/",
      "/_synapse/admin/v1/rooms",
      "/_synapse/metrics",
      "/_synapse/replication/x",
      "/_synapse/mas/x",
      "/health",
      "/_matrixx",
    ]) {
      expect([uri, rowFor(table, { method: "GET", uri })]).toEqual([uri, undefined]);
    }
  });

  test("every role with endpoints has a row, every row a reason and processes of the layout", () => {
    const names = LAYOUTS[layout].processes.map((process) => process.name);
    const served = new Set(table.map((row) => row.role));
    for (const role of LAYOUTS[layout].processes.flatMap((process) => process.roles)) {
      const only = roleOf(role).endpoints.filter((e) => !e.firstSyncOnly);
      if (only.length > 0) expect(served).toContain(role);
    }
    for (const row of table) {
      expect(row.reason.length).toBeGreaterThan(10);
      expect(names).toEqual(expect.arrayContaining([...row.processes]));
      expect(row.upstream).toBe(row.role);
      expect(row.key === "none" || row.processes.length > 1).toBe(true);
      expect(row.limit).toBeGreaterThan(0);
    }
  });

  test("main stands in for no writer, no media and no single sign-on", () => {
    for (const { role, fallback } of table) {
      if (["typing", "to_device", "receipts", "presence", "media_repository", "sso", "main"].includes(role)) {
        expect([role, fallback]).toEqual([role, false]);
      }
    }
  });

  test("main stands in for reads, and for writes to what is not down with the process", () => {
    for (const { role, processes, methods, pattern, fallback } of table.filter(({ role }) => role !== "main")) {
      const { fallsBackToMain, endpoints, ...ofRole } = roleOf(role as RoleName);
      const ofEndpoint = endpoints.find((endpoint) => endpoint.pattern === pattern);
      const writesTo = ofEndpoint?.writesTo ?? ofRole.writesTo ?? [];
      const writers = writesTo.flatMap((stream) => holders(layout, stream === "events" ? "event_persister" : stream));
      const isLost = processes.some((name) => name !== "main" && writers.includes(name));
      const expected = fallsBackToMain && processes[0] !== "main" && (methods[0] === "GET" || !isLost);
      expect([pattern, methods, fallback]).toEqual([pattern, methods, expected]);
      if (isLost) expect(new Set(methods.map((method) => method === "GET")).size).toBe(1);
    }
  });

  test("the table is plain data, the same every time", () => {
    expect(JSON.parse(JSON.stringify(table))).toEqual(table);
    expect(routes(open, planFor(layout, open))).toEqual(table);
  });
});

test("in a layout by hand main stands in for no write to what went with the process", () => {
  const fallbacks = (beside: RoleName[]): boolean[] => {
    const { environment: env, plan } = prepared(
      "hand",
      `server_name: example.org
hardware: {ram: 32GB, cpus: 16}
synapse: {workers: {a: {roles: ${JSON.stringify(["federation_reader", "client_reader", ...beside])}}}}
`,
    );
    const table = routes(env, plan);
    return [
      ["PUT", "/_matrix/federation/v2/send_join/!a/$b"],
      ["GET", "/_matrix/federation/v1/make_join/!a/@b:c"],
      ["POST", "/_matrix/federation/v1/get_missing_events/!a"],
      ["POST", "/_matrix/client/v3/account/deactivate"],
      ["POST", "/_matrix/client/v3/search"],
    ].map(([method, uri]) => rowFor(table, { method: method as string, uri: uri as string })?.fallback === true);
  };
  expect(fallbacks([])).toEqual([true, true, true, true, true]);
  expect(fallbacks(["event_persister"])).toEqual([false, true, true, false, true]);
  expect(fallbacks(["device_lists"])).toEqual([true, true, true, false, true]);
});
