import type { Environment } from "../configs/environment";
import type { Bytes } from "../configs/units/bytes";
import { hasGrafana } from "./monitoring";
import type { HostFacts, Input, Origin, Plan, Solved } from "./plan";
import { hasLz4 } from "./postgres-build";
import { fromFile } from "./solved";
import { hasAuthenticationService } from "./token-owners";

/** Whether the environment's file writes a key, even with the default's value. */
const isWritten = ({ positions }: Environment, key: string): boolean => Object.hasOwn(positions, key);

/** A choice that always has a value: set by the file where that writes its key, else the kit's default for its reason. */
export const chosen = <T>(env: Environment, key: string, byDefault: Solved<T>): Solved<T> =>
  isWritten(env, key) ? fromFile(byDefault.value, key) : byDefault;

const declaredIf = (isDeclared: boolean): Origin => (isDeclared ? "declared" : "default");

const sizeText = (size: Bytes | undefined): string => size?.toPostgres() ?? "unknown";

const hardware = (env: Environment, { ram, cpus, disk, source }: HostFacts): Input[] => {
  const origin = source.startsWith("detected") ? "detected" : "declared";
  // A profile is a whole machine; `disk` alone may stand beside what was detected.
  const diskOrigin = declaredIf(env.hardware.kind === "profile" || isWritten(env, "hardware.disk"));
  return [
    { name: "hardware.ram", value: sizeText(ram), origin },
    { name: "hardware.cpus", value: cpus.toCores(), origin },
    { name: "hardware.disk.kind", value: disk.kind, origin: diskOrigin },
    { name: "hardware.disk.size", value: sizeText(disk.size), origin: declaredIf(disk.size !== undefined) },
  ];
};

const load = (env: Environment, expected: Plan["expected"]): Input[] => {
  const { users, eventsPerSecond, fanOut, federation } = env.expected;
  return [
    { name: "expected.users", value: expected.users.value, origin: declaredIf(users !== undefined) },
    {
      name: "expected.events_per_second",
      value: expected.eventsPerSecond.value,
      origin: declaredIf(eventsPerSecond !== undefined),
    },
    { name: "expected.fan_out", value: expected.fanOut.value, origin: declaredIf(fanOut !== undefined) },
    { name: "expected.federation", value: federation, origin: declaredIf(isWritten(env, "expected.federation")) },
  ];
};

/** What the switches of an environment came to. */
export interface Switches {
  readonly layout: string;
  readonly pgbouncer: boolean;
  readonly monitoring: boolean;
  readonly compressor: boolean;
}

const services = (env: Environment, { layout, pgbouncer, monitoring, compressor }: Switches): Input[] => {
  const { alerts, grafana } = env.monitoring;
  const byHand = env.synapse.workers !== "auto" || env.synapse.workerCounts !== undefined;
  const switched = (name: string, value: boolean, set: boolean | "auto"): Input => ({
    name,
    value,
    // `auto` is what the kit does by itself, written or not.
    origin: declaredIf(set !== "auto" && isWritten(env, name)),
  });
  const watching: Input[] = [
    switched("monitoring.alerts.enabled", alerts.enabled, alerts.enabled),
    {
      name: "monitoring.alerts.receivers",
      value: alerts.receivers.length,
      origin: declaredIf(isWritten(env, "monitoring.alerts.receivers")),
    },
    switched("monitoring.grafana.enabled", hasGrafana(env), grafana.enabled),
  ];
  return [
    { name: "synapse.workers", value: layout, origin: declaredIf(byHand) },
    {
      name: "synapse.settings.matrix_authentication_service",
      value: hasAuthenticationService(env),
      origin: declaredIf(env.synapse.settings.matrix_authentication_service !== undefined),
    },
    switched("pgbouncer.enabled", pgbouncer, env.pgbouncer.enabled),
    switched("monitoring.enabled", monitoring, env.monitoring.enabled),
    ...(monitoring ? watching : []),
    switched("compressor.enabled", compressor, env.compressor.enabled),
  ];
};

const programs = (env: Environment): Input[] => {
  const { overrides } = env.images;
  const version = (program: "pgbouncer" | "redis" | "nginx"): Input => ({
    name: `${program}.version`,
    value: env[program].version,
    origin: declaredIf(isWritten(env, `${program}.version`) || overrides[program] !== undefined),
  });
  return [
    {
      name: "postgres.version",
      value: env.postgres.version,
      origin: declaredIf(isWritten(env, "postgres.version")),
    },
    {
      name: "images.postgres",
      value: hasLz4(env.images) ? "with lz4" : "lz4 not known",
      origin: declaredIf(overrides.postgres !== undefined),
    },
    version("pgbouncer"),
    { name: "redis.flavour", value: env.redis.flavour, origin: declaredIf(isWritten(env, "redis.flavour")) },
    version("redis"),
    version("nginx"),
  ];
};

/** What a plan is made from, but for the values that a file sets in place of solved ones: those say so themselves. */
export const inputsOf = (
  env: Environment,
  host: HostFacts,
  expected: Plan["expected"],
  switches: Switches,
): Input[] => [...hardware(env, host), ...load(env, expected), ...services(env, switches), ...programs(env)];
