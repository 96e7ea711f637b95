import type { Environment } from "../../configs/environment";
import { PORTS } from "../../configs/ports";
import { Duration } from "../../configs/units/duration";
import type { Plan } from "../../sizing/plan";
import { addressesOf } from "../addresses";
import { toYaml } from "../yaml";
import { EXPORTER_PORTS, type Job, jobsOf, type Probe, probesOf, type Target } from "./targets";

/** A process that does not answer in that time has no time for its clients either. */
const SCRAPE_TIMEOUT = Duration.seconds(10);

const staticConfig = ({ address, labels }: Target): object => ({ targets: [address], labels });

const scrape = ({ name, targets }: Job): object => ({
  job_name: name,
  static_configs: targets.map(staticConfig),
});

/** The exporter is told whom to ask by the query; what comes back stands under the probe's name. */
const probeJob = (env: Environment, probes: readonly Probe[], exporter: string): object => ({
  job_name: "blackbox",
  metrics_path: "/probe",
  params: { module: ["http"] },
  static_configs: probes.map(({ name, url }) => ({
    targets: [url],
    labels: { instance: env.serverName, probe: name },
  })),
  relabel_configs: [
    { source_labels: ["__address__"], target_label: "__param_target" },
    { target_label: "__address__", replacement: exporter },
  ],
});

/** prometheus.yml: whom to ask, which rules to follow, whom to tell. */
export const prometheusYaml = (env: Environment, plan: Plan, ruleFiles: readonly string[]): string => {
  const addresses = addressesOf(env.docker.network, plan);
  const at = (container: string, port: number): string => `${addresses.get(container)?.backend}:${port}`;
  const interval = env.monitoring.scrapeInterval;
  return `# Rendered by synapse-kit.\n${toYaml({
    global: {
      scrape_interval: interval.toString(),
      scrape_timeout: (interval.isLessThan(SCRAPE_TIMEOUT) ? interval : SCRAPE_TIMEOUT).toString(),
      evaluation_interval: interval.toString(),
      external_labels: { environment: env.name },
    },
    rule_files: ruleFiles,
    ...(plan.monitoring?.alertmanager
      ? {
          alerting: {
            alertmanagers: [
              { static_configs: [{ targets: [at(plan.monitoring.alertmanager.name, PORTS.alertmanager)] }] },
            ],
          },
        }
      : {}),
    scrape_configs: [
      ...jobsOf(env, plan).map(scrape),
      probeJob(env, probesOf(env, plan), at("blackbox-exporter", EXPORTER_PORTS["blackbox-exporter"])),
    ],
  })}`;
};
