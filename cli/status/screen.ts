import { Bytes } from "../../configs/units/bytes";
import type { BoxStatus, ServiceStatus } from "./box";

const UNKNOWN = "-";
const PERCENT = 100;
/** Shorter waits are the ordinary way of a pool. */
const WAIT_WORTH_SAYING = 0.05;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** `3d`, `5h`, `12m`, `40s`. */
const since = (then: string, now: number): string => {
  const ms = Math.max(0, now - Date.parse(then));
  const [amount, unit] =
    ms >= DAY_MS
      ? [ms / DAY_MS, "d"]
      : ms >= HOUR_MS
        ? [ms / HOUR_MS, "h"]
        : ms >= MINUTE_MS
          ? [ms / MINUTE_MS, "m"]
          : [ms / 1000, "s"];
  return `${Math.floor(amount)}${unit}`;
};

const shown = <T>(value: T | null, text: (value: T) => string): string => (value === null ? UNKNOWN : text(value));

const row = (one: ServiceStatus, now: number): string[] => [
  one.service,
  one.health,
  shown(one.memory_bytes, (bytes) => Bytes.of(bytes).toString()),
  Bytes.of(one.memory_limit_bytes).toString(),
  shown(one.memory_bytes, (bytes) => `${Math.round((PERCENT * bytes) / one.memory_limit_bytes)} %`),
  shown(one.cpu_cores, (cores) => cores.toFixed(2)),
  String(one.restarts),
  since(one.started_at, now),
  one.version,
];

const HEAD = ["service", "health", "memory", "limit", "used", "CPU", "restarts", "up", "version"];
/** Numbers stand below each other. */
const RIGHT = new Set([2, 3, 4, 5, 6, 7]);

const table = (rows: readonly (readonly string[])[]): string[] => {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) =>
    cells
      .map((cell, column) =>
        RIGHT.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
};

const list = (entries: readonly string[], none: string): string => (entries.length > 0 ? entries.join(", ") : none);

const about = (labels: Readonly<Record<string, string>>): string => {
  const text = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return text.length > 0 ? ` (${text.join(" ")})` : "";
};

const compressorLine = ({ compressor }: BoxStatus, now: number): string => {
  if (!compressor) return "has not run yet";
  const { rows_before: before, rows_after: after, seconds, peak_memory_bytes: peak } = compressor;
  return [
    `${compressor.success ? "well" : "FAILED"} ${since(compressor.ended, now)} ago`,
    ...(before === null || after === null ? [] : [`${before} rows became ${after}`]),
    ...(seconds === null ? [] : [`${seconds.toFixed(1)} s`]),
    ...(peak === null ? [] : [`at most ${Bytes.of(peak)}`]),
  ].join(", ");
};

/** What Prometheus knows beside the table. */
const measuredLines = (status: BoxStatus, now: number): string[] => {
  const lags = status.services.filter(({ event_lag }) => (event_lag ?? 0) > 0);
  const waits = status.services.filter(({ database_wait_seconds: wait }) => (wait ?? 0) > WAIT_WORTH_SAYING);
  const pools = Object.entries(status.pools).filter(([, waiting]) => waiting > 0);
  return [
    `alerts      ${list(
      status.alerts.map(({ name, severity, about: labels }) => `${name} [${severity}]${about(labels)}`),
      "none",
    )}`,
    `event lag   ${list(
      lags.map(({ service, event_lag }) => `${service} ${event_lag}`),
      "none",
    )}`,
    `database    ${list(
      [
        ...waits.map(({ service, database_wait_seconds: wait }) => `${service} waits ${(wait ?? 0).toFixed(2)} s`),
        ...pools.map(([database, waiting]) => `${waiting} wait for a connection of ${database}`),
      ],
      "nobody waits for a connection",
    )}`,
    `compressor  ${compressorLine(status, now)}`,
  ];
};

/** One screen for people. @param now - milliseconds */
export const screen = (status: BoxStatus, now: number): string => {
  const ailing = status.services.filter(({ health }) => health !== "healthy");
  const rows = [HEAD, ...status.services.map((one) => row(one, now))];
  return [
    ...table(rows),
    "",
    `health      ${ailing.length === 0 ? "all healthy" : ailing.map(({ service, health }) => `${service} is ${health}`).join(", ")}`,
    ...(status.measured
      ? measuredLines(status, now)
      : ["alerts      not known: Prometheus does not answer, or watching is off (`monitoring.enabled`)"]),
    "backup      the kit makes none yet",
  ].join("\n");
};
