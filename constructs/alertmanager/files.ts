import type { Environment } from "../../configs/environment";
import type { ConfigFile } from "../file";
import { toYaml } from "../yaml";

/** alertmanager.yml: whom to tell, and what is told together. */
const alertmanagerYaml = (_env: Environment): string =>
  `# Rendered by synapse-kit.\n${toYaml({
    route: { receiver: "nobody", group_by: ["alertname"] },
    receivers: [{ name: "nobody" }],
  })}`;

/** Files of the Alertmanager container. */
export const alertmanagerFiles = (env: Environment): ConfigFile[] => [
  { path: "alertmanager.yml", content: alertmanagerYaml(env) },
];
