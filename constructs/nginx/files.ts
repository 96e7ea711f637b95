import type { Environment } from "../../configs/environment";
import type { Plan } from "../../sizing/plan";
import type { ConfigFile } from "../file";
import { nginxConf } from "./conf";
import { presenceWatchFiles } from "./presence-watch";
import { requestCountFiles } from "./request-counts";
import { tokenOwnerFiles } from "./token-owners";

/** Files of the Nginx container. */
export const nginxFiles = (env: Environment, plan: Plan): ConfigFile[] => [
  { path: "nginx.conf", content: nginxConf(env, plan) },
  ...tokenOwnerFiles(plan),
  ...requestCountFiles(plan),
  ...presenceWatchFiles(plan),
];
