import { EVENTS_PER_USER_SECOND } from "../expected";
import type { Plan } from "../plan";
import { FROM_FILE } from "../solved";

/** What all users together do, in a second. */
export interface Rates {
  readonly messages: number;
  /** Joins and leaves. */
  readonly memberships: number;
  /** Messages, joins and leaves, times the devices that each is delivered to. */
  readonly deliveries: number;
  /** Long polls that come to nothing. */
  readonly polls: number;
}

/** The kit's load model: a user does something every 6 seconds, and in 94 of 100 cases that is a message, else a join or a leave. */
const ACTIONS_PER_SECOND = 1 / 6;
const MESSAGE_SHARE = 0.94;
/** A long poll waits for so many seconds (matrix-js-sdk, Element X). */
const POLL_SECONDS = 30;

export const MESSAGES_PER_USER = ACTIONS_PER_SECOND * MESSAGE_SHARE;

const rates = (messages: number, memberships: number, clients: number, fanOut: number): Rates => ({
  messages,
  memberships,
  deliveries: (messages + memberships) * fanOut,
  polls: clients / POLL_SECONDS,
});

/** Of so many users of the load model, each with one device that polls. */
export const ratesOfUsers = (users: number, fanOut: number): Rates =>
  rates(users * MESSAGES_PER_USER, users * ACTIONS_PER_SECOND * (1 - MESSAGE_SHARE), users, fanOut);

/**
 * What the plan expects: `expected.events_per_second`, else what its users send. What other servers send is not in it,
 * since nobody has measured what that costs.
 */
export const expectedRates = ({ expected }: Plan, fanOut: number): Rates => {
  const { users, clients, eventsPerSecond } = expected;
  const isDeclared = eventsPerSecond.source === FROM_FILE;
  return rates(isDeclared ? eventsPerSecond.value : users.value * EVENTS_PER_USER_SECOND, 0, clients.value, fanOut);
};
