import type { Environment } from "../../configs/environment";
import { PORTS } from "../../configs/ports";
import type { Plan } from "../../sizing/plan";
import { addressesOf } from "../addresses";
import { CONFIG_DIR } from "../file";
import { toYaml } from "../yaml";
import { DASHBOARDS_FOLDER } from "./ini";

/** What the panels name their data source by: it must never change. */
export const DATA_SOURCE_UID = "synapse-kit-prometheus";

const yaml = (value: object): string => `# Rendered by synapse-kit.\n${toYaml(value)}`;

/** The environment's own Prometheus. */
export const dataSourcesYaml = (env: Environment, plan: Plan): string => {
  const prometheus = addressesOf(env.docker.network, plan).get("prometheus")?.backend;
  return yaml({
    apiVersion: 1,
    datasources: [
      {
        name: "Prometheus",
        type: "prometheus",
        uid: DATA_SOURCE_UID,
        access: "proxy",
        url: `http://${prometheus}:${PORTS.prometheus}`,
        isDefault: true,
        editable: false,
        jsonData: {
          httpMethod: "POST",
          prometheusType: "Prometheus",
          // What `$__rate_interval` is reckoned from.
          timeInterval: env.monitoring.scrapeInterval.toString(),
        },
      },
    ],
  });
};

/** The folder of dashboards: changed by the next deployment alone. */
export const dashboardsYaml = (): string =>
  yaml({
    apiVersion: 1,
    providers: [
      {
        name: "synapse-kit",
        type: "file",
        allowUiUpdates: false,
        options: { path: `${CONFIG_DIR}/${DASHBOARDS_FOLDER}` },
      },
    ],
  });
