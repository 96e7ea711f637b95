import { type Environment, type FlatSettings, WORKER_LAYOUTS } from "../configs/environment";
import { redisSize } from "../configs/settings/redis-value";
import { Bytes } from "../configs/units/bytes";
import { flatText, POSTGRES_BASE_UNIT, postgresSize } from "./overrides";
import type { Plan, ProcessPlan } from "./plan";

/** A value that the file sets in place of a solved one, and what to do with it when it does not fit. */
export interface Adjustment {
  /** As the file spells it: `postgres.shared_buffers`, `redis.settings.maxclients`. */
  readonly key: string;
  readonly text: string;
  /** That environment without it, whatever else was changed in it. */
  readonly leaveOut: (env: Environment) => Environment;
  /** Absent for values that have no order, such as names. */
  readonly scale?: Scale;
}

interface Scale {
  readonly amount: number;
  readonly step: number;
  /** The same value where a plan solved it; undefined when the plan does not have it. */
  readonly solved: (plan: Plan) => number | undefined;
  readonly put: (env: Environment, amount: number) => Environment;
  readonly format: (amount: number) => string;
}

type Section = "postgres" | "pgbouncer" | "redis" | "synapse" | "expected" | "compressor";

const MIB = 1024 ** 2;
const WORK_MEM_STEP = 64 * 1024;
const asSize = (amount: number): string => Bytes.of(amount).toPostgres();

const without = (env: Environment, section: Section, key: string): Environment => {
  const { [key]: _removed, ...rest } = env[section] as unknown as Record<string, unknown>;
  return { ...env, [section]: rest } as unknown as Environment;
};

const put = (env: Environment, section: Section, key: string, value: unknown): Environment =>
  ({ ...env, [section]: { ...env[section], [key]: value } }) as unknown as Environment;

interface Typed {
  readonly section: Section;
  readonly field: string;
  readonly key: string;
  readonly solved: (plan: Plan) => number | undefined;
}

const postgresText = (plan: Plan, name: string): string => plan.postgres.settings[name]?.value ?? "";
const postgresAmount =
  (name: string) =>
  (plan: Plan): number | undefined => {
    const text = postgresText(plan, name);
    return name in POSTGRES_BASE_UNIT ? postgresSize(name, text)?.toBytes() : Number(text);
  };

const TYPED: readonly Typed[] = [
  { section: "expected", field: "users", key: "expected.users", solved: (plan) => plan.expected.users.value },
  {
    section: "postgres",
    field: "memory",
    key: "postgres.memory",
    solved: (plan) => plan.postgres.container.memory.value.toBytes(),
  },
  {
    section: "postgres",
    field: "sharedBuffers",
    key: "postgres.shared_buffers",
    solved: postgresAmount("shared_buffers"),
  },
  { section: "postgres", field: "workMem", key: "postgres.work_mem", solved: postgresAmount("work_mem") },
  {
    section: "postgres",
    field: "maintenanceWorkMem",
    key: "postgres.maintenance_work_mem",
    solved: postgresAmount("maintenance_work_mem"),
  },
  {
    section: "postgres",
    field: "maxConnections",
    key: "postgres.max_connections",
    solved: postgresAmount("max_connections"),
  },
  { section: "postgres", field: "maxWalSize", key: "postgres.max_wal_size", solved: postgresAmount("max_wal_size") },
  {
    section: "pgbouncer",
    field: "poolSize",
    key: "pgbouncer.pool_size",
    solved: (plan) => plan.pgbouncer?.transactionPool,
  },
  {
    section: "redis",
    field: "maxmemory",
    key: "redis.maxmemory",
    solved: (plan) => redisSize(plan.redis?.settings.maxmemory?.value ?? "")?.toBytes(),
  },
  {
    section: "synapse",
    field: "cpMax",
    key: "synapse.cp_max",
    solved: (plan) => plan.synapse.processes[0]?.cpMax.value,
  },
  {
    section: "compressor",
    field: "memory",
    key: "compressor.memory",
    solved: (plan) => plan.compressor?.container.memory.value.toBytes(),
  },
];

const typedAdjustment = (env: Environment, { section, field, key, solved }: Typed): Adjustment | undefined => {
  const value = (env[section] as unknown as Record<string, unknown>)[field];
  const leaveOut = (from: Environment): Environment => without(from, section, field);
  if (value instanceof Bytes) {
    const scale: Scale = {
      amount: value.toBytes(),
      step: field === "workMem" ? WORK_MEM_STEP : MIB,
      solved,
      put: (into, amount) => put(into, section, field, Bytes.of(amount)),
      format: asSize,
    };
    return { key, text: value.toPostgres(), leaveOut, scale };
  }
  if (typeof value !== "number") return undefined;
  const scale: Scale = {
    amount: value,
    step: 1,
    solved,
    put: (into, amount) => put(into, section, field, amount),
    format: String,
  };
  return { key, text: String(value), leaveOut, scale };
};

const passedOn = (env: Environment, section: "postgres" | "pgbouncer" | "redis"): Adjustment[] =>
  Object.entries(env[section].settings as FlatSettings).map(([name, value]) => {
    const text = flatText(value);
    const base = {
      key: `${section}.settings.${name}`,
      text,
      leaveOut: (from: Environment): Environment => {
        const { [name]: _removed, ...rest } = from[section].settings as FlatSettings;
        return put(from, section, "settings", rest);
      },
    };
    const read = (raw: string): number | undefined => {
      const size =
        section === "redis"
          ? redisSize(raw)
          : section === "postgres" && name in POSTGRES_BASE_UNIT
            ? postgresSize(name, raw)
            : undefined;
      const amount = size ? size.toBytes() : Number(raw);
      return raw.trim() === "" || Number.isNaN(amount) ? undefined : amount;
    };
    const isSize =
      (section === "redis" && /[a-z]/i.test(text)) || (section === "postgres" && name in POSTGRES_BASE_UNIT);
    const amount = read(text);
    if (amount === undefined) return base;
    const format = (to: number): string => {
      // Steps of a tenth add up to 1.0000000000000002.
      if (!isSize) return String(Number(to.toFixed(6)));
      return section === "redis" ? Bytes.of(to).toRedis() : asSize(to);
    };
    const solved = (plan: Plan): number | undefined => read(plan[section]?.settings[name]?.value ?? "");
    const set = (into: Environment, to: number): Environment =>
      put(into, section, "settings", { ...into[section].settings, [name]: format(to) });
    const step = isSize ? MIB : Number.isInteger(amount) ? 1 : 0.1;
    return { ...base, scale: { amount, step, solved, put: set, format } };
  });

/** All counts at once, as one may only be sound with another; a single one has an order. */
const countsAdjustment = (env: Environment): Adjustment[] => {
  const counts = Object.entries(env.synapse.workerCounts ?? {});
  const [first, second] = counts;
  if (first === undefined) return [];
  const leaveOut = (from: Environment): Environment => without(from, "synapse", "workerCounts");
  if (second !== undefined) {
    const text = counts.map(([group, count]) => `${group} ${count}`).join(", ");
    return [{ key: "synapse.worker_counts", text, leaveOut }];
  }
  const [group, amount] = first;
  const isOfGroup = ({ name }: ProcessPlan): boolean => name === group || name.replace(/\d+$/, "") === group;
  const scale: Scale = {
    amount,
    step: 1,
    solved: (plan) => plan.synapse.processes.filter(isOfGroup).length,
    put: (into, count) => put(into, "synapse", "workerCounts", { [group]: count }),
    format: String,
  };
  return [{ key: `synapse.worker_counts.${group}`, text: String(amount), leaveOut, scale }];
};

/** Counts belong to the layout: they go with it. */
const layoutAdjustment = (env: Environment): Adjustment[] => {
  const set = env.synapse.workers;
  if (set === "auto") return [];
  const withLayout = (from: Environment, workers: Environment["synapse"]["workers"]): Environment =>
    put(without(from, "synapse", "workerCounts"), "synapse", "workers", workers);
  const leaveOut = (from: Environment): Environment => withLayout(from, "auto");
  if (typeof set === "object") {
    const workers = Object.values(set).reduce((sum, { count }) => sum + count, 0);
    return [{ key: "synapse.workers", text: `${workers} workers by hand`, leaveOut }];
  }
  const layoutAt = (index: number) => WORKER_LAYOUTS[index] ?? "none";
  const scale: Scale = {
    amount: WORKER_LAYOUTS.indexOf(set),
    step: 1,
    solved: ({ synapse: { layout } }) => (WORKER_LAYOUTS as readonly string[]).indexOf(layout.value),
    put: (into, index) => withLayout(into, layoutAt(index)),
    format: layoutAt,
  };
  return [{ key: "synapse.workers", text: set, leaveOut, scale }];
};

const poolerAdjustment = (env: Environment): Adjustment[] => {
  const { enabled } = env.pgbouncer;
  if (enabled === "auto") return [];
  const leaveOut = (from: Environment): Environment => put(from, "pgbouncer", "enabled", "auto");
  return [{ key: "pgbouncer.enabled", text: String(enabled), leaveOut }];
};

/** What takes memory once it is switched on; nothing is won by leaving out what is off. */
const switchAdjustments = ({ monitoring, compressor }: Environment): Adjustment[] => {
  const on = (key: string, enabled: boolean | "auto", leaveOut: Adjustment["leaveOut"]): Adjustment[] =>
    enabled === true ? [{ key, text: "true", leaveOut }] : [];
  return [
    ...on("monitoring.enabled", monitoring.enabled, (from) => ({
      ...from,
      monitoring: { ...from.monitoring, enabled: "auto" },
    })),
    ...on("monitoring.grafana.enabled", monitoring.grafana.enabled, (from) => ({
      ...from,
      monitoring: { ...from.monitoring, grafana: { ...from.monitoring.grafana, enabled: "auto" } },
    })),
    ...on("compressor.enabled", compressor.enabled, (from) => put(from, "compressor", "enabled", "auto")),
  ];
};

/** Every override of the file that the plan depends on. */
export const adjustmentsOf = (env: Environment): Adjustment[] => [
  ...TYPED.flatMap((typed) => typedAdjustment(env, typed) ?? []),
  ...passedOn(env, "postgres"),
  ...passedOn(env, "pgbouncer"),
  ...passedOn(env, "redis"),
  ...poolerAdjustment(env),
  ...switchAdjustments(env),
  ...countsAdjustment(env),
  ...layoutAdjustment(env),
];
