import type { Environment } from "../../configs/environment";
import type { Plan } from "../../sizing/plan";
import type { ConfigFile } from "../file";
import { ownSecretFiles } from "../own-secret-file";
import { toYaml } from "../yaml";
import { inhibitRules } from "./inhibitions";
import { receiverSecrets, receiversOf } from "./receivers";
import { routeOf } from "./route";

/** alertmanager.yml: whom to tell, what is told together, and what goes without saying. */
const alertmanagerYaml = (env: Environment, plan: Plan): string =>
  `# Rendered by synapse-kit.\n${toYaml({
    route: routeOf(env),
    inhibit_rules: inhibitRules(),
    receivers: receiversOf(env, plan),
  })}`;

/** Files of the Alertmanager container. */
export const alertmanagerFiles = (env: Environment, plan: Plan): ConfigFile[] => [
  { path: "alertmanager.yml", content: alertmanagerYaml(env, plan) },
  ...ownSecretFiles(receiverSecrets(env)),
];
