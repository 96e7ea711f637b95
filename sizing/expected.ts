import type { Environment, Federation } from "../configs/environment";
import type { HostFacts, Plan, Solved } from "./plan";
import { exactMegabytes, FROM_FILE, GUESS, solved } from "./solved";

/** Clients with an open long poll that a core and a GB carry. `guess`; the ladder of docs/sizing.md to within a third. */
const CLIENTS_PER_CORE = 250;
const CLIENTS_PER_GB = 125;
/** A phone and a desktop. `guess` */
const CLIENTS_PER_USER = 2;
const LEAST_CLIENTS = 20;
/** For six files each, main alone can open no more: the kernel's `fs.nr_open` is 1,048,576. */
const MOST_CLIENTS = 170_000;

/** One event a minute from a user who is active; the load model of a stress test is ten times that. `guess` */
export const EVENTS_PER_USER_SECOND = 1 / 60;
/** The sender's own device left out. `guess`; what a message costs depends on it more than on anything else. */
const FAN_OUT = 5;

/** Events that arrive from other servers, as a multiple of those of the own users, own ones included. `guess` */
export const FEDERATION_FACTOR: Readonly<Record<Federation, number>> = { closed: 1, small: 1.5, open: 3 };

const BYTES_PER_GB = 1024 ** 3;

const clientsFromHardware = (host: HostFacts): number =>
  Math.max(
    LEAST_CLIENTS,
    Math.min(
      MOST_CLIENTS,
      CLIENTS_PER_CORE * host.cpus.toCores(),
      (CLIENTS_PER_GB * host.ram.toBytes()) / BYTES_PER_GB,
    ),
  );

/** Devices that a message is delivered to, in the mean. */
export const expectedFanOut = ({ expected: { fanOut } }: Environment): Solved<number> =>
  fanOut === undefined
    ? solved(FAN_OUT, `${FAN_OUT} devices listen to a message`, GUESS)
    : solved(fanOut, "set by expected.fan_out", FROM_FILE);

/** Events of own users and of other servers, for each of the former. */
export const expectedFederationFactor = ({ expected: { federation } }: Environment): Solved<number> => {
  const factor = FEDERATION_FACTOR[federation];
  return solved(factor, `events of own users and of other servers ÷ the former, for ${federation} federation`, GUESS);
};

/** Load that the plan is made for: what the file declares, else what hardware of this size is usually bought for. */
export const expectedLoad = (env: Environment, host: HostFacts): Plan["expected"] => {
  const declared = env.expected.users;
  const clients: Solved<number> =
    declared !== undefined
      ? solved(
          Math.max(LEAST_CLIENTS, Math.ceil(declared * CLIENTS_PER_USER)),
          `${CLIENTS_PER_USER} clients for each of ${declared} users`,
          GUESS,
        )
      : solved(
          Math.floor(clientsFromHardware(host)),
          `the lesser of ${CLIENTS_PER_CORE} per core × ${host.cpus} and ${CLIENTS_PER_GB} per GB × ${exactMegabytes(host.ram)}`,
          GUESS,
        );
  const users: Solved<number> =
    declared !== undefined
      ? solved(declared, "set by expected.users", FROM_FILE)
      : solved(
          Math.floor(clients.value / CLIENTS_PER_USER),
          `${clients.value} clients, ${CLIENTS_PER_USER} per user`,
          GUESS,
        );
  const federationFactor = expectedFederationFactor(env);
  const { federation } = env.expected;
  const eventsPerSecond: Solved<number> =
    env.expected.eventsPerSecond !== undefined
      ? solved(env.expected.eventsPerSecond, "set by expected.events_per_second", FROM_FILE)
      : solved(
          Math.round(users.value * EVENTS_PER_USER_SECOND * federationFactor.value * 10) / 10,
          `${users.value} users × 1 event a minute × ${federationFactor.value} for ${federation} federation`,
          GUESS,
        );
  return { users, eventsPerSecond, clients, fanOut: expectedFanOut(env), federationFactor };
};
