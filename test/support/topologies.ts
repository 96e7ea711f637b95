import fc from "fast-check";
import { ROLES, type RoleName } from "../../configs/catalogue/roles";
import type { WorkerGroups } from "../../configs/environment";
import { Bytes } from "../../configs/units/bytes";
import { Cpus } from "../../configs/units/cpus";
import type { HostFacts, Plan } from "../../sizing/plan";
import { solve } from "../../sizing/solve";
import { environment } from "../rendering/fixture";

/** A machine on which any layout fits. */
export const LARGE_HOST: HostFacts = {
  ram: Bytes.gib(1024),
  cpus: Cpus.of(128),
  disk: { kind: "nvme", size: Bytes.gib(4000) },
  source: "declared",
};

const NAMES = ["alpha", "beta", "gamma", "delta", "epsilon"] as const;
const MOST_OF_A_GROUP = 4;
const SYNC: readonly RoleName[] = ["initial_sync", "sync"];

const holders = fc.subarray([...NAMES]);
const oneHolder = fc.option(fc.constantFrom(...NAMES), { nil: undefined }).map((name) => (name ? [name] : []));

/** For every role the groups that have it; syncs of both kinds or of none. */
const holding: fc.Arbitrary<ReadonlyMap<RoleName, readonly string[]>> = fc
  .record({
    each: fc.tuple(...ROLES.map(({ singleton }) => (singleton === false ? holders : oneHolder))),
    syncs: fc.boolean(),
    first: fc.subarray([...NAMES], { minLength: 1 }),
    later: fc.subarray([...NAMES], { minLength: 1 }),
  })
  .map(({ each, syncs, first, later }) => {
    const map = new Map<RoleName, readonly string[]>(ROLES.map(({ name }, index) => [name, each[index] ?? []]));
    map.set("initial_sync", syncs ? first : []);
    map.set("sync", syncs ? later : []);
    return map;
  });

/** Sound layouts by hand: any roles in up to five groups, those that one process may have in groups of one. */
export const topologies: fc.Arbitrary<WorkerGroups> = fc
  .record({ holding, counts: fc.array(fc.integer({ min: 0, max: MOST_OF_A_GROUP }), { minLength: 5, maxLength: 5 }) })
  .map(({ holding, counts }) => {
    const entries = NAMES.map((name, index) => {
      const roles = ROLES.filter((role) => holding.get(role.name)?.includes(name));
      // A group with syncs may not be left out: the other kind of syncs would stand alone.
      const least = roles.some((role) => SYNC.includes(role.name)) ? 1 : 0;
      const most = roles.some(({ singleton }) => singleton !== false) ? 1 : MOST_OF_A_GROUP;
      const count = Math.min(most, Math.max(least, counts[index] ?? 0));
      return [name, { roles: roles.map((role) => role.name), count }] as const;
    });
    return Object.fromEntries(entries.filter(([, { roles }]) => roles.length > 0));
  })
  .filter((groups) => Object.keys(groups).length > 0);

/** The plan of a layout by hand on a machine with room for it. */
export const planOf = (workers: WorkerGroups, env = environment({ synapse: { workers } })): Plan =>
  solve(env, LARGE_HOST);
