import type { Environment } from "../../configs/environment";
import type { Plan } from "../../sizing/plan";
import type { ConfigFile } from "../file";
import { prometheusYaml } from "./conf";

/** Files of the Prometheus container. */
export const prometheusFiles = (env: Environment, plan: Plan): ConfigFile[] => [
  { path: "prometheus.yml", content: prometheusYaml(env, plan, []) },
];
