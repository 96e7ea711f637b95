import type { Environment } from "../../configs/environment";
import { PORTS } from "../../configs/ports";
import { secretPlaceholder } from "../../configs/secrets";
import type { ExporterName } from "../../sizing/plan";
import type { ConfigFile } from "../file";
import { MONITORING_ROLE } from "../monitoring-role";
import { programText } from "../program";
import { toYaml } from "../yaml";

const PASSWORD = secretPlaceholder("monitoring_password");

/** One module: a web page that has to be there, and its certificate, where it has one. */
const blackboxYaml = (env: Environment): string =>
  `# Rendered by synapse-kit.\n${toYaml({
    modules: {
      http: {
        prober: "http",
        timeout: "5s",
        http: {
          preferred_ip_protocol: "ip4",
          headers: { "User-Agent": `synapse-kit (${env.name})` },
        },
      },
    },
  })}`;

/** Files of each exporter. Passwords stand in files alone: every one of these programs takes a path for it. */
export const exporterFiles = (env: Environment, name: ExporterName): ConfigFile[] => {
  switch (name) {
    case "postgres-exporter":
      return [{ path: "password", content: PASSWORD }];
    case "pgbouncer-exporter":
      return [{ path: "pgpass", content: `pgbouncer:${PORTS.pgbouncer}:pgbouncer:${MONITORING_ROLE}:${PASSWORD}\n` }];
    case "redis-exporter":
      return [
        {
          path: "passwords.json",
          content: JSON.stringify({ [`redis://${MONITORING_ROLE}@redis:${PORTS.redis}`]: PASSWORD }),
        },
      ];
    case "blackbox-exporter":
      return [{ path: "blackbox.yml", content: blackboxYaml(env) }];
    case "container-exporter":
      return [{ path: "container_exporter.py", content: programText("container_exporter.py") }];
    case "node-exporter":
      return [];
  }
};
