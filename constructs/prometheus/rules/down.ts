/**
 * A program that does not answer, told by its exporter, or whose container does not run: an exporter that cannot find its
 * program any more waits for an address until Prometheus gives up, and then says nothing at all.
 * @param up - the exporter's word for it
 * @param container - name within the environment
 */
export const downExpr = (up: string, container: string): string =>
  `max by (instance) (${up} == 0 or container_running{name="${container}"} == 0)`;
