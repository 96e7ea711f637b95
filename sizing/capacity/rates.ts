import { EVENTS_PER_USER_SECOND } from "../expected";
import type { Plan } from "../plan";
import { FROM_FILE } from "../solved";

/** What all users together do, in a second. */
export interface Rates {
  readonly messages: number;
  /** Joins and leaves. */
  readonly memberships: number;
  /** Events that other servers send. */
  readonly fromOthers: number;
  /** All of these, times the devices that each is delivered to. */
  readonly deliveries: number;
  /** Long polls that come to nothing. */
  readonly polls: number;
}

export const NOTHING: Rates = { messages: 0, memberships: 0, fromOthers: 0, deliveries: 0, polls: 0 };

/** The kit's load model: a user does something every 6 seconds, and in 94 of 100 cases that is a message, else a join or a leave. */
const ACTIONS_PER_SECOND = 1 / 6;
const MESSAGE_SHARE = 0.94;
/** A long poll waits for so many seconds (matrix-js-sdk, Element X). */
const POLL_SECONDS = 30;

export const MESSAGES_PER_USER = ACTIONS_PER_SECOND * MESSAGE_SHARE;

/** What rooms are like. */
export interface Rooms {
  /** Devices that an event is delivered to, in the mean. */
  readonly fanOut: number;
  /** All events ÷ those of the own users. */
  readonly federationFactor: number;
}

/** Those that the plan expects. */
export const roomsOf = ({ expected }: Plan): Rooms => ({
  fanOut: expected.fanOut.value,
  federationFactor: expected.federationFactor.value,
});

const rates = (messages: number, memberships: number, clients: number, { fanOut, federationFactor }: Rooms): Rates => ({
  messages,
  memberships,
  fromOthers: (messages + memberships) * (federationFactor - 1),
  deliveries: (messages + memberships) * federationFactor * fanOut,
  polls: clients / POLL_SECONDS,
});

/** Of so many users of the load model, each with one device that polls, and of the other servers in their rooms. */
export const ratesOfUsers = (users: number, rooms: Rooms): Rates =>
  rates(users * MESSAGES_PER_USER, users * ACTIONS_PER_SECOND * (1 - MESSAGE_SHARE), users, rooms);

/**
 * What the plan expects: `expected.events_per_second`, which has the events of other servers in it, else what its users
 * send, and those with it.
 */
export const expectedRates = ({ expected }: Plan, rooms: Rooms): Rates => {
  const { users, clients, eventsPerSecond } = expected;
  const own =
    eventsPerSecond.source === FROM_FILE
      ? eventsPerSecond.value / rooms.federationFactor
      : users.value * EVENTS_PER_USER_SECOND;
  return rates(own, 0, clients.value, rooms);
};
