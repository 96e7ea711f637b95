import type { DiskKind, Environment } from "../../configs/environment";
import { Bytes } from "../../configs/units/bytes";
import { Cpus } from "../../configs/units/cpus";
import { Duration } from "../../configs/units/duration";
import type { HostFacts } from "../../sizing/plan";

/** An environment in which everything is left to the solver, and nothing watches or maintains. */
export const AUTO: Environment = {
  name: "test",
  file: "test.yaml",
  positions: {},
  serverName: "example.org",
  publicBaseurl: "https://matrix.example.org/",
  hardware: { kind: "auto", disk: { kind: "ssd" } },
  expected: { federation: "small" },
  docker: { network: "10.89.4.0/22" },
  listen: { address: "127.0.0.1", port: 8080 },
  images: { source: "auto", overrides: {} },
  state: { backend: "local", config: {} },
  postgres: { version: 17, jit: false, hugePages: "try", synchronousCommit: true, tableParameters: true, settings: {} },
  pgbouncer: { version: "1.25.2", enabled: "auto", settings: {} },
  redis: { version: "8.0.6", flavour: "redis", settings: {} },
  synapse: {
    workers: "auto",
    registration: "closed",
    presence: false,
    reportStats: false,
    maxUploadSize: Bytes.mib(50),
    urlPreviews: false,
    logLevel: "WARNING",
    rateLimits: {},
    settings: {},
  },
  nginx: { version: "1.30.6", adminApiFrom: [], settings: {} },
  monitoring: {
    enabled: false,
    scrapeInterval: Duration.seconds(30),
    retentionTime: Duration.hours(360),
    objectives: { sendWithin200ms: 90, sendWithin500ms: 95, sendWithin1s: 99, availability: 99.5 },
    alerts: { enabled: true, receivers: [] },
    grafana: { enabled: "auto", address: "127.0.0.1", port: 3000 },
  },
  compressor: { enabled: false, schedule: "17 3 * * *", chunkSize: 500, chunks: 100, levels: [100, 50, 25] },
};

/** A machine with this much RAM in MB. */
export const machine = (ramMib: number, cores: number, kind: DiskKind = "ssd", disk?: Bytes): HostFacts => ({
  ram: Bytes.mib(ramMib),
  cpus: Cpus.of(cores),
  disk: disk ? { kind, size: disk } : { kind },
  source: "declared",
});
