import { capacityOf } from "../../sizing/capacity/capacity";
import {
  type ByPart,
  COSTS,
  type CostSet,
  type Figure,
  OPERATIONS,
  type Operation,
  type Part,
} from "../../sizing/capacity/costs";
import { capacityLines } from "../../sizing/capacity/report";
import { box, table } from "./boxes";
import { BOXES } from "./plans";

const NAMES: Readonly<Record<Operation, string>> = {
  message: "a message",
  delivery: "each device that it reaches",
  poll: "a long poll that comes to nothing",
  membership: "a join or a leave",
  first_sync: "a first sync",
  login: "a login",
};

const FAN_OUTS = [2, 5, 20];

const cell = (figure: Figure | undefined): string =>
  figure === undefined ? "–" : `${figure.median} (${figure.min}–${figure.max})`;

const costsTable = (set: CostSet, parts: readonly Part[], names: readonly string[]): string => {
  const row = (name: string, costs: ByPart): string[] => [name, ...parts.map((part) => cell(costs[part]))];
  return table(
    ["ms of CPU", ...names],
    [...OPERATIONS.map((operation) => row(NAMES[operation], set[operation])), row("a second of nothing", set.still)],
  );
};

/** What `size` prints for a machine of the middle. */
export const holdsText = (): string => `    ${capacityLines(box(8, 4).plan).join("\n    ")}`;

/** When, where and of what the costs were taken. */
export const circumstancesText = (): string => {
  const { date, machine, versions, sent_at, alone, split } = COSTS;
  const runs = split.message.main?.runs;
  return [
    `Taken on ${date} on ${machine.cores} cores of ${machine.cpu} with ${machine.ram_gib} GB, Synapse ${versions.synapse}, PostgreSQL ${versions.postgres}, kit ${versions.kit}; medians of ${runs} runs, least and greatest in brackets.`,
    `A message is taken after ${alone.send_ms.p50.median} ms (95 of 100 within ${alone.send_ms.p95.median}) by one process, after ${split.send_ms.p50.median} ms (${split.send_ms.p95.median}) by a process for each part, at ${sent_at.messages_per_second} a second in rooms where ${sent_at.members} listen.`,
  ].join("\n");
};

/** What operations cost in one Synapse process. */
export const aloneTable = (): string =>
  costsTable(COSTS.alone, ["main", "postgres", "nginx"], ["Synapse", "Postgres", "Nginx"]);

/** What operations cost in a process for each part. */
export const splitTable = (): string =>
  costsTable(
    COSTS.split,
    ["creator", "persister", "sync", "login", "main", "idle", "postgres", "pgbouncer", "redis", "nginx"],
    [
      "creates events",
      "writes them",
      "answers syncs",
      "answers logins",
      "main",
      "follows only",
      "Postgres",
      "PgBouncer",
      "Redis",
      "Nginx",
    ],
  );

/** What machines of usual sizes hold. */
export const capacityTable = (): string =>
  table(
    [
      "RAM / cores",
      "workers",
      ...FAN_OUTS.map((fanOut) => `users, ${fanOut} devices listen`),
      "messages/s",
      "then short is",
    ],
    BOXES.map(([ramGb, cores]) => {
      const { plan } = box(ramGb, cores);
      const { messagesPerSecond, bottleneck } = capacityOf(plan);
      return [
        `${ramGb} GB / ${cores}`,
        String(plan.synapse.processes.length - 1),
        ...FAN_OUTS.map((fanOut) => String(capacityOf(plan, COSTS, fanOut).users.value)),
        messagesPerSecond.toPrecision(2),
        bottleneck,
      ];
    }),
  );
