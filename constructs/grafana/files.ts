import type { Environment } from "../../configs/environment";
import { secretPlaceholder } from "../../configs/secrets";
import type { Plan } from "../../sizing/plan";
import type { ConfigFile } from "../file";
import { dashboardsOf } from "./dashboards/dashboards";
import { DASHBOARDS_FOLDER, grafanaIni, PASSWORD_FILE, PROVISIONING_FOLDER } from "./ini";
import { dashboardJson } from "./json";
import { dashboardsYaml, dataSourcesYaml } from "./provisioning";

/** Files of the Grafana container. */
export const grafanaFiles = (env: Environment, plan: Plan): ConfigFile[] => [
  { path: "grafana.ini", content: grafanaIni() },
  { path: PASSWORD_FILE, content: secretPlaceholder("grafana_admin_password") },
  { path: `${PROVISIONING_FOLDER}/datasources/prometheus.yml`, content: dataSourcesYaml(env, plan) },
  { path: `${PROVISIONING_FOLDER}/dashboards/synapse-kit.yml`, content: dashboardsYaml() },
  ...dashboardsOf(env, plan).map((dashboard) => ({
    path: `${DASHBOARDS_FOLDER}/${dashboard.name}.json`,
    content: dashboardJson(dashboard),
  })),
];
