import { PORTS } from "../../configs/ports";
import type { PostgresPlan } from "../../sizing/plan";

/** What the container's layout decides; nothing here is a matter of size. */
const FIXED: Readonly<Record<string, string>> = {
  listen_addresses: "*",
  port: String(PORTS.postgres),
  hba_file: "/config/pg_hba.conf",
  unix_socket_directories: "/var/run/postgresql",
  dynamic_shared_memory_type: "posix",
  logging_collector: "off",
  log_destination: "stderr",
  log_line_prefix: "%m [%p] %q%u@%d/%a ",
  cluster_name: "synapse-kit",
};

/** Quoted as postgresql.conf wants it: single quotes around everything, doubled inside. */
const quote = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** Text of postgresql.conf: the container's own settings, then the solved ones in alphabetical order. */
export const postgresConf = (plan: PostgresPlan): string => {
  const solved = Object.entries(plan.settings)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { value }]) => `${name} = ${quote(value)}`);
  const fixed = Object.entries(FIXED).map(([name, value]) => `${name} = ${quote(value)}`);
  return `${["# Rendered by synapse-kit.", ...fixed, "", ...solved].join("\n")}\n`;
};
