import * as fc from "fast-check";
import { type Environment, POSTGRES_MAJORS } from "../../configs/environment";
import { LEAST_CPUS, MOST_CPUS, MOST_RAM } from "../../configs/machine-range";
import { Bytes } from "../../configs/units/bytes";
import { AUTO, machine } from "./fixtures";

/** Log-uniform, so that a 2 GB box is as likely as a 1 TB one; any number of MB, not only round ones. */
const ramMib = fc
  .double({ min: Math.log2(1024), max: Math.log2(MOST_RAM.toMiB()), noNaN: true })
  .map((x) => Math.floor(2 ** x));
const cores = fc.oneof(
  fc.constantFrom(0.25, 0.5, 1, 1.5, 2, 2.9, 3, 4, 6, 7.5, 8, 12, 15, 16, 32, 48, 64, 128, 256, 512, 1024),
  fc.double({ min: LEAST_CPUS, max: MOST_CPUS, noNaN: true }),
);
/** Everything that a plan depends on, apart from single numbers set by hand. */
export const environment = fc
  .record({
    version: fc.constantFrom(...POSTGRES_MAJORS),
    federation: fc.constantFrom("closed" as const, "small" as const, "open" as const),
    users: fc.option(fc.integer({ min: 1, max: 20_000 }), { nil: undefined }),
    events: fc.option(fc.double({ min: 0.1, max: 200, noNaN: true }), { nil: undefined }),
    pooled: fc.constantFrom("auto" as const, "auto" as const, true, false),
    flavour: fc.constantFrom("redis" as const, "valkey" as const),
    hugePages: fc.constantFrom("try" as const, "off" as const),
    synchronousCommit: fc.boolean(),
    jit: fc.boolean(),
    watched: fc.constantFrom("auto" as const, "auto" as const, true, false),
    compressed: fc.constantFrom("auto" as const, "auto" as const, true, false),
  })
  .map(
    ({
      version,
      federation,
      users,
      events,
      pooled,
      flavour,
      hugePages,
      synchronousCommit,
      jit,
      watched,
      compressed,
    }): Environment => ({
      ...AUTO,
      monitoring: { ...AUTO.monitoring, enabled: watched },
      compressor: { ...AUTO.compressor, enabled: compressed },
      expected: {
        federation,
        ...(users === undefined ? {} : { users }),
        ...(events === undefined ? {} : { eventsPerSecond: events }),
      },
      postgres: { version, jit, hugePages, synchronousCommit, tableParameters: true, settings: {} },
      pgbouncer: { version: "1.25.2", enabled: pooled, settings: {} },
      redis: { version: flavour === "redis" ? "8.0.6" : "9.1.2", flavour, settings: {} },
    }),
  );
const diskKind = fc.constantFrom("nvme" as const, "ssd" as const, "hdd" as const, "network" as const);
const diskGib = fc.option(fc.integer({ min: 3, max: 4000 }), { nil: undefined });
/** From 1 GB on. */
export const host = fc
  .tuple(ramMib, cores, diskKind, diskGib)
  .map(([ram, cpus, kind, disk]) => machine(ram, cpus, kind, disk === undefined ? undefined : Bytes.gib(disk)));
