import { LAYOUTS } from "../../configs/catalogue/layouts";
import type { Environment } from "../../configs/environment";
import { Cpus } from "../../configs/units/cpus";
import { UserError } from "../../configs/user-error";
import type { HostFacts } from "../../sizing/plan";
import { sizeJson, sizeText } from "../../sizing/report";
import { solve } from "../../sizing/solve";
import { layoutCandidates } from "../../sizing/topology";
import { AUTO, machine } from "./fixtures";

const layoutOf = (ramMib: number, cores: number, eventsPerSecond?: number): string =>
  solve(
    { ...AUTO, expected: { federation: "open", ...(eventsPerSecond === undefined ? {} : { eventsPerSecond }) } },
    machine(ramMib, cores),
  ).synapse.layout.value;

describe("worker layout", () => {
  it.each([
    [1024, 16, "none"],
    [3583, 16, "none"],
    [4096, 1.99, "none"],
    [4096, 2, "none"],
    [4096, 3.9, "none"],
    [8192, 4, "three"],
    [8192, 7.5, "three"],
    [16_384, 8, "eight"],
    [16_384, 15, "eight"],
    [65_536, 16, "seventeen"],
    [2_097_152, 256, "seventeen"],
    [3584, 256, "three"],
    [8192, 16, "eight"],
  ])("%i MB and %d cores: %s", (ram, cores, layout) => expect(layoutOf(ram, cores)).toBe(layout));

  it.each([
    // 17 × 0.00625 × 30 = 3.19 of at most 3.2 cores
    [65_536, 16, 30, "seventeen"],
    // 17 × 0.00625 × 31 = 3.29
    [65_536, 16, 31, "eight"],
    // 8 × 0.00625 × 65 = 3.25
    [65_536, 16, 65, "three"],
    [65_536, 16, 1000, "none"],
    [8192, 4, 42, "three"],
    [8192, 4, 43, "two"],
  ])("%i MB, %i cores and %i events/s: %s, for following replication is not free", (ram, cores, events, layout) =>
    expect(layoutOf(ram, cores, events)).toBe(layout),
  );

  it("says why", () => {
    const env = { ...AUTO, expected: { federation: "open" as const, eventsPerSecond: 31 } };
    expect(layoutCandidates(env, machine(65_536, 16)).map(({ value, reason }) => [value.name, reason])).toEqual([
      ["eight", "16 cores, 16 or more; 8 workers × 0.00625 core × 31 events/s = 1.55 of at most 3.2 cores"],
      ["three", "16 cores, 16 or more; eight does not fit 64 GB"],
      ["two", "16 cores, 16 or more; eight does not fit 64 GB"],
      ["none", "16 cores, 16 or more; eight does not fit 64 GB"],
    ]);
  });

  it("tries nothing else when the file names one", () => {
    const env = { ...AUTO, synapse: { ...AUTO.synapse, workers: "eight" as const } };
    const [only, ...more] = layoutCandidates(env, { ...machine(1024, 1), cpus: Cpus.of(1) });
    expect(more).toEqual([]);
    expect([only]).toEqual([{ value: LAYOUTS.eight, reason: "set by synapse.workers", source: "environment file" }]);
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
      reason: "8 cores, 8 or more; with rooms 4 by synapse.worker_counts",
    });
  });

  it("fail where the layout that the machine leads to has no such group, or would not be sound", () => {
    expect(messageOf(withCounts("auto", { media: 1 }), machine(8192, 4))).toBe(
      "test.yaml: `synapse.worker_counts.media`: the layout three has no group `media`; there are: sync 1, rooms 1, federation 1 (4 cores, 4 or more); a name in `synapse.workers` fixes the layout",
    );
    expect(messageOf(withCounts("auto", { sync: 2 }), machine(8192, 4))).toMatch(
      /^test\.yaml: `synapse\.worker_counts\.sync`: typing may run in one process only, not in sync1 and sync2: /,
    );
  });

  it("fail when they do not fit, rather than being paid for with another layout", () => {
    expect(messageOf(withCounts("auto", { rooms: 60 }), machine(16_384, 8))).toMatch(
      /^test\.yaml: synapse\.worker_counts\.rooms = 60: I1 .*; the nearest value that holds is 44:[\s\S]* RAM\s+\(eight layout; /,
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
      "test.yaml: `images.synapse`: Synapse 1.140 is too old for what the workers do, which needs: client_reader 1.144, media_repository 1.152. Name a newer image, or a layout without them in `synapse.workers`",
    );
  });

  it("is taken where main runs alone, and where it does not tell its version", () => {
    expect(solve(withImage("matrixdotorg/synapse:v1.140.0"), machine(2048, 1)).synapse.processes).toHaveLength(1);
    expect(solve(withImage(`synapse@sha256:${"0".repeat(64)}`), machine(8192, 4)).synapse.processes).toHaveLength(4);
  });
});
