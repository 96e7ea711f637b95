import { doersOf, type LayoutProcess } from "../configs/catalogue/layouts";
import type { Environment } from "../configs/environment";

/**
 * Whether a process that answers syncs has to tell another one that the user is there. It waits for that process, a minute
 * where that is down (replication/http/_base.py, 1.163).
 * @param processes - main first
 */
export const presenceIsApart = ({ synapse }: Environment, processes: readonly LayoutProcess[]): boolean => {
  const [writer] = doersOf(processes, "presence");
  const syncing = [...doersOf(processes, "sync"), ...doersOf(processes, "initial_sync")];
  return synapse.presence && syncing.some((process) => process !== writer);
};
