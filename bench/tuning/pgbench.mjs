// pgbench: one window, its rate and its latencies.

import { round, start } from "../lib.mjs";
import { inside } from "./container.mjs";

const THREADS = 2;
/** Of the Synapse mix; a transaction that met a concurrent update is tried again, as Synapse does. */
const MIX = { sync: 45, state: 20, members: 10, send: 15, todevice: 5, presence: 5 };
const TRIES = 10;

/** Arguments of each kind of load. */
export const loadArguments = (load, sizes) => {
  if (load === "select") return ["-M", "prepared", "-S", "pgbench"];
  if (load === "tpcb") return ["-M", "prepared", "pgbench"];
  const files = Object.entries(MIX).flatMap(([script, weight]) => ["-f", `/scripts/${script}.sql@${weight}`]);
  const variables = ["rooms", "users", "events", "groups"].flatMap((name) => ["-D", `${name}=${sizes[name]}`]);
  return ["-M", "simple", "--max-tries", String(TRIES), ...variables, ...files, "synapse"];
};

/**
 * Latencies of a `--log` file: rank by rank, in ms. A line is `client transaction µs script s µs [retries]`; what failed
 * says `failed` in the place of the time.
 */
export const latencies = (log) => {
  const times = [];
  let failed = 0;
  for (const line of log.split("\n")) {
    if (line === "") continue;
    const time = Number(line.split(" ", 3)[2]);
    if (Number.isNaN(time)) failed += 1;
    else times.push(time / 1000);
  }
  const sorted = Float64Array.from(times).sort();
  const at = (share) =>
    sorted.length === 0 ? undefined : round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
  return { count: sorted.length, failed, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
};

/** @throws Error where pgbench printed no rate */
export const rate = (text) => {
  const tps = /^tps = ([\d.]+) /m.exec(text);
  if (!tps) throw new Error(`pgbench printed no rate: ${text}`);
  return Number(tps[1]);
};

/** @returns transactions a second, latencies in ms, transactions that failed for good */
export const window = async ({ client }, load, { clients, seconds, sizes, logged = true }) => {
  const log = logged ? ["-l", "--log-prefix", "/logs/window"] : [];
  const text = await start("docker", [
    ...["exec", client, "pgbench", "-n", "-U", "postgres", "-c", String(clients), "-j", String(THREADS)],
    ...["-T", String(seconds), ...log, ...loadArguments(load, sizes)],
  ]);
  if (!logged) return undefined;
  const { stdout } = inside(client, "sh", "-c", "cat /logs/window.*; rm /logs/window.*");
  return { tps: round(rate(text)), ...latencies(stdout) };
};
