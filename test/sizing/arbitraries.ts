import * as fc from "fast-check";
import { LAYOUTS } from "../../configs/catalogue/layouts";
import { type Environment, POSTGRES_MAJORS, WORKER_LAYOUTS, type WorkerLayoutName } from "../../configs/environment";
import { LEAST_CPUS, MOST_CPUS, MOST_RAM } from "../../configs/machine-range";
import { Bytes } from "../../configs/units/bytes";
import { PROGRAMS } from "../../configs/versions";
import { topologies } from "../support/topologies";
import { AUTO, machine } from "./fixtures";

/** Less is no machine for Synapse: below it all there is to say is what would fit. */
export const LEAST_RAM = Bytes.mib(512);

/** Log-uniform, so that a 2 GB box is as likely as a 1 TB one; any number of MB, not only round ones. */
const ramMib = fc
  .double({ min: Math.log2(LEAST_RAM.toMiB()), max: Math.log2(MOST_RAM.toMiB()), noNaN: true })
  .map((x) => Math.floor(2 ** x));
const cores = fc.oneof(
  fc.constantFrom(0.25, 0.5, 1, 1.5, 2, 2.9, 3, 4, 6, 7.5, 8, 12, 15, 16, 32, 48, 64, 128, 256, 512, 1024),
  fc.double({ min: LEAST_CPUS, max: MOST_CPUS, noNaN: true }),
);
const diskKind = fc.constantFrom("nvme" as const, "ssd" as const, "hdd" as const, "network" as const);
/** Less does not hold the least WAL, which `refusals.test.ts` tries. */
const diskGib = fc.option(fc.integer({ min: 3, max: 4000 }), { nil: undefined });
export const host = fc
  .tuple(ramMib, cores, diskKind, diskGib)
  .map(([ram, cpus, kind, disk]) => machine(ram, cpus, kind, disk === undefined ? undefined : Bytes.gib(disk)));

const autoFlag = fc.constantFrom("auto" as const, "auto" as const, true, false);

const expected = fc
  .record(
    {
      users: fc.integer({ min: 1, max: 20_000 }),
      eventsPerSecond: fc.double({ min: 0.1, max: 200, noNaN: true }),
      fanOut: fc.double({ min: 0.5, max: 200, noNaN: true }),
    },
    { requiredKeys: [] },
  )
  .chain((load) =>
    fc
      .constantFrom("closed" as const, "small" as const, "open" as const)
      .map((federation): Environment["expected"] => ({ ...load, federation })),
  );

/** The kit's own images, pulled or built, and those of others: without lz4, without scripts, of any version. */
const images = fc
  .record({
    source: fc.constantFrom("auto" as const, "official" as const, "local" as const),
    postgres: fc.constantFrom(undefined, undefined, "postgres:17.12-alpine", "registry.example.org/postgres:17"),
    nginx: fc.constantFrom(undefined, undefined, "nginx:1.30.6-alpine-slim", "registry.example.org/nginx:1.28"),
    grafana: fc.constantFrom(undefined, undefined, "registry.example.org/grafana:12"),
  })
  .map(({ source, ...named }): Environment["images"] => ({
    source,
    overrides: Object.fromEntries(Object.entries(named).filter(([, reference]) => reference !== undefined)),
  }));

const postgres = fc
  .record({
    version: fc.constantFrom(...POSTGRES_MAJORS),
    hugePages: fc.constantFrom("try" as const, "off" as const),
    synchronousCommit: fc.boolean(),
    jit: fc.boolean(),
    tableParameters: fc.boolean(),
  })
  .map((choices): Environment["postgres"] => ({ ...choices, settings: {} }));

const pgbouncer = fc
  .record({
    version: fc.constantFrom(PROGRAMS.pgbouncer.oldest, "1.20.1", "1.21", "1.24.1", "1.25.2", "1.26.1"),
    enabled: autoFlag,
  })
  .map((choices): Environment["pgbouncer"] => ({ ...choices, settings: {} }));

const redis = fc
  .oneof(
    fc.record({
      flavour: fc.constant("redis" as const),
      version: fc.constantFrom(PROGRAMS.redis.oldest, "7.2", "7.4.1", "8.0.6", "8.2"),
    }),
    fc.record({
      flavour: fc.constant("valkey" as const),
      version: fc.constantFrom(PROGRAMS.valkey.oldest, "8.1.5", "9.1.2"),
    }),
  )
  .map((choices): Environment["redis"] => ({ ...choices, settings: {} }));

const nginx = fc
  .constantFrom(PROGRAMS.nginx.oldest, "1.24.0", "1.28", "1.30.6")
  .map((version): Environment["nginx"] => ({ ...AUTO.nginx, version }));

/** Groups that may have any number of processes, in the layouts where those do nothing else. */
const MANY: readonly string[] = ["sync", "rooms"];
const countsFor = (layout: WorkerLayoutName): fc.Arbitrary<Record<string, number>> =>
  fc.record(
    Object.fromEntries(
      LAYOUTS[layout].groups
        .filter(({ name }) => MANY.includes(name) && (layout === "eight" || layout === "seventeen"))
        .map(({ name }) => [name, fc.integer({ min: 1, max: 8 })]),
    ),
  );

type Workers = Pick<Environment["synapse"], "workers" | "workerCounts">;

/** Left to the machine more often than not; else by name, with other counts or without, or by hand. */
const workers: fc.Arbitrary<Workers> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Workers>({ workers: "auto" }) },
  { weight: 1, arbitrary: fc.constantFrom(...WORKER_LAYOUTS).map((name): Workers => ({ workers: name })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(...WORKER_LAYOUTS)
      .chain((name) => countsFor(name).map((workerCounts): Workers => ({ workers: name, workerCounts }))),
  },
  { weight: 1, arbitrary: topologies.map((groups): Workers => ({ workers: groups })) },
);

const synapse = fc
  .record({ workers, presence: fc.boolean(), delegated: fc.boolean() })
  .map(({ workers: chosen, presence, delegated }): Environment["synapse"] => ({
    ...AUTO.synapse,
    ...chosen,
    presence,
    settings: delegated
      ? { matrix_authentication_service: { enabled: true, endpoint: "http://mas.example.org/" } }
      : {},
  }));

const RECEIVER: Environment["monitoring"]["alerts"]["receivers"][number] = {
  name: "room",
  severity: "all",
  way: {
    kind: "matrix",
    homeserver: "https://matrix.example.org",
    roomId: "!room:example.org",
    accessToken: { secret_file: "token" },
  },
};

const monitoring = fc
  .record({ enabled: autoFlag, alerts: fc.boolean(), told: fc.boolean(), grafana: autoFlag })
  .map(({ enabled, alerts, told, grafana }): Environment["monitoring"] => ({
    ...AUTO.monitoring,
    enabled,
    alerts: { enabled: alerts, receivers: told ? [RECEIVER] : [] },
    grafana: { ...AUTO.monitoring.grafana, enabled: grafana },
  }));

const compressor = autoFlag.map((enabled): Environment["compressor"] => ({ ...AUTO.compressor, enabled }));

/** Everything that a plan depends on, apart from single numbers set by hand. */
export const environment: fc.Arbitrary<Environment> = fc
  .record({ expected, images, postgres, pgbouncer, redis, nginx, synapse, monitoring, compressor })
  .map((sections) => ({ ...AUTO, ...sections }));
