// The arms: Postgres as it comes, what others would set, and the kit.
import { readdirSync, readFileSync } from "node:fs";
import { load } from "js-yaml";
import { AGAIN } from "../rounds.mjs";

const ARMS = new URL("arms/", import.meta.url);
const MB = 1024 ** 2;

export const OURS = "ours";
/** The A/A arm: what it differs by from `ours` is noise. */
export const OURS_AGAIN = `${OURS}${AGAIN}`;

/** Docker's size of /dev/shm, where nobody says another. */
const DOCKER_SHM = 64 * MB;
/** Synapse's cp_max in its documentation, ESS and MDAD. */
const USUAL_CP_MAX = 10;
/** superuser_reserved_connections, PostgreSQL's default. */
const SUPERUSER = 3;

export const peers = () =>
  readdirSync(ARMS)
    .filter((file) => file.endsWith(".yaml"))
    .sort()
    .map((file) => load(readFileSync(new URL(file, ARMS), "utf8")));

/**
 * Connections that Synapse can hold at once with a peer's settings: nobody but the kit brings a pooler, so each process
 * opens its own pool, of the usual size, until Postgres refuses.
 */
const unpooled = (settings, plan) =>
  Math.min(Number(settings.max_connections) - SUPERUSER, USUAL_CP_MAX * plan.processes);

const peerArms = (peer, box, plan) =>
  Object.entries(peer.boxes[box]).map(([input, { settings, shm }]) => ({
    name: peer.boxes[box].helped ? `${peer.short}, ${input}` : peer.short,
    input,
    settings: Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
    shm: shm === undefined ? DOCKER_SHM : Number.parseInt(shm, 10) * MB,
    // Nothing but the machine bounds it.
    limit: plan.ram - plan.reserve,
    connections: unpooled(settings, plan),
  }));

/** Arms of a box: bytes of memory of the whole box, of /dev/shm, settings, connections of the worst case. */
export const armsOf = (box, plan) => {
  const ours = {
    input: "host",
    settings: plan.settings,
    shm: plan.shm,
    // The kit gives Postgres a limit of its own, below what the others leave.
    limit: plan.postgres + plan.others.reduce((all, one) => all + one, 0),
    connections: plan.servers,
  };
  return [
    { name: OURS, ...ours },
    ...peers().flatMap((peer) => peerArms(peer, box, plan)),
    { name: OURS_AGAIN, ...ours },
  ];
};
