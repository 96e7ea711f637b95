import { POSTGRES_MAJORS } from "../../configs/environment";
import { postgresNames } from "../../configs/settings/postgres-value";
import { Bytes } from "../../configs/units/bytes";
import { POSTGRES_BASE_UNIT, postgresSize } from "../../sizing/overrides";
import type { Plan } from "../../sizing/plan";
import { sharedMemory, walBuffersFor } from "../../sizing/postgres-shared-memory";
import { solve } from "../../sizing/solve";
import { AUTO, machine } from "./fixtures";

/** As an image of one's own might be, the binaries were built without lz4. */
const ENVIRONMENT = { ...AUTO, images: { ...AUTO.images, overrides: { postgres: "example.com/postgres:1" } } };

import { PostgresBinary } from "./postgres-binary";

const TOLERANCE = 0.03;
const BOXES: ReadonlyArray<readonly [ramMib: number, cores: number]> = [
  [1024, 1],
  [1056, 256],
  [2048, 1],
  [3584, 2],
  [4096, 2],
  [8192, 4],
  [16_384, 8],
  [24_576, 2],
  [65_536, 16],
  [131_072, 32],
  [2_097_152, 256],
];

const textsOf = (plan: Plan): Record<string, string> =>
  Object.fromEntries(Object.entries(plan.postgres.settings).map(([name, { value }]) => [name, value]));

describe.each(POSTGRES_MAJORS)("PostgreSQL %i", (version) => {
  let postgres: PostgresBinary;
  beforeAll(() => {
    postgres = new PostgresBinary(version);
  }, 60_000);
  afterAll(() => postgres.remove());

  const planFor = (ramMib: number, cores: number): Plan =>
    solve({ ...ENVIRONMENT, postgres: { ...AUTO.postgres, version } }, machine(ramMib, cores, "nvme", Bytes.gib(400)));

  it.each(BOXES)("reports the shared memory that was predicted for %i MB and %i cores", (ramMib, cores) => {
    const plan = planFor(ramMib, cores);
    const real = Number(postgres.valueOf("shared_memory_size", textsOf(plan)));
    const predicted = plan.postgres.predictedSharedMemory.toBytes() / 1024 ** 2;
    expect(Math.abs(predicted - real) / real).toBeLessThan(TOLERANCE);
  });

  it.each([64, 96, 208, 528, 1040, 3000, 5008, 12_000, 40_000])("is predicted for shared_buffers of %i MB", (size) => {
    for (const connections of [20, 75, 150, 600]) {
      const sharedBuffers = Bytes.mib(size);
      const walBuffers = walBuffersFor(sharedBuffers);
      const settings = {
        shared_preload_libraries: "pg_stat_statements",
        shared_buffers: sharedBuffers.toPostgres(),
        wal_buffers: walBuffers.toPostgres(),
        max_connections: String(connections),
      };
      const real = Number(postgres.valueOf("shared_memory_size", settings));
      const predicted = sharedMemory(version, sharedBuffers, walBuffers, connections).toBytes() / 1024 ** 2;
      expect(Math.abs(predicted - real) / real).toBeLessThan(TOLERANCE);
    }
  });

  it.each([
    ["max_locks_per_transaction", 1000],
    ["max_pred_locks_per_transaction", 2000],
    ["max_prepared_transactions", 3000],
    ["max_wal_senders", 1000],
    ["max_worker_processes", 1000],
    ["autovacuum_max_workers", 1000],
    ["autovacuum_worker_slots", 1000],
    ["track_activity_query_size", "1MB"],
    ["pg_stat_statements.max", 1_000_000],
    ["min_dynamic_shared_memory", "1GB"],
    ["transaction_buffers", "512MB"],
    ["multixact_member_buffers", "1GB"],
    ["io_max_concurrency", 1024],
    ["io_max_combine_limit", "1MB"],
  ] as const)("is predicted with %s = %s", (name, value) => {
    if (!postgresNames(version).includes(name)) return;
    const settings = { [name]: value };
    const plan = solve({ ...ENVIRONMENT, postgres: { ...AUTO.postgres, version, settings } }, machine(65_536, 8));
    const real = Number(postgres.valueOf("shared_memory_size", textsOf(plan)));
    const predicted = plan.postgres.predictedSharedMemory.toBytes() / 1024 ** 2;
    expect(Math.abs(predicted - real) / real).toBeLessThan(TOLERANCE);
  });

  it("accepts every setting of a plan", () => {
    for (const [ramMib, cores] of BOXES.slice(0, 6)) postgres.check(textsOf(planFor(ramMib, cores)));
  });

  it("reads every amount of memory as it was meant", () => {
    const settings = textsOf(planFor(16_384, 8));
    const sizes = Object.keys(POSTGRES_BASE_UNIT).filter((name) => name in settings);
    expect(sizes).toHaveLength(11);
    for (const name of sizes) {
      const real = postgresSize(name, postgres.valueOf(name, settings));
      expect([name, real?.toBytes()]).toEqual([name, postgresSize(name, settings[name] ?? "")?.toBytes()]);
    }
    expect(postgres.valueOf("checkpoint_timeout", settings)).toBe(String(15 * 60));
    expect(postgres.valueOf("idle_in_transaction_session_timeout", settings)).toBe(String(30 * 60 * 1000));
  });
});
