import type { Resource, Role, Stream } from "../../configs/catalogue/role";
import { type RoleName, roleOf } from "../../configs/catalogue/roles";
import type { Plan, ProcessPlan } from "../../sizing/plan";

const rolesOf = (process: ProcessPlan): Role[] => process.roles.map(roleOf);

export const workersOf = (plan: Plan): ProcessPlan[] => plan.synapse.processes.filter((process) => !process.isMain);

export const mainOf = (plan: Plan): ProcessPlan => plan.synapse.processes[0] as ProcessPlan;

/** Workers that hold a role, in order: Synapse shards by position in these lists. */
export const holdersOf = (plan: Plan, role: RoleName): ProcessPlan[] =>
  workersOf(plan).filter((process) => process.roles.includes(role));

export const hasMediaWorker = (plan: Plan): boolean => holdersOf(plan, "media_repository").length > 0;

/** Streams that a worker writes; main writes the rest. */
export const streamsOf = (process: ProcessPlan): Stream[] => rolesOf(process).flatMap((role) => role.streams);

/** Resources of the public listener; empty for a worker that nothing is routed to. */
export const resourcesOf = (plan: Plan, process: ProcessPlan): Resource[] => {
  if (process.isMain) return hasMediaWorker(plan) ? ["client", "federation"] : ["client", "federation", "media"];
  return [...new Set(rolesOf(process).flatMap((role) => role.resources))].sort();
};

/** Processes that others call over HTTP replication: main, and every writer of a stream. */
export const replicatesOverHttp = (process: ProcessPlan): boolean => process.isMain || streamsOf(process).length > 0;

/** Whether a process reads and writes the media files. */
export const needsMediaStore = (plan: Plan, process: ProcessPlan): boolean =>
  hasMediaWorker(plan) ? process.roles.includes("media_repository") : process.isMain;
