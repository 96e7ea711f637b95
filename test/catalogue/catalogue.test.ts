import { checkLayout } from "../../configs/catalogue/check";
import { LAYOUTS, type Layout, type LayoutProcess } from "../../configs/catalogue/layouts";
import { SINGLE_WRITER_STREAMS } from "../../configs/catalogue/role";
import { ROLES, type RoleName, roleOf } from "../../configs/catalogue/roles";
import { CHECKED_VERSIONS, versionIn, versionMistake } from "../../configs/catalogue/versions";
import { WORKER_LAYOUTS } from "../../configs/environment";

const MAIN: LayoutProcess = { name: "main", roles: [] };
const worker = (name: string, ...roles: RoleName[]): LayoutProcess => ({ name, roles });
type Processes = Pick<Layout, "processes">;
const layout = (...processes: LayoutProcess[]): Processes => ({ processes });

describe("the shipped layouts", () => {
  it.each(WORKER_LAYOUTS)("are sound: %s", (name) => {
    expect(checkLayout(LAYOUTS[name])).toEqual([]);
  });

  it.each([
    ["none", 0],
    ["two", 2],
    ["three", 3],
    ["eight", 8],
    ["seventeen", 17],
  ] as const)("are called by their number of workers: %s", (name, workers) => {
    expect(LAYOUTS[name].name).toBe(name);
    expect(LAYOUTS[name].processes).toHaveLength(workers + 1);
  });

  it.each(WORKER_LAYOUTS.filter((name) => name !== "none"))(
    "have a worker for every role with endpoints: %s",
    (name) => {
      const held = new Set(LAYOUTS[name].processes.flatMap(({ roles }) => roles));
      const missing = ROLES.filter(
        (role) => role.endpoints.length > 0 && role.experimental === undefined && !held.has(role.name),
      );
      expect(missing.map((role) => role.name)).toEqual([]);
    },
  );

  it.each(WORKER_LAYOUTS.filter((name) => name !== "none"))(
    "have a worker for every job that a shared setting hands out: %s",
    (name) => {
      const held = new Set(LAYOUTS[name].processes.flatMap(({ roles }) => roles));
      expect(ROLES.filter((role) => role.shared && !held.has(role.name)).map((role) => role.name)).toEqual([]);
    },
  );
});

describe("checkLayout", () => {
  it.each<[string, Processes, RegExp]>([
    ["no process at all", layout(), /first process must be main/],
    ["main in another place", layout(worker("a1", "typing"), MAIN), /first process must be main/],
    [
      "two processes of one name",
      layout(MAIN, worker("a1", "typing"), worker("a1", "pusher")),
      /two processes are called a1/,
    ],
    ["two processes called main", layout(MAIN, worker("main", "typing")), /two processes are called main/],
    [
      "a worker with main's name in stream_writers",
      layout(MAIN, worker("master", "typing")),
      /may not be called master/,
    ],
    ["a dash in a name", layout(MAIN, worker("a-1", "typing")), /a-1 is no safe process name/],
    ["a capital letter in a name", layout(MAIN, worker("Sync1", "typing")), /Sync1 is no safe process name/],
    ["a digit first", layout(MAIN, worker("1sync", "typing")), /1sync is no safe process name/],
    ["an empty name", layout(MAIN, worker("", "typing")), / is no safe process name/],
    ["a role on main", layout({ name: "main", roles: ["typing"] }), /main may hold no role, and holds typing/],
    ["a worker without a role", layout(MAIN, worker("a1")), /a1 has no role/],
    ["a role twice on one worker", layout(MAIN, worker("a1", "pusher", "pusher")), /a1 has the role pusher twice/],
    ["first syncs apart from others that nobody serves", layout(MAIN, worker("a1", "initial_sync")), /need each other/],
    ["syncs without first syncs", layout(MAIN, worker("a1", "sync")), /need each other/],
    ...ROLES.filter((role) => role.singleton).map(({ name }): [string, Processes, RegExp] => [
      `two holders of ${name}`,
      layout(MAIN, worker("a1", name), worker("a2", name)),
      new RegExp(`^${name} may run in one process only, not in a1 and a2: \\S`),
    ]),
  ])("fails %s", (_mistake, broken, expected) => {
    expect(checkLayout(broken).filter(({ message }) => expected.test(message))).toHaveLength(1);
  });

  it("finds every mistake, not the first alone", () => {
    const broken = layout(MAIN, worker("A-1"), worker("b1", "sync"), worker("b1", "typing"));
    expect(checkLayout(broken).length).toBeGreaterThanOrEqual(4);
  });
});

describe("the roles", () => {
  it("have names of their own, by which they are found", () => {
    expect(new Set(ROLES.map(({ name }) => name)).size).toBe(ROLES.length);
    for (const role of ROLES) expect(roleOf(role.name)).toBe(role);
  });

  it("put media in front of all, and streams that fail elsewhere before what might take their paths", () => {
    const order = ROLES.map(({ name }) => name as string);
    expect(order[0]).toBe("media_repository");
    for (const stream of ["typing", "to_device", "receipts", "push_rules"]) {
      expect(order.indexOf(stream)).toBeLessThan(order.indexOf("event_creator"));
    }
  });

  it("allow one writer where Synapse allows no more", () => {
    expect([...SINGLE_WRITER_STREAMS].sort()).toEqual([
      "account_data",
      "presence",
      "push_rules",
      "to_device",
      "typing",
    ]);
    for (const role of ROLES.filter(({ streams }) => streams.some((s) => SINGLE_WRITER_STREAMS.includes(s)))) {
      expect([role.name, role.singleton]).toEqual([role.name, expect.any(String)]);
    }
  });

  it("have no fallback for streams that answer 500 everywhere but at their writer", () => {
    for (const name of ["typing", "to_device", "receipts", "presence", "media_repository"] as const) {
      expect([name, roleOf(name).fallsBackToMain]).toEqual([name, false]);
    }
  });

  it("say what their writes need where main stands in, each stream of a role that exists", () => {
    const streams = ROLES.flatMap((role) => role.streams);
    for (const { name, writesTo = [], fallsBackToMain, streams: own, endpoints } of ROLES) {
      const some = endpoints.flatMap((endpoint) => endpoint.writesTo ?? []);
      expect([name, streams]).toEqual([name, expect.arrayContaining([...writesTo, ...some])]);
      if (fallsBackToMain) expect([name, writesTo]).toEqual([name, expect.arrayContaining([...own])]);
    }
  });

  it("need the resource that their endpoints belong to", () => {
    for (const { name, endpoints, resources } of ROLES) {
      for (const { pattern } of endpoints) {
        const needed =
          pattern.startsWith("^/_matrix/federation") || pattern.startsWith("^/_matrix/key") ? "federation" : "client";
        const takes = pattern.includes("/media/") ? ["media", "client", "federation"] : [needed];
        expect([name, pattern, takes.some((resource) => (resources as readonly string[]).includes(resource))]).toEqual([
          name,
          pattern,
          true,
        ]);
      }
    }
  });

  it("name no job of a shared setting twice", () => {
    const shared = ROLES.flatMap((role) => (role.shared ? [role.shared as string] : []));
    expect(new Set(shared).size).toBe(shared.length);
  });
});

describe("the versions", () => {
  it("are the first ones that every role works with, none newer than what the catalogue was checked against", () => {
    for (const { name, since } of ROLES) {
      expect([name, since]).toEqual([name, expect.stringMatching(/^1\.\d+$/)]);
      for (const checked of CHECKED_VERSIONS) expect(versionMistake(`synapse:v${checked}`, [name])).toBeUndefined();
    }
  });

  it.each([
    ["matrixdotorg/synapse:v1.163.2", "1.163"],
    ["synapse-kit/synapse:1.163.2-3d98a468fdd2", "1.163"],
    ["registry.example.org:5000/a/synapse:v1.150.0", "1.150"],
    ["synapse:v1.151.0rc1", "1.151"],
    ["synapse:1.152", "1.152"],
    ["synapse:v1.151.0@sha256:0123", "1.151"],
    ["synapse@sha256:0123", undefined],
    ["registry.example.org:5000/a/synapse@sha256:0123", undefined],
    ["synapse:develop", undefined],
    ["synapse:v1", undefined],
  ])("are read from an image where it tells them: %s", (reference, version) => {
    expect(versionIn(reference)).toBe(version);
  });

  it("refuse an image that is older than a role, by minor version and not by letters", () => {
    const old = versionMistake("synapse:v1.99.0", ["typing", "push_rules", "device_lists"]);
    expect(old).toBe(
      "Synapse 1.99 is too old for what the workers do, which needs: push_rules 1.105, device_lists 1.135. Name a newer image, or a layout without them in `synapse.workers`",
    );
    expect(versionMistake("synapse:v1.105.1", ["push_rules"])).toBeUndefined();
    expect(versionMistake("synapse:v2.0.0", ["push_rules"])).toBeUndefined();
    expect(versionMistake("synapse@sha256:0123", ["push_rules"])).toBeUndefined();
  });
});

describe("the patterns", () => {
  const patterns = ROLES.flatMap(({ name, endpoints }) =>
    endpoints.map(({ pattern, methods }) => ({ name, pattern, methods })),
  );

  it("are regular expressions, anchored at the start", () => {
    expect(patterns.length).toBeGreaterThan(50);
    for (const { pattern } of patterns) {
      expect(() => new RegExp(pattern)).not.toThrow();
      expect(pattern).toMatch(/^\^\/_(matrix|synapse)\//);
    }
  });

  it("hold nothing that would end Nginx's quotes, open a block or name a variable", () => {
    for (const { pattern } of patterns) {
      expect(pattern).not.toMatch(/["'{};\s#]/);
      expect(pattern).not.toMatch(/\$(?!$|\)|\|)/);
    }
  });

  it("have each at least one method, once", () => {
    for (const { methods } of patterns) {
      expect(methods.length).toBeGreaterThan(0);
      expect(new Set(methods).size).toBe(methods.length);
      for (const method of methods) expect(["GET", "POST", "PUT", "DELETE"]).toContain(method);
    }
  });

  it("escape the dots of experimental names, which stand for themselves", () => {
    for (const { pattern } of patterns) expect(pattern).not.toMatch(/unstable\/[a-z]+(?<!\\)\.[a-z]/);
  });
});
