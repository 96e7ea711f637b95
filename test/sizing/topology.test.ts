import { LAYOUTS } from "../../configs/catalogue/layouts";
import type { Environment } from "../../configs/environment";
import { Cpus } from "../../configs/units/cpus";
import { UserError } from "../../configs/user-error";
import { heldByLayouts } from "../../sizing/auto-layout";
import { capacityOf } from "../../sizing/capacity/capacity";
import { COSTS_SOURCE } from "../../sizing/capacity/costs";
import { MESSAGES_PER_USER } from "../../sizing/capacity/rates";
import type { HostFacts } from "../../sizing/plan";
import { explain, sizeJson, sizeText } from "../../sizing/report";
import { solve } from "../../sizing/solve";
import { layoutCandidates } from "../../sizing/topology";
import { AUTO, machine } from "./fixtures";

const layoutOf = (ramMib: number, cores: number, eventsPerSecond?: number): string =>
  solve(
    { ...AUTO, expected: { federation: "small", ...(eventsPerSecond === undefined ? {} : { eventsPerSecond }) } },
    machine(ramMib, cores),
  ).synapse.layout.value;

describe("worker layout", () => {
  it.each([
    [1024, 16, "none"],
    [3583, 16, "none"],
    [4096, 1.99, "none"],
    [4096, 2, "none"],
    // none 5.28, three 5.4
    [8192, 3, "none"],
    // none 5.28, three 5.91, eight 5.96
    [8192, 3.7, "three"],
    // three 5.91, eight 6.46, seventeen 5.38
    [8192, 4, "eight"],
    [4096, 4, "three"],
    [8192, 7.5, "eight"],
    // eight 11.1, seventeen 11
    [16_384, 8, "eight"],
    // eight 11.1, seventeen 12.5
    [16_384, 9, "seventeen"],
    [65_536, 16, "seventeen"],
    [2_097_152, 256, "seventeen"],
    [3584, 256, "none"],
    [8192, 16, "eight"],
  ])("%i MB and %d cores: %s", (ram, cores, layout) => expect(layoutOf(ram, cores)).toBe(layout));

  it.each([
    // none 5.28, two 4.86, three 5.91, eight 11.1, seventeen 15.8
    [65_536, 16, 1, "none"],
    [65_536, 16, 5.5, "three"],
    [65_536, 16, 11, "eight"],
    [65_536, 16, 12, "seventeen"],
    // More than any holds.
    [65_536, 16, 1000, "seventeen"],
    [8192, 4, 5, "none"],
    // As many clients as one process can open files for.
    [1_468_006, 1024, 0.1, "none"],
    [8192, 4, 17, "eight"],
    // eight does not fit
    [4096, 4, 17, "three"],
  ])("%i MB, %i cores and %d events/s: %s, the fewest processes that hold them", (ram, cores, events, layout) =>
    expect(layoutOf(ram, cores, events)).toBe(layout),
  );

  it("says why", () => {
    const reasonsOn = (ram: number, cores: number, eventsPerSecond?: number) =>
      layoutCandidates(
        { ...AUTO, expected: { federation: "small", ...(eventsPerSecond === undefined ? {} : { eventsPerSecond }) } },
        machine(ram, cores),
      ).map(({ value, reason, source }) => [value.name, reason, source]);
    const rule = "the fewest processes within 8 % of the most";
    const source = `${COSTS_SOURCE}; docs/workers.md`;
    expect(reasonsOn(8192, 4)).toEqual([
      [
        "eight",
        `by messages/s on 4 CPU, 33 % from other servers, each for 5 devices (none 5.28, two 4.86, three 5.91, eight 6.46, seventeen 5.38): ${rule}`,
        source,
      ],
      [
        "three",
        `by messages/s on 4 CPU, 33 % from other servers, each for 5 devices (none 5.28, two 4.86, three 5.91): ${rule}; eight takes more than 8 GB`,
        source,
      ],
      [
        "none",
        `by messages/s on 4 CPU, 33 % from other servers, each for 5 devices (none 5.28, two 4.86): ${rule}; three takes more than 8 GB`,
        source,
      ],
    ]);
    expect(reasonsOn(65_536, 16, 11)[0]).toEqual([
      "eight",
      "by messages/s on 16 CPU, 33 % from other servers, each for 5 devices (none 5.28, two 4.86, three 5.91, eight 11.1, seventeen 15.8): the fewest processes that hold the expected 11",
      source,
    ]);
    expect(reasonsOn(1024, 16)).toEqual([["none", "1 GB of RAM is below 3.5 GB, main runs alone", "guess"]]);
    expect(explain(solve(AUTO, machine(8192, 4)), "synapse.workers")).toBe(
      `synapse.workers = eight\n  ${reasonsOn(8192, 4)[0]?.[1]}\n  source: ${source}\n`,
    );
  });

  it("tries nothing else when the file names one", () => {
    const env = { ...AUTO, synapse: { ...AUTO.synapse, workers: "eight" as const } };
    const [only, ...more] = layoutCandidates(env, { ...machine(1024, 1), cpus: Cpus.of(1) });
    expect(more).toEqual([]);
    expect([only]).toEqual([{ value: LAYOUTS.eight, reason: "set by synapse.workers", source: "environment file" }]);
  });
});

describe("what is expected", () => {
  const planOf = (cores: number, expected: Partial<Environment["expected"]>) =>
    solve({ ...AUTO, expected: { ...AUTO.expected, ...expected } }, machine(65_536, cores));

  it.each([
    [4, 1, "two"],
    [4, 2, "three"],
    [4, 10, "eight"],
    [8, 2, "eight"],
    [8, 10, "seventeen"],
    [16, 2000, "seventeen"],
  ])("on %i cores with messages for %i devices is for %s", (cores, fanOut, layout) => {
    const { synapse, expected } = planOf(cores, { fanOut });
    expect(synapse.layout.value).toBe(layout);
    expect(expected.fanOut).toEqual({ value: fanOut, reason: "set by expected.fan_out", source: "environment file" });
  });

  it.each([
    // three 5.9, eight 6.59
    ["closed", "eight"],
    // three 5.93, eight 6.34: what other servers send keeps every process busier with following
    ["open", "three"],
  ] as const)("on 4 cores with %s federation is for %s", (federation, layout) =>
    expect(planOf(4, { federation }).synapse.layout.value).toBe(layout),
  );

  it("takes no process for other servers where there are none", () => {
    const processesFor = (federation: "closed" | "small") =>
      planOf(16, { federation }).synapse.processes.map(({ name }) => name);
    const idle = ["sender1", "sender2", "federation1"];
    expect(processesFor("small")).toEqual(expect.arrayContaining(idle));
    expect(processesFor("closed")).toEqual(processesFor("small").filter((name) => !idle.includes(name)));
    expect(planOf(16, { federation: "closed" }).synapse.layout.reason).toContain(
      "no sender, federation: federation is closed",
    );
  });
});

describe("what a layout holds", () => {
  const CORES = [0.25, 0.5, 1, 1.5, 2, 3, 3.3, 3.7, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 24, 32, 64];
  const many = { ...AUTO, expected: { federation: "closed" as const, users: 20_000 } };
  const ROOMS = { fanOut: 5, federationFactor: 1 };
  const planOf = (workers: Environment["synapse"]["workers"], cores: number) =>
    solve({ ...many, synapse: { ...many.synapse, workers } }, machine(262_144, cores));

  it("is what its plan says that it holds", () => {
    for (const cores of CORES) {
      for (const { name, messagesPerSecond } of heldByLayouts(cores, ROOMS)) {
        const { users } = capacityOf(planOf(name, cores));
        expect([cores, name, users.value]).toEqual([cores, name, Math.floor(messagesPerSecond / MESSAGES_PER_USER)]);
      }
    }
  });

  it("is never much less with the one that the machine leads to than with any other", () => {
    for (const cores of CORES) {
      const best = Math.max(...heldByLayouts(cores, ROOMS).map(({ messagesPerSecond }) => messagesPerSecond));
      expect(capacityOf(planOf("auto", cores)).messagesPerSecond).toBeGreaterThanOrEqual(0.92 * best);
    }
  });
});

describe("counts set by hand", () => {
  const withCounts = (workers: "auto" | "eight" | "seventeen", workerCounts: Record<string, number>) => ({
    ...AUTO,
    synapse: { ...AUTO.synapse, workers, workerCounts },
  });
  const namesOf = (env: Environment, host: HostFacts): string[] =>
    solve(env, host).synapse.processes.map(({ name }) => name);
  const messageOf = (env: Environment, host: HostFacts): string => {
    try {
      solve(env, host);
    } catch (error) {
      expect(UserError.is(error)).toBe(true);
      return (error as Error).message;
    }
    return "no refusal";
  };
  const BOX = machine(32_768, 8);

  it("are those of the layout that the file names", () => {
    expect(namesOf(withCounts("eight", { sync: 3, persister: 2, media: 0 }), BOX)).toEqual(
      "main sync1 sync2 sync3 rooms1 rooms2 persister1 persister2 streams1 federation1".split(" "),
    );
    expect(namesOf(withCounts("seventeen", { streams2: 0, sync: 1 }), BOX)).toEqual(
      "main initial1 sync1 rooms1 rooms2 rooms3 rooms4 persister1 persister2 streams1 sender1 sender2 federation1 media1 background1".split(
        " ",
      ),
    );
  });

  it("are those of the layout that the machine leads to, and the report says both", () => {
    const { layout, processes } = solve(withCounts("auto", { rooms: 4 }), BOX).synapse;
    expect(processes).toHaveLength(11);
    expect(layout).toMatchObject({
      value: "eight",
      reason:
        "by messages/s on 8 CPU, 33 % from other servers, each for 5 devices (none 5.28, two 4.86, three 5.91, eight 11.1, seventeen 11): the fewest processes within 8 % of the most; with rooms 4 by synapse.worker_counts",
    });
  });

  it("fail where the layout that the machine leads to has no such group, or would not be sound", () => {
    expect(messageOf(withCounts("auto", { media: 1 }), machine(4096, 4))).toBe(
      "test.yaml: `synapse.worker_counts.media`: the layout three has no group `media`; there are: sync 1, rooms 1, federation 1 (by messages/s on 4 CPU, 33 % from other servers, each for 5 devices (none 5.28, two 4.86, three 5.91): the fewest processes within 8 % of the most; eight takes more than 4 GB); a name in `synapse.workers` fixes the layout",
    );
    expect(messageOf(withCounts("auto", { sync: 2 }), machine(4096, 4))).toMatch(
      /^test\.yaml: `synapse\.worker_counts\.sync`: typing may run in one process only, not in sync1 and sync2: /,
    );
  });

  it("fail when they do not fit, rather than being paid for with another layout", () => {
    expect(messageOf(withCounts("auto", { rooms: 60 }), machine(16_384, 8))).toMatch(
      /^test\.yaml: synapse\.worker_counts\.rooms = 60: I1 .*; the nearest value that holds is 43:[\s\S]* RAM\s+\(eight layout; /,
    );
    expect(messageOf(withCounts("auto", { rooms: 40, sync: 40 }), machine(16_384, 8))).toMatch(
      /^test\.yaml: synapse\.worker_counts = rooms 40, sync 40: I1 .*; leave it out:$/m,
    );
  });
});

describe("a layout by hand", () => {
  const workers = {
    sync: { roles: ["initial_sync", "sync"], count: 2 },
    spare: { roles: ["login"], count: 0 },
    rest: { roles: ["pusher", "typing"], count: 1 },
  } as const;
  const env = { ...AUTO, synapse: { ...AUTO.synapse, workers } };

  it("is what runs, in the file's order, and the report says so", () => {
    const plan = solve(env, machine(8192, 1));
    expect(plan.synapse.processes.map(({ name, roles }) => [name, roles])).toEqual([
      ["main", []],
      ["sync1", ["initial_sync", "sync"]],
      ["sync2", ["initial_sync", "sync"]],
      ["rest1", ["pusher", "typing"]],
    ]);
    expect(sizeText(plan)).toContain("\nworkers custom: set by synapse.workers: sync 2, spare 0, rest 1\n");
    expect(sizeJson(plan).layout).toEqual({
      name: "custom",
      reason: "set by synapse.workers: sync 2, spare 0, rest 1",
    });
  });

  it("is refused where it does not fit", () => {
    const many = { ...env, synapse: { ...env.synapse, workers: { a: { roles: ["pusher" as const], count: 50 } } } };
    expect(() => solve(many, machine(4096, 2))).toThrow(
      /^test\.yaml: synapse\.workers = 50 workers by hand: I1 .*; leave it out:[\s\S]* RAM\s+\(custom layout; /,
    );
  });
});

describe("an image of Synapse that is too old", () => {
  const withImage = (synapse: string) => ({ ...AUTO, images: { source: "official" as const, overrides: { synapse } } });

  it("is refused for the workers that the machine leads to", () => {
    expect(() => solve(withImage("matrixdotorg/synapse:v1.140.0"), machine(8192, 4))).toThrow(
      "test.yaml: `images.synapse`: Synapse 1.140 is too old for what the workers do, which needs: client_reader 1.144, media_repository 1.159. Name a newer image, or a layout without them in `synapse.workers`",
    );
  });

  it("is taken where main runs alone, and where it does not tell its version", () => {
    expect(solve(withImage("matrixdotorg/synapse:v1.140.0"), machine(2048, 1)).synapse.processes).toHaveLength(1);
    expect(solve(withImage(`synapse@sha256:${"0".repeat(64)}`), machine(8192, 4)).synapse.processes).toHaveLength(9);
  });
});
