/** Ports inside the containers. Nothing below 1024, so that no container needs a capability to bind. */
export const PORTS = {
  nginx: 8080,
  /** Answers on 127.0.0.1 of the Nginx container alone: `/nginx_status` and `/healthz`. */
  nginxStatus: 8081,
  /** Client, federation and media listener of every Synapse process, on the frontend network. */
  synapse: 8008,
  /** Listener with nothing but `/health`, on 127.0.0.1 of every Synapse process. */
  synapseHealth: 8080,
  /** HTTP replication, on the backend network alone: it is unencrypted. */
  synapseReplication: 9093,
  synapseMetrics: 9090,
  postgres: 5432,
  pgbouncer: 6432,
  redis: 6379,
  /** Each program's usual port (Prometheus wiki, "Default port allocations"). */
  prometheus: 9090,
  alertmanager: 9093,
  nodeExporter: 9100,
  blackboxExporter: 9115,
  redisExporter: 9121,
  pgbouncerExporter: 9127,
  postgresExporter: 9187,
  grafana: 3000,
  /** Of the kit's own: from the range that nobody else registered. */
  containerExporter: 9980,
  compressor: 9981,
  matrixNotifier: 9982,
} as const;
