/** A busy machine may miss a look or two. `guess` */
const HUNG_AFTER = "2m";

/**
 * A program that does not answer, told by its exporter, or whose container does not run, or whose exporter runs and says
 * nothing for a while: it waits for a program that hangs, or for the address of one that is gone, until Prometheus gives up.
 * @param up - the exporter's word for it
 * @param container - name within the environment, which the job is called by
 */
export const downExpr = (up: string, container: string): string => {
  const hung = `max_over_time(up{job="${container}"}[${HUNG_AFTER}]) == 0 and on (instance) container_running{name="${container}-exporter"} == 1`;
  return `max by (instance) (${up} == 0 or container_running{name="${container}"} == 0 or (${hung}))`;
};
