import type { Environment } from "../../configs/environment";
import { PORTS } from "../../configs/ports";
import type { ExporterName, Plan, ProcessPlan } from "../../sizing/plan";
import { type Addresses, addressesOf } from "../addresses";

/** One program that Prometheus asks, with the labels of all that it says. */
export interface Target {
  /** `host:port`. Addresses, since a name would stand for both networks of a container. */
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Targets that are asked alike. */
export interface Job {
  readonly name: string;
  readonly targets: readonly Target[];
}

/** What each exporter tells about, which is the name of its job. */
export const EXPORTER_JOBS: Readonly<Record<Exclude<ExporterName, "blackbox-exporter">, string>> = {
  "node-exporter": "node",
  "container-exporter": "containers",
  "postgres-exporter": "postgres",
  "pgbouncer-exporter": "pgbouncer",
  "redis-exporter": "redis",
};

export const EXPORTER_PORTS: Readonly<Record<ExporterName, number>> = {
  "node-exporter": PORTS.nodeExporter,
  "container-exporter": PORTS.containerExporter,
  "postgres-exporter": PORTS.postgresExporter,
  "pgbouncer-exporter": PORTS.pgbouncerExporter,
  "redis-exporter": PORTS.redisExporter,
  "blackbox-exporter": PORTS.blackboxExporter,
};

/**
 * `job` and `index` as Synapse's own dashboard expects them (contrib/grafana/synapse.json): main is `synapse` 1, the
 * second worker of the group `sync` is `synapse-sync` 2.
 */
export const synapseLabels = ({ name, isMain }: ProcessPlan): { readonly job: string; readonly index: string } => {
  if (isMain) return { job: "synapse", index: "1" };
  const [, group = name, index = "1"] = /^(.*?)(\d+)$/.exec(name) ?? [];
  return { job: `synapse-${group}`, index };
};

/** Every program that is asked directly, by job; what is asked through the blackbox exporter is not among them. */
export const jobsOf = (env: Environment, plan: Plan): Job[] => {
  const { monitoring } = plan;
  if (!monitoring) return [];
  const addresses = addressesOf(env.docker.network, plan);
  // One name for the whole box, so that all that is said about it can be brought together.
  const instance = env.serverName;
  const at = (container: string, port: number, network: keyof Addresses = "backend"): string =>
    `${addresses.get(container)?.[network]}:${port}`;
  const own = (name: string, container: string, port: number, network?: keyof Addresses): Job => ({
    name,
    targets: [{ address: at(container, port, network), labels: { instance } }],
  });
  return [
    {
      name: "synapse",
      targets: plan.synapse.processes.map((process) => ({
        address: at(process.container.name, PORTS.synapseMetrics),
        labels: { instance, ...synapseLabels(process) },
      })),
    },
    own("nginx", plan.nginx.container.name, PORTS.nginxStatus, "frontend"),
    ...monitoring.exporters
      .filter(({ service }) => service !== "blackbox-exporter")
      .map(({ name, service }) =>
        own(EXPORTER_JOBS[service as keyof typeof EXPORTER_JOBS], name, EXPORTER_PORTS[service]),
      ),
    ...(plan.compressor ? [own("compressor", plan.compressor.container.name, PORTS.compressor)] : []),
    ...(monitoring.alertmanager ? [own("alertmanager", monitoring.alertmanager.name, PORTS.alertmanager)] : []),
    ...(monitoring.grafana ? [own("grafana", monitoring.grafana.name, PORTS.grafana)] : []),
    own("prometheus", monitoring.prometheus.container.name, PORTS.prometheus),
  ];
};

/** A question from outside, as a client would ask it. */
export interface Probe {
  readonly name: string;
  readonly url: string;
}

const VERSIONS = "/_matrix/client/versions";

/** Through the front door, and by the public name where that has a certificate. */
export const probesOf = (env: Environment, plan: Plan): Probe[] => {
  const nginx = addressesOf(env.docker.network, plan).get(plan.nginx.container.name)?.frontend;
  return [
    { name: "front-door", url: `http://${nginx}:${PORTS.nginx}${VERSIONS}` },
    ...(env.publicBaseurl.startsWith("https://") ? [{ name: "public", url: `${env.publicBaseurl}${VERSIONS}` }] : []),
  ];
};

/** Where the environment's Prometheus answers, for programs on the machine of its engine. */
export const prometheusUrl = (env: Environment, plan: Plan): string =>
  `http://${addressesOf(env.docker.network, plan).get("prometheus")?.frontend}:${PORTS.prometheus}`;
