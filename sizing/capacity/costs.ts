import measured from "./costs.json";

/** Median, least and greatest of some runs. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

/** Parts of Synapse that had a process of their own when the costs were taken; `idle` only follows the others. */
export const SYNAPSE_PARTS = ["main", "creator", "persister", "sync", "login", "federation", "idle"] as const;
export type SynapsePart = (typeof SYNAPSE_PARTS)[number];
export const PARTS = [...SYNAPSE_PARTS, "postgres", "pgbouncer", "redis", "nginx"] as const;
export type Part = (typeof PARTS)[number];

/** By part; `connection` is the time for which a database connection is busy, or idle in a transaction. */
export type ByPart = Readonly<Partial<Record<Part | "connection", Figure>>>;

/** What one operation costs: milliseconds of CPU. */
export interface CostSet {
  /** Thousandths of a core while nothing happens. */
  readonly still: ByPart;
  /** A message by itself. */
  readonly message: ByPart;
  /** Each device that a message, a join or a leave is delivered to by a long poll: the answer, and the next poll. */
  readonly delivery: ByPart;
  /** A long poll that comes to nothing. */
  readonly poll: ByPart;
  /** A join or a leave. */
  readonly membership: ByPart;
  /** An event that another server sends, by itself. */
  readonly federation_event: ByPart;
  /** A first sync, of an account with one small room. */
  readonly first_sync: ByPart;
  /** A login with a password; nearly all of it is the hash. */
  readonly login: ByPart;
  /** Milliseconds until a message is taken, at the rate and in the rooms of `sent_at`. */
  readonly send_ms: { readonly p50: Figure; readonly p95: Figure; readonly p99: Figure };
}

export const OPERATIONS = [
  "message",
  "delivery",
  "poll",
  "membership",
  "federation_event",
  "first_sync",
  "login",
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** When, where and of what costs were taken. */
interface Circumstances {
  readonly date: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly ram_gib: number };
  readonly versions: { readonly kit: string; readonly synapse: string; readonly postgres: string };
}

/** What `npm run bench -- --only capacity` found out, and where. */
export interface Costs extends Circumstances {
  readonly sent_at: { readonly messages_per_second: number; readonly members: number };
  /** One process that does all. */
  readonly alone: CostSet;
  /** A process for each part. */
  readonly split: CostSet;
  /**
   * Of `federation_event`, where `npm run bench -- --only federation` took it later than the rest: a message, measured
   * beside it, cost `times` as much when the others were taken, and so its costs are as measured, times that, part by part;
   * where messages have no such part, times the `whole`.
   */
  readonly federation?: Circumstances & {
    readonly times: Readonly<Record<"alone" | "split", ByPart & { readonly whole: Figure }>>;
  };
}

export const COSTS: Costs = measured;

export const COSTS_SOURCE = `sizing/capacity/costs.json, measured on ${COSTS.date} on ${COSTS.machine.cores} cores of ${COSTS.machine.cpu}`;

/** Median of a part; nothing where it was not there. */
export const medianOf = (costs: ByPart, part: Part | "connection"): number => costs[part]?.median ?? 0;
