import { Cpus } from "../../configs/units/cpus";
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
    [4096, 2, "two"],
    [4096, 3.9, "two"],
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
    expect(layoutCandidates(env, machine(65_536, 16)).map(({ value, reason }) => [value, reason])).toEqual([
      ["eight", "16 cores, 16 or more; 8 workers × 0.00625 core × 31 events/s = 1.55 of at most 3.2 cores"],
      ["three", "16 cores, 16 or more; eight does not fit 64 GB"],
      ["two", "16 cores, 16 or more; eight does not fit 64 GB"],
      ["none", "16 cores, 16 or more; eight does not fit 64 GB"],
    ]);
  });

  it("tries nothing else when the file names one", () => {
    const env = { ...AUTO, synapse: { ...AUTO.synapse, workers: "eight" as const } };
    expect(layoutCandidates(env, { ...machine(1024, 1), cpus: Cpus.of(1) })).toEqual([
      { value: "eight", reason: "set by synapse.workers", source: "environment file" },
    ]);
  });
});
