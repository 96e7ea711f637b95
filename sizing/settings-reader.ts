import { redisSize } from "../configs/settings/redis-value";
import { Bytes } from "../configs/units/bytes";
import { postgresSize } from "./overrides";
import type { Plan, Solved } from "./plan";

/** Reads the rendered settings of a plan, so that the invariants judge what the programs will read. */
const textOf = (settings: Readonly<Record<string, Solved<string>>> | undefined, name: string): string =>
  settings?.[name]?.value ?? "";

/** A Postgres size; zero when it is none (`-1`, absent). */
export const postgresBytesIn = (plan: Plan, name: string): Bytes =>
  postgresSize(name, textOf(plan.postgres.settings, name)) ?? Bytes.ZERO;

/** A Postgres number; NaN when it is none. */
export const postgresNumberIn = (plan: Plan, name: string): number =>
  Number.parseFloat(textOf(plan.postgres.settings, name));

/** Whether a Postgres switch is on, in any of its spellings. */
export const postgresSwitchIn = (plan: Plan, name: string): boolean =>
  ["on", "true", "yes", "1"].includes(textOf(plan.postgres.settings, name).toLowerCase());

/** Whether the plan writes the Postgres setting at all. */
export const postgresHas = (plan: Plan, name: string): boolean => name in plan.postgres.settings;

const TIME_UNITS: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, d: 86_400 };

/** A Postgres time in seconds; without unit it is taken as milliseconds. NaN when it is none. */
export const postgresSecondsIn = (plan: Plan, name: string): number => {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?\s*$/.exec(textOf(plan.postgres.settings, name));
  return match ? Number(match[1]) * (TIME_UNITS[match[2] ?? "ms"] as number) : Number.NaN;
};

/** A PgBouncer number; NaN when it is none. */
export const pgbouncerNumberIn = (plan: Plan, name: string): number =>
  Number.parseFloat(textOf(plan.pgbouncer?.settings, name));

/** A Redis size; zero when it is none. */
export const redisBytesIn = (plan: Plan, name: string): Bytes =>
  redisSize(textOf(plan.redis?.settings, name)) ?? Bytes.ZERO;

/** A Redis number; NaN when it is none. */
export const redisNumberIn = (plan: Plan, name: string): number =>
  Number.parseFloat(textOf(plan.redis?.settings, name));

/** The text of a Redis setting; empty when absent. */
export const redisTextIn = (plan: Plan, name: string): string => textOf(plan.redis?.settings, name);
