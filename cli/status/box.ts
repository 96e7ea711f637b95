import { LABELS } from "../../configs/labels";
import type { Docker } from "../../host/docker";
import { containerStates } from "./containers";
import { type Alert, type Measurements, measurementsOf, memoryByEngine } from "./measurements";

/** One service, as `status --json` prints it. What is not known is null. */
export interface ServiceStatus {
  readonly service: string;
  /** `healthy`, `unhealthy`, `starting`, or Docker's word for a container that does not run. */
  readonly health: string;
  readonly restarts: number;
  readonly memory_bytes: number | null;
  readonly memory_limit_bytes: number;
  readonly cpu_cores: number | null;
  /** Events that it has still to go through. */
  readonly event_lag: number | null;
  /** What a query waits for a connection. */
  readonly database_wait_seconds: number | null;
  readonly started_at: string;
  readonly version: string;
  readonly image: string;
}

/** The whole box, as `status --json` prints it. */
export interface BoxStatus {
  readonly environment: string;
  /** Whether Prometheus could be asked: alerts, CPU, lag and waits are its. */
  readonly measured: boolean;
  readonly services: readonly ServiceStatus[];
  readonly alerts: readonly Alert[];
  /** Clients that wait for a server connection, by PgBouncer's database. */
  readonly pools: Readonly<Record<string, number>>;
  /** Last run of the state compressor. */
  readonly compressor: {
    readonly ended: string;
    readonly success: boolean;
    readonly rows_before: number | null;
    readonly rows_after: number | null;
    readonly seconds: number | null;
    readonly peak_memory_bytes: number | null;
  } | null;
}

/** The tag without the hash of a local image's sources. */
const versionOf = (image: string): string => (/:([^/:@]+)$/.exec(image)?.[1] ?? image).replace(/-[0-9a-f]{12}$/, "");

const compressorOf = (measured: Measurements | undefined): BoxStatus["compressor"] => {
  const run = measured?.compressor;
  return run
    ? {
        ended: run.ended.toISOString(),
        success: run.success,
        rows_before: run.rowsBefore ?? null,
        rows_after: run.rowsAfter ?? null,
        seconds: run.seconds ?? null,
        peak_memory_bytes: run.peakMemory ?? null,
      }
    : null;
};

/** Asks the engine and Prometheus at the same time; what one of them does not say is left out. */
export const boxStatus = async (docker: Docker, environment: string): Promise<BoxStatus> => {
  const states = await containerStates(docker, environment);
  const running = states.filter(({ startedAt, health }) => startedAt && !["exited", "dead"].includes(health));
  const names = running.map(({ service }) => service);
  const measured = names.includes("prometheus") ? await measurementsOf(docker, environment, new Set(names)) : undefined;
  // The exporter may be what is down, or not have been asked yet about what has just begun.
  const unknown = names.filter((service) => !measured?.memory.has(service));
  const memory = new Map([
    ...(measured?.memory ?? []),
    ...(unknown.length > 0 ? await memoryByEngine(docker, environment, unknown) : []),
  ]);
  return {
    environment,
    measured: measured !== undefined,
    services: states.map((state) => {
      const { service } = state;
      const isUp = names.includes(service);
      return {
        service,
        health: state.health,
        restarts: state.restarts,
        memory_bytes: isUp ? (memory.get(service) ?? null) : null,
        memory_limit_bytes: state.memoryLimitBytes,
        cpu_cores: isUp ? (measured?.cpu.get(service) ?? null) : null,
        event_lag: measured?.lag.get(service) ?? null,
        database_wait_seconds: measured?.databaseWait.get(service) ?? null,
        started_at: state.startedAt,
        version: versionOf(state.image),
        image: state.image,
      };
    }),
    alerts: measured?.alerts ?? [],
    pools: Object.fromEntries(measured?.poolWaiting ?? []),
    compressor: compressorOf(measured),
  };
};

/** Names of the services that an environment has. */
export const servicesOf = async (docker: Docker, environment: string): Promise<string[]> => {
  const filter = `label=${LABELS.environment}=${environment}`;
  const format = `{{.State}}\t{{.Label "${LABELS.service}"}}`;
  const lines = (await docker.output(["ps", "--all", "--filter", filter, "--format", format])).split("\n");
  return lines
    .map((line) => line.split("\t"))
    .flatMap(([state, service]) => (service && state !== "created" ? [service] : []))
    .sort();
};
