import { nearest } from "../configs/settings/nearest";
import { Bytes } from "../configs/units/bytes";
import { UserError } from "../configs/user-error";
import { capacityOf } from "./capacity/capacity";
import { type CapacityReport, capacityJson, capacityLines } from "./capacity/report";
import { type ContainerBudget, containersOf, type Input, type Origin, type Plan, type Solved } from "./plan";
import { exactMegabytes } from "./solved";

const MIB = 1024 ** 2;
const mib = (amount: Bytes): number => Number((amount.toBytes() / MIB).toFixed(1));

interface ServiceReport {
  readonly name: string;
  readonly service: string;
  readonly replicas: 1;
  readonly memory_limit_bytes: number;
  readonly memory_reason: string;
  readonly memory_parts_bytes: Readonly<Record<string, number>>;
  readonly memory_reservation_bytes: number;
  readonly memory_reservation_reason: string;
  readonly cpus: number;
  readonly cpu_shares: number;
  readonly cpu_reason: string;
  readonly connections: number;
  readonly connections_reason: string;
  readonly nofile: number;
  readonly nofile_reason: string;
  /** Size of /dev/shm, where it is not Docker's 64 MB. */
  readonly shm_bytes?: number;
  readonly shm_reason?: string;
}

/** One number with its derivation; an amount of memory or disk is bytes, a setting is what the program's file has. */
interface ValueReport {
  readonly value: string | number;
  readonly reason: string;
  readonly source: string;
}

/** What `size --json` prints. Amounts are bytes; one entry per container. */
export interface SizeReport {
  readonly profile: string;
  readonly host: { readonly ram_bytes: number; readonly cpus: number; readonly source: string };
  /** What the plan was made from, and where each of it comes from. */
  readonly inputs: readonly Input[];
  readonly layout: { readonly name: string; readonly reason: string };
  readonly services: readonly ServiceReport[];
  readonly reserves: {
    readonly operating_system_bytes: number;
    readonly operating_system_reason: string;
    readonly slack_bytes: number;
    readonly slack_reason: string;
  };
  readonly left_over: { readonly ram_bytes: number; readonly cpus: number };
  readonly capacity: CapacityReport;
  /** Every number that `--explain` knows, by that name: all settings of Postgres, PgBouncer and Redis among them. */
  readonly values: Readonly<Record<string, ValueReport>>;
}

const bytesOf = (parts: Readonly<Record<string, Bytes>>): Record<string, number> =>
  Object.fromEntries(Object.entries(parts).map(([name, amount]) => [name, amount.toBytes()]));

const serviceReport = (container: ContainerBudget): ServiceReport => ({
  name: container.name,
  service: container.service,
  replicas: 1,
  memory_limit_bytes: container.memory.value.toBytes(),
  memory_reason: container.memory.reason,
  memory_parts_bytes: bytesOf(container.parts),
  memory_reservation_bytes: container.reservation.toBytes(),
  memory_reservation_reason: container.why.reservation.reason,
  cpus: container.cpus,
  cpu_shares: container.cpuShares.value,
  cpu_reason: container.cpuShares.reason,
  connections: container.connections.value,
  connections_reason: container.connections.reason,
  nofile: container.nofile,
  nofile_reason: container.why.nofile.reason,
  ...(container.shm ? { shm_bytes: container.shm.value.toBytes(), shm_reason: container.shm.reason } : {}),
});

const valueReport = ({ value, reason, source }: Solved<Value>): ValueReport => ({
  value: value instanceof Bytes ? value.toBytes() : value,
  reason,
  source,
});

/** Cores that rounding leaves without a weight; never below zero. */
const idleCpus = (plan: Plan): number => {
  const used = containersOf(plan).reduce((sum, { cpus }) => sum + cpus, 0);
  return Number(Math.max(0, plan.host.cpus.toCores() - used).toFixed(2));
};

/** The plan as data. */
export const sizeJson = (plan: Plan): SizeReport => ({
  profile: plan.profile,
  host: { ram_bytes: plan.host.ram.toBytes(), cpus: plan.host.cpus.toCores(), source: plan.host.source },
  inputs: plan.inputs,
  layout: { name: plan.synapse.layout.value, reason: plan.synapse.layout.reason },
  services: containersOf(plan).map(serviceReport),
  reserves: {
    operating_system_bytes: plan.reserves.operatingSystem.value.toBytes(),
    operating_system_reason: plan.reserves.operatingSystem.reason,
    slack_bytes: plan.reserves.slack.value.toBytes(),
    slack_reason: plan.reserves.slack.reason,
  },
  left_over: { ram_bytes: plan.leftOver.toBytes(), cpus: idleCpus(plan) },
  capacity: capacityJson(plan),
  values: Object.fromEntries([...entries(plan)].map(([name, value]) => [name, valueReport(value)])),
});

const table = (rows: readonly (readonly string[])[]): string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
};

const ORIGINS: readonly Origin[] = ["detected", "declared", "default"];

/** Columns of the lines of inputs. */
const WIDTH = 110;

/** For each origin its inputs, in lines that begin below the first. */
const inputLines = (inputs: readonly Input[]): string[] =>
  ORIGINS.flatMap((origin) => {
    const lines: string[] = [];
    for (const { name, value } of inputs.filter((input) => input.origin === origin)) {
      const text = `${name} ${value}`;
      const last = lines.at(-1);
      if (last === undefined) lines.push(`  ${origin}: ${text}`);
      else if (last.length + text.length + 2 > WIDTH) lines.splice(-1, 1, `${last},`, `    ${text}`);
      else lines[lines.length - 1] = `${last}, ${text}`;
    }
    return lines;
  });

const leftOutLines = ({ leftOut }: Plan): string[] =>
  leftOut.map((name) => `${name} is left out: the workers leave no room; \`${name}.enabled: true\` asks for it`);

/** The plan for people: a table of the containers, why each number, what is reserved and what is left. */
export const sizeText = (plan: Plan): string => {
  const containers = containersOf(plan);
  const rows = [
    ["service", "memory MB", "CPU", "connections"],
    ...containers.map(({ name, memory, cpus, connections }) => [
      name,
      String(memory.value.toMiB()),
      cpus.toFixed(2),
      String(connections.value),
    ]),
    ["operating system", String(mib(plan.reserves.operatingSystem.value)), "", ""],
    ["slack", String(mib(plan.reserves.slack.value)), "", ""],
    ["left over", String(mib(plan.leftOver)), idleCpus(plan).toFixed(2), ""],
  ];
  const { host, inputs, synapse, expected, reserves, monitoring } = plan;
  return [
    `profile ${plan.profile}: ${host.ram} RAM, ${host.cpus} CPU (${host.source}), disk ${host.disk.kind}`,
    `workers ${synapse.layout.value}: ${synapse.layout.reason}`,
    `expected ${expected.users.value} users, ${expected.clients.value} clients, ${expected.eventsPerSecond.value} events/s`,
    ...(monitoring?.withoutGrafana ? [monitoring.withoutGrafana] : []),
    ...leftOutLines(plan),
    ...capacityLines(plan),
    "",
    ...table(rows),
    "",
    "inputs",
    ...inputLines(inputs),
    "",
    "why",
    ...containers.flatMap(({ name, memory, cpuShares, connections }) => [
      `  ${name}: memory: ${memory.reason}`,
      `  ${name}: CPU: ${cpuShares.reason}`,
      `  ${name}: connections: ${connections.reason}`,
    ]),
    `  operating system: ${reserves.operatingSystem.reason}`,
    `  slack: ${reserves.slack.reason}`,
    "",
  ].join("\n");
};

type Value = string | number | Bytes;

const entries = (plan: Plan): Map<string, Solved<Value>> => {
  const all = new Map<string, Solved<Value>>();
  const addAll = (prefix: string, settings: Readonly<Record<string, Solved<Value>>>): void => {
    for (const [name, value] of Object.entries(settings)) all.set(`${prefix}.${name}`, value);
  };
  addAll("postgres", plan.postgres.settings);
  addAll("pgbouncer", plan.pgbouncer?.settings ?? {});
  if (plan.pgbouncer) {
    const { transactionPool, sessionPool, why } = plan.pgbouncer;
    addAll("pgbouncer", {
      transaction_pool: { ...why.transactionPool, value: transactionPool },
      session_pool: { ...why.sessionPool, value: sessionPool },
    });
  }
  addAll("redis", plan.redis?.settings ?? {});
  addAll("expected", { users: plan.expected.users, clients: plan.expected.clients });
  all.set("expected.fan_out", plan.expected.fanOut);
  const { federationFactor } = plan.expected;
  all.set("expected.federation", {
    ...federationFactor,
    value: `${federationFactor.value} events for each of the own`,
  });
  all.set("expected.events_per_second", plan.expected.eventsPerSecond);
  const { users } = capacityOf(plan);
  all.set("capacity", { ...users, value: `${users.value} users` });
  all.set("reserves.operating_system", plan.reserves.operatingSystem);
  all.set("reserves.slack", plan.reserves.slack);
  all.set("synapse.workers", plan.synapse.layout);
  all.set("synapse.global_cache_factor", plan.synapse.globalCacheFactor);
  all.set("synapse.event_cache_size", plan.synapse.eventCacheSize);
  all.set("nginx.worker_processes", plan.nginx.workerProcesses);
  all.set("nginx.worker_connections", plan.nginx.workerConnections);
  all.set("nginx.worker_rlimit_nofile", plan.nginx.workerRlimitNofile);
  if (plan.nginx.tokenOwners) all.set("nginx.token_owners", plan.nginx.tokenOwners);
  addAll("nginx.limits", {
    requests: plan.nginx.mostRequests,
    ...plan.nginx.limits.byRole,
    main: plan.nginx.limits.main,
    polls: plan.nginx.limits.polls,
    stand_in: plan.nginx.limits.standIn,
  });
  if (plan.monitoring) {
    const { series, retentionSize } = plan.monitoring.prometheus;
    addAll("prometheus", { series, retention_size: retentionSize });
  }
  for (const process of plan.synapse.processes) {
    const { container, heapCeiling, heapTarget, cpMax, cpMin, why } = process;
    addAll(container.name, {
      max_cache_memory_usage: heapCeiling,
      target_cache_memory_usage: { ...why.heapTarget, value: heapTarget },
      cp_max: cpMax,
      cp_min: { ...why.cpMin, value: cpMin },
    });
  }
  for (const { name, memory, reservation, cpuShares, connections, nofile, shm, why } of containersOf(plan)) {
    addAll(name, {
      memory,
      reservation: { ...why.reservation, value: reservation },
      cpu_shares: cpuShares,
      connections,
      nofile: { ...why.nofile, value: nofile },
      ...(shm ? { shm_size: shm } : {}),
    });
  }
  return all;
};

/** Every name that `explain` knows, in alphabetical order. */
export const explainable = (plan: Plan): string[] => [...entries(plan).keys()].sort();

/** An amount that was rounded for the eye is told in exact MB as well. */
const valueText = (value: Value): string => {
  const exact = value instanceof Bytes ? exactMegabytes(value) : String(value);
  return exact === String(value) ? exact : `${value} (${exact})`;
};

/** The one that was meant, and all of that service, or the services. */
const hintFor = (name: string, known: readonly string[]): string => {
  const [service = "", setting = ""] = name.split(".");
  // `synapse.cp_max` is the file's key for all processes.
  const ofProcess = known.find((other) => other === `${service}-main.${setting}`);
  const longer = setting === "" ? undefined : known.find((other) => other.startsWith(name));
  const meant = ofProcess ?? longer ?? nearest(name, known);
  const near = known.filter((other) => other.startsWith(`${service}.`));
  const all = near.length > 0 ? near : [...new Set(known.map((other) => other.replace(/\..*/, ".…")))];
  return `${meant === undefined ? "it" : `did you mean ${meant}? It`} has ${all.join(", ")}`;
};

/**
 * How one number came about: value, rule with its inputs, source.
 * @param name such as `postgres.work_mem`, `synapse-main.memory`.
 * @throws UserError for a name that the plan does not have.
 */
export const explain = (plan: Plan, name: string): string => {
  const found = entries(plan).get(name);
  if (!found) {
    throw new UserError(`the plan has no ${name}; ${hintFor(name, explainable(plan))}`, { usage: true });
  }
  return `${name} = ${valueText(found.value)}\n  ${found.reason}\n  source: ${found.source}\n`;
};
