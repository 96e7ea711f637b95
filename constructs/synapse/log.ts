import type { Environment } from "../../configs/environment";
import type { ProcessPlan } from "../../sizing/plan";
import { toYaml } from "../yaml";

/**
 * Everything to stdout, where Docker keeps and rotates it, with the process's name in each line. The access log stays
 * at INFO, since it alone says which process served a request; SQL never goes to DEBUG, which would print access tokens.
 */
export const logYaml = (env: Environment, process: ProcessPlan): string => {
  const level = env.synapse.logLevel;
  return toYaml({
    version: 1,
    disable_existing_loggers: false,
    formatters: {
      precise: {
        format: `%(asctime)s - ${process.name} - %(name)s - %(lineno)d - %(levelname)s - %(request)s - %(message)s`,
      },
    },
    handlers: { console: { class: "logging.StreamHandler", formatter: "precise", stream: "ext://sys.stdout" } },
    loggers: {
      "synapse.access": { level: "INFO" },
      "synapse.storage.SQL": { level: level === "DEBUG" ? "INFO" : level },
    },
    root: { level, handlers: ["console"] },
  });
};
