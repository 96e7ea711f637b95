import type { Environment } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import { MIB } from "./constants";
import { budgetOf, limitEnvelope } from "./container";
import { type Present, watcherCpu } from "./cpu";
import { nofileFor } from "./file-limits";
import type { ContainerBudget, ExporterName, HostFacts, MonitoringPlan, PrometheusPlan, Solved } from "./plan";
import { exactMegabytes, fromFile, GUESS, solved } from "./solved";

/** Below it, what watches would take more than a tenth of the machine. A machine sold as 4 GB shows a little less. `guess` */
export const LEAST_RAM_FOR_MONITORING = Bytes.gib(3.5);

type Watcher = ExporterName | "alertmanager" | "matrix-notifier" | "prometheus" | "grafana";

/**
 * Memory of the program, and of Docker's health check beside it. Two to four times what was measured idle (exporters 5 to 12
 * MB, Alertmanager 15 MB: docs/monitoring.md); those of the notifier and Grafana are a `guess`.
 */
const BASE: Readonly<Record<Exclude<Watcher, "prometheus">, Bytes>> = {
  "node-exporter": Bytes.mib(24),
  "container-exporter": Bytes.mib(32),
  "postgres-exporter": Bytes.mib(28),
  "pgbouncer-exporter": Bytes.mib(24),
  "redis-exporter": Bytes.mib(24),
  "blackbox-exporter": Bytes.mib(24),
  alertmanager: Bytes.mib(40),
  "matrix-notifier": Bytes.mib(32),
  grafana: Bytes.mib(180),
};

/** With some 10 000 series Prometheus took 46 MB in all, a minute after its start (docs/monitoring.md). */
const PROMETHEUS_BASE = Bytes.mib(64);
/** Of rules and dashboards. `guess` */
const QUERY_MEMORY = Bytes.mib(32);
/** Of the last two to three hours, samples and labels. `guess` */
const MEMORY_PER_SERIES = Bytes.kib(6);
/** `guess` */
const SERIES_PER_PROCESS = 2200;
/** Of all exporters together: 6500 seen on a box with two workers, most of them one for each table of Postgres. */
const SERIES_OF_EXPORTERS = 7000;

/** Of the disk, and no less and no more. `guess` */
const RETENTION_SHARE = 0.02;
const RETENTION_LEAST = Bytes.gib(1);
const RETENTION_MOST = Bytes.gib(20);
const RETENTION_UNKNOWN = Bytes.gib(2);

/** Files of the database of measurements, and connections. */
const PROMETHEUS_FILES = 1024;
const WATCHER_FILES = 256;

/** Whether the box is watched. */
export const isWatched = (env: Environment, host: HostFacts): boolean =>
  env.monitoring.enabled === "auto" ? !host.ram.isLessThan(LEAST_RAM_FOR_MONITORING) : env.monitoring.enabled;

/** No distribution has Grafana, so where images are built it comes with a reference of one's own only. */
export const hasGrafana = (env: Environment): boolean => {
  const { grafana } = env.monitoring;
  if (grafana.enabled !== "auto") return grafana.enabled;
  return env.images.source !== "local" || env.images.overrides.grafana !== undefined;
};

const NO_GRAFANA =
  "Grafana is left out: images are built here and no distribution has its package; `images.grafana` takes a reference of your own";

/** Alertmanager itself knows no Matrix. */
const tellerNames = ({ monitoring: { alerts } }: Environment): ("matrix-notifier" | "alertmanager")[] => {
  if (!alerts.enabled) return [];
  return alerts.receivers.some(({ way }) => way.kind === "matrix")
    ? ["matrix-notifier", "alertmanager"]
    : ["alertmanager"];
};

const exporterNames = ({ pgbouncer, redis }: Omit<Present, "watchers">): ExporterName[] => [
  "node-exporter",
  "container-exporter",
  "postgres-exporter",
  ...(pgbouncer ? (["pgbouncer-exporter"] as const) : []),
  ...(redis ? (["redis-exporter"] as const) : []),
  "blackbox-exporter",
];

/** Names of the containers that watch. */
export const watcherNames = (env: Environment, present: Omit<Present, "watchers">): Watcher[] => [
  ...exporterNames(present),
  ...tellerNames(env),
  "prometheus",
  ...(hasGrafana(env) ? (["grafana"] as const) : []),
];

const seriesFor = (processes: number): Solved<number> =>
  solved(
    SERIES_PER_PROCESS * processes + SERIES_OF_EXPORTERS,
    `${SERIES_PER_PROCESS} × ${processes} Synapse processes + ${SERIES_OF_EXPORTERS} of the exporters`,
    "docs/monitoring.md",
  );

const prometheusParts = (processes: number): Record<string, Bytes> => ({
  base: PROMETHEUS_BASE,
  series: MEMORY_PER_SERIES.times(seriesFor(processes).value),
  queries: QUERY_MEMORY,
});

/** What the budget sets aside for watching; RAM is no input. */
export const monitoringClaim = (env: Environment, present: Omit<Present, "watchers">, processes: number): Bytes =>
  Bytes.sum(
    watcherNames(env, present).map((name) =>
      limitEnvelope(name === "prometheus" ? Bytes.sum(Object.values(prometheusParts(processes))) : BASE[name]),
    ),
  );

const retentionSizeFor = (env: Environment, host: HostFacts): Solved<Bytes> => {
  const set = env.monitoring.retentionSize;
  if (set) return fromFile(set, "monitoring.retention.size");
  const { size } = host.disk;
  return size
    ? solved(
        size.times(RETENTION_SHARE).clamp(RETENTION_LEAST, RETENTION_MOST).floorTo(MIB),
        `2 % of the disk's ${exactMegabytes(size)} between ${RETENTION_LEAST} and ${RETENTION_MOST}`,
        GUESS,
      )
    : solved(RETENTION_UNKNOWN, "the size of the disk is not known", GUESS);
};

interface Demand {
  readonly name: Watcher;
  readonly parts: Readonly<Record<string, Bytes>>;
  readonly files: number;
}

const watcher = <const D extends Demand>(
  { name, parts, files }: D,
  host: HostFacts,
  present: Present,
): ContainerBudget & { readonly service: D["name"] } => ({
  name,
  service: name,
  ...budgetOf(parts, nofileFor({ "files and connections": files }), "docs/monitoring.md"),
  ...watcherCpu(name, present, host.cpus),
  connections: solved(0, "opens none of those that are shared out", "docs/monitoring.md"),
});

const prometheusPlan = (env: Environment, host: HostFacts, present: Present, processes: number): PrometheusPlan => ({
  container: watcher({ name: "prometheus", parts: prometheusParts(processes), files: PROMETHEUS_FILES }, host, present),
  series: seriesFor(processes),
  retentionSize: retentionSizeFor(env, host),
});

/** Prometheus and what it asks. */
export const monitoringPlan = (
  env: Environment,
  host: HostFacts,
  present: Present,
  processes: number,
): MonitoringPlan => {
  const small = <N extends keyof typeof BASE>(name: N) =>
    watcher({ name, parts: { base: BASE[name] }, files: WATCHER_FILES }, host, present);
  const tellers = tellerNames(env);
  return {
    prometheus: prometheusPlan(env, host, present, processes),
    ...(tellers.includes("alertmanager") ? { alertmanager: small("alertmanager") } : {}),
    ...(tellers.includes("matrix-notifier") ? { matrixNotifier: small("matrix-notifier") } : {}),
    exporters: exporterNames(present).map(small),
    ...(hasGrafana(env) ? { grafana: small("grafana") } : {}),
    ...(!hasGrafana(env) && env.monitoring.grafana.enabled === "auto" ? { withoutGrafana: NO_GRAFANA } : {}),
  };
};
