import type { Environment } from "../../configs/environment";
import type { Plan } from "../../sizing/plan";
import { CONFIG_DIR, type ConfigFile } from "../file";
import { prometheusYaml } from "./conf";
import { ruleFiles } from "./rules/files";

/** Files of the Prometheus container. */
export const prometheusFiles = (env: Environment, plan: Plan): ConfigFile[] => {
  const rules = ruleFiles(env, plan);
  const names = rules.map(({ path }) => `${CONFIG_DIR}/${path}`);
  return [{ path: "prometheus.yml", content: prometheusYaml(env, plan, names) }, ...rules];
};
