import type { Environment } from "../configs/environment";
import type { Plan } from "../sizing/plan";
import { alertmanagerFiles } from "./alertmanager/files";
import { compressorFiles } from "./compressor/files";
import { exporterFiles } from "./exporters/files";
import type { ConfigFile } from "./file";
import { grafanaFiles } from "./grafana/files";
import { matrixNotifierFiles } from "./matrix-notifier/files";
import { nginxFiles } from "./nginx/files";
import { pgbouncerFiles } from "./pgbouncer/files";
import { postgresFiles } from "./postgres/files";
import { prometheusFiles } from "./prometheus/files";
import { redisFiles } from "./redis/files";
import { synapseFiles } from "./synapse/files";

/** Files of one container, by its name within the environment. */
export interface RenderedService {
  readonly service: string;
  readonly files: readonly ConfigFile[];
}

const renderMonitoring = (environment: Environment, plan: Plan): RenderedService[] =>
  plan.monitoring
    ? [
        ...plan.monitoring.exporters.map(({ name, service }) => ({
          service: name,
          files: exporterFiles(environment, service),
        })),
        ...(plan.monitoring.matrixNotifier
          ? [{ service: plan.monitoring.matrixNotifier.name, files: matrixNotifierFiles(environment) }]
          : []),
        ...(plan.monitoring.alertmanager
          ? [{ service: plan.monitoring.alertmanager.name, files: alertmanagerFiles(environment, plan) }]
          : []),
        { service: plan.monitoring.prometheus.container.name, files: prometheusFiles(environment, plan) },
        ...(plan.monitoring.grafana
          ? [{ service: plan.monitoring.grafana.name, files: grafanaFiles(environment, plan) }]
          : []),
      ]
    : [];

/** Every file of every container, in start order. Pure, and without cdktf: what the constructs upload, to the letter. */
export const render = (environment: Environment, plan: Plan): RenderedService[] => {
  const watched = plan.monitoring !== undefined;
  return [
    { service: plan.postgres.container.name, files: postgresFiles(environment, plan) },
    ...(plan.pgbouncer
      ? [{ service: plan.pgbouncer.container.name, files: pgbouncerFiles(plan.pgbouncer, watched) }]
      : []),
    ...(plan.redis ? [{ service: plan.redis.container.name, files: redisFiles(plan.redis, watched) }] : []),
    ...plan.synapse.processes.map((process) => ({
      service: process.container.name,
      files: synapseFiles(environment, plan, process),
    })),
    { service: plan.nginx.container.name, files: nginxFiles(environment, plan) },
    ...(plan.compressor
      ? [{ service: plan.compressor.container.name, files: compressorFiles(environment, plan.compressor) }]
      : []),
    ...renderMonitoring(environment, plan),
  ];
};
