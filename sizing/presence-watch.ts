import type { LayoutProcess } from "../configs/catalogue/layouts";
import type { RoleName } from "../configs/catalogue/roles";
import type { Environment } from "../configs/environment";

const holdersOf = (processes: readonly LayoutProcess[], role: RoleName): LayoutProcess[] => {
  const holders = processes.filter(({ roles }) => roles.includes(role));
  return holders.length > 0 ? holders : processes.slice(0, 1);
};

/**
 * Whether a process that answers syncs has to tell another one that the user is there. It waits for that process, a minute
 * where that is down (replication/http/_base.py, 1.163).
 * @param processes - main first
 */
export const presenceIsApart = ({ synapse }: Environment, processes: readonly LayoutProcess[]): boolean => {
  const [writer] = holdersOf(processes, "presence");
  const syncing = [...holdersOf(processes, "sync"), ...holdersOf(processes, "initial_sync")];
  return synapse.presence && syncing.some((process) => process !== writer);
};
