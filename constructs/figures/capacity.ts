import { capacityOf } from "../../sizing/capacity/capacity";
import {
  type ByPart,
  COSTS,
  type CostSet,
  type Costs,
  type Figure,
  OPERATIONS,
  type Operation,
  type Part,
} from "../../sizing/capacity/costs";
import { type Rooms, roomsOf } from "../../sizing/capacity/rates";
import { capacityLines } from "../../sizing/capacity/report";
import { FEDERATION_FACTOR } from "../../sizing/expected";
import { box, table } from "./boxes";
import { BOXES } from "./plans";

const NAMES: Readonly<Record<Operation, string>> = {
  message: "a message",
  delivery: "each device that it reaches",
  poll: "a long poll that comes to nothing",
  membership: "a join or a leave",
  federation_event: "an event of another server",
  first_sync: "a first sync",
  login: "a login",
};

const FAN_OUTS = [2, 5, 20];
/** Beside the default. */
const OTHER_FEDERATION = ["closed", "open"] as const;

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

const federationText = ({ date, machine, versions, times }: NonNullable<Costs["federation"]>): string =>
  `Events of other servers were measured later, beside messages, on ${date} on ${machine.cores} cores of ${machine.cpu}, Synapse ${versions.synapse}, PostgreSQL ${versions.postgres}, ${times.alone.whole.runs} runs. So that they compare, their CPU stands here times what a message cost when the rest was taken ÷ what it cost beside them, part by part: ${cell(times.alone.whole)} of all in one process, ${cell(times.split.whole)} in a process for each part.`;

/** When, where and of what the costs were taken. */
export const circumstancesText = (): string => {
  const { date, machine, versions, sent_at, alone, split, federation } = COSTS;
  const runs = split.message.main?.runs;
  return [
    `Taken on ${date} on ${machine.cores} cores of ${machine.cpu} with ${machine.ram_gib} GB, Synapse ${versions.synapse}, PostgreSQL ${versions.postgres}, kit ${versions.kit}; medians of ${runs} runs, least and greatest in brackets.`,
    `A message is taken after ${alone.send_ms.p50.median} ms (95 of 100 within ${alone.send_ms.p95.median}) by one process, after ${split.send_ms.p50.median} ms (${split.send_ms.p95.median}) by a process for each part, at ${sent_at.messages_per_second} a second in rooms where ${sent_at.members} listen.`,
    ...(federation === undefined ? [] : [federationText(federation)]),
  ].join("\n");
};

/** What operations cost in one Synapse process. */
export const aloneTable = (): string =>
  costsTable(COSTS.alone, ["main", "postgres", "nginx"], ["Synapse", "Postgres", "Nginx"]);

/** What operations cost in a process for each part. */
export const splitTable = (): string =>
  costsTable(
    COSTS.split,
    ["creator", "persister", "sync", "login", "federation", "main", "idle", "postgres", "pgbouncer", "redis", "nginx"],
    [
      "creates events",
      "writes them",
      "answers syncs",
      "answers logins",
      "takes from servers",
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
      ...OTHER_FEDERATION.map((federation) => `users, federation ${federation}`),
      "messages/s",
      "of others",
      "then short is",
    ],
    BOXES.map(([ramGb, cores]) => {
      const { plan } = box(ramGb, cores);
      const { messagesPerSecond, othersPerSecond, bottleneck } = capacityOf(plan);
      const usersIn = (rooms: Partial<Rooms>): string =>
        String(capacityOf(plan, COSTS, { ...roomsOf(plan), ...rooms }).users.value);
      return [
        `${ramGb} GB / ${cores}`,
        String(plan.synapse.processes.length - 1),
        ...FAN_OUTS.map((fanOut) => usersIn({ fanOut })),
        ...OTHER_FEDERATION.map((federation) => usersIn({ federationFactor: FEDERATION_FACTOR[federation] })),
        messagesPerSecond.toPrecision(2),
        othersPerSecond.toPrecision(2),
        bottleneck,
      ];
    }),
  );
