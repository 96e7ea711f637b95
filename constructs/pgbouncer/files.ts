import { PORTS } from "../../configs/ports";
import { secretPlaceholder } from "../../configs/secrets";
import type { PgbouncerPlan } from "../../sizing/plan";
import type { ConfigFile } from "../file";
import { MONITORING_ROLE } from "../monitoring-role";
import { DATABASE, ROLE } from "../postgres/provision";

/** PgBouncer's name of the database in session mode: for main, its migrations and its background updates. */
export const SESSION_DATABASE = `${DATABASE}_session`;

const ini = (plan: PgbouncerPlan, watched: boolean): string => {
  const server = `host=postgres port=${PORTS.postgres} dbname=${DATABASE}`;
  const fixed = [
    "listen_addr = *",
    `listen_port = ${PORTS.pgbouncer}`,
    "unix_socket_dir =",
    "auth_type = scram-sha-256",
    "auth_file = /config/userlist.txt",
    // psycopg2 sends none of these; exporters and drivers do. `options` closes CVE-2026-107349 on versions before 1.26.1.
    "ignore_startup_parameters = extra_float_digits,options",
    ...(watched ? [`stats_users = ${MONITORING_ROLE}`] : []),
  ];
  const solved = Object.entries(plan.settings).map(([name, { value }]) => `${name} = ${value}`);
  return `${[
    ";; Rendered by synapse-kit.",
    "[databases]",
    `${DATABASE} = ${server} pool_mode=transaction pool_size=${plan.transactionPool}`,
    `${SESSION_DATABASE} = ${server} pool_mode=session pool_size=${plan.sessionPool}`,
    "",
    "[pgbouncer]",
    ...fixed,
    ...solved,
  ].join("\n")}\n`;
};

/** Files of the PgBouncer container. */
export const pgbouncerFiles = (plan: PgbouncerPlan, watched: boolean): ConfigFile[] => [
  { path: "pgbouncer.ini", content: ini(plan, watched) },
  {
    path: "userlist.txt",
    content: [
      `"${ROLE}" "${secretPlaceholder("postgres_password")}"\n`,
      ...(watched ? [`"${MONITORING_ROLE}" "${secretPlaceholder("monitoring_password")}"\n`] : []),
    ].join(""),
  },
];
