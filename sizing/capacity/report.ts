import type { Plan } from "../plan";
import { FROM_FILE } from "../solved";
import { capacityOf } from "./capacity";
import { COSTS } from "./costs";
import { SEND_TARGET_MS } from "./resources";

/** The capacity of a plan in `size --json`. */
export interface CapacityReport {
  readonly users: number;
  readonly messages_per_second: number;
  readonly events_from_other_servers_per_second: number;
  readonly bottleneck: string;
  readonly reason: string;
  readonly target: { readonly send_p95_ms: number; readonly highest_utilisation: number };
  readonly expected: {
    readonly messages_per_second: number;
    readonly events_from_other_servers_per_second: number;
    /** Of what may be in use; above 1 is too much. */
    readonly share_of_capacity: number;
    readonly bottleneck: string;
    readonly cpus_by_service: Readonly<Record<string, number>>;
  };
  readonly measured: { readonly date: string; readonly cpu: string; readonly cores: number };
}

const digits = (value: number): number => Number(value.toPrecision(3));

const othersText = (perSecond: number): string =>
  perSecond === 0 ? "" : ` and ${digits(perSecond)} events/s of other servers`;

/** The capacity as data. */
export const capacityJson = (plan: Plan): CapacityReport => {
  const { users, messagesPerSecond, othersPerSecond, bottleneck, ceiling, expected } = capacityOf(plan);
  return {
    users: users.value,
    messages_per_second: digits(messagesPerSecond),
    events_from_other_servers_per_second: digits(othersPerSecond),
    bottleneck,
    reason: users.reason,
    target: { send_p95_ms: SEND_TARGET_MS, highest_utilisation: digits(ceiling) },
    expected: {
      messages_per_second: digits(expected.messagesPerSecond),
      events_from_other_servers_per_second: digits(expected.othersPerSecond),
      share_of_capacity: digits(expected.share),
      bottleneck: expected.bottleneck,
      cpus_by_service: Object.fromEntries(Object.entries(expected.cores).map(([name, cores]) => [name, digits(cores)])),
    },
    measured: { date: COSTS.date, cpu: COSTS.machine.cpu, cores: COSTS.machine.cores },
  };
};

/**
 * A line where the file expects more than the plan holds. No refusal, for only cores like those of the measurement are
 * known; and none for what the kit itself makes of the hardware.
 */
export const capacityNote = (plan: Plan): string | undefined => {
  const { users, eventsPerSecond } = plan.expected;
  const isDeclared = [users, eventsPerSecond].some(({ source }) => source === FROM_FILE);
  const { expected } = capacityOf(plan);
  const others = othersText(expected.othersPerSecond);
  if (!isDeclared || expected.share <= 1) return undefined;
  return `note: ${users.value} users with ${digits(expected.messagesPerSecond)} messages/s${others} are ${digits(expected.share)} times what this machine holds, if its cores are like those of ${COSTS.machine.cpu}: first to run out is ${expected.bottleneck}`;
};

/** What the plan holds, in one line, and in another if that is too little. */
export const capacityLines = (plan: Plan): string[] => {
  const { users, messagesPerSecond, othersPerSecond, bottleneck, expected } = capacityOf(plan);
  const others = othersText(othersPerSecond);
  const note = capacityNote(plan);
  return [
    `holds ${digits(messagesPerSecond)} messages/s${others} in rooms where ${plan.expected.fanOut.value} devices listen, as of ${users.value} users who do something every 6 s; first to run out: ${bottleneck}; expected is ${Math.round(expected.share * 100)} % of it`,
    ...(note === undefined ? [] : [note]),
  ];
};
