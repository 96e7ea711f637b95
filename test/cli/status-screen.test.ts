import type { BoxStatus, ServiceStatus } from "../../cli/status/box";
import { screen } from "../../cli/status/screen";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const MIB = 1024 ** 2;

const service = (name: string, more: Partial<ServiceStatus> = {}): ServiceStatus => ({
  service: name,
  health: "healthy",
  restarts: 0,
  memory_bytes: 50 * MIB,
  memory_limit_bytes: 200 * MIB,
  cpu_cores: 0.25,
  event_lag: null,
  database_wait_seconds: null,
  started_at: "2026-11-21T09:00:00Z",
  version: "1.0",
  image: `example/${name}:1.0`,
  ...more,
});

const WELL: BoxStatus = {
  environment: "chat",
  measured: true,
  services: [service("postgres"), service("synapse-main", { event_lag: 0, database_wait_seconds: 0.001 })],
  alerts: [],
  pools: { synapse: 0 },
  compressor: {
    ended: "2026-11-20T12:00:00Z",
    success: true,
    rows_before: 1000,
    rows_after: 90,
    seconds: 12.34,
    peak_memory_bytes: 42 * 1024 ** 2,
  },
};

const linesOf = (status: BoxStatus): string[] => screen(status, NOW).split("\n");

describe("the screen of `status`", () => {
  it("has a row for each service: health, memory against limit, CPU, restarts, age, version", () => {
    const [head, row] = linesOf(WELL);
    expect(head?.split(/ {2,}/)).toEqual("service health memory limit used CPU restarts up version".split(" "));
    expect(row?.split(/ {2,}/)).toEqual(["postgres", "healthy", "50 MB", "200 MB", "25 %", "0.25", "0", "3h", "1.0"]);
  });

  it("says in a line each what is well", () => {
    expect(linesOf(WELL).slice(-6)).toEqual([
      "health      all healthy",
      "alerts      none",
      "event lag   none",
      "database    nobody waits for a connection",
      "compressor  well 1d ago, 1000 rows became 90, 12.3 s, at most 42 MB",
      "backup      the kit makes none yet",
    ]);
  });

  it("names what is not: who is down, what fires, who lags, who waits", () => {
    const bad: BoxStatus = {
      ...WELL,
      services: [
        service("postgres", { health: "exited", memory_bytes: null, cpu_cores: null }),
        service("synapse-main", { event_lag: 250, database_wait_seconds: 0.31 }),
      ],
      alerts: [{ name: "PostgresDown", severity: "page", about: { job: "postgres" } }],
      pools: { synapse: 7, synapse_session: 0 },
      compressor: {
        ended: "2026-11-21T11:58:00Z",
        success: false,
        rows_before: null,
        rows_after: null,
        seconds: null,
        peak_memory_bytes: null,
      },
    };
    expect(linesOf(bad)[1]?.split(/ {2,}/)).toEqual(["postgres", "exited", "-", "200 MB", "-", "-", "0", "3h", "1.0"]);
    expect(linesOf(bad).slice(-6)).toEqual([
      "health      postgres is exited",
      "alerts      PostgresDown [page] (job=postgres)",
      "event lag   synapse-main 250",
      "database    synapse-main waits 0.31 s, 7 wait for a connection of synapse",
      "compressor  FAILED 2m ago",
      "backup      the kit makes none yet",
    ]);
  });

  it("says that it does not know where Prometheus is silent, rather than that all is well", () => {
    const blind: BoxStatus = { ...WELL, measured: false, compressor: null, services: [service("nginx")] };
    expect(linesOf(blind).slice(-3)).toEqual([
      "health      all healthy",
      "alerts      not known: Prometheus does not answer, or watching is off (`monitoring.enabled`)",
      "backup      the kit makes none yet",
    ]);
  });
});
