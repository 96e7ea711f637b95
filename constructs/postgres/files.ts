import type { Environment } from "../../configs/environment";
import { subnetsOf } from "../../configs/network";
import { secretPlaceholder } from "../../configs/secrets";
import type { Plan } from "../../sizing/plan";
import type { ConfigFile } from "../file";
import { MONITORING_ROLE } from "../monitoring-role";
import { postgresConf } from "./conf";
import { DATABASE, HEALTH_SH, provisionSh, provisionSql, ROLE, START_SH } from "./provision";
import { TABLE_PARAMETERS, tableParametersSql } from "./table-parameters";

/** The superuser comes in by the local socket alone; the network reaches one role and one database. */
const pgHba = (env: Environment, plan: Plan): string =>
  [
    "# TYPE  DATABASE  USER  ADDRESS  METHOD",
    "local all postgres peer",
    `host ${DATABASE} ${ROLE} ${subnetsOf(env.docker.network).backend} scram-sha-256`,
    ...(plan.monitoring
      ? [`host ${DATABASE} ${MONITORING_ROLE} ${subnetsOf(env.docker.network).backend} scram-sha-256`]
      : []),
    "host all all all reject",
    "",
  ].join("\n");

/** Files of the Postgres container. */
export const postgresFiles = (env: Environment, plan: Plan): ConfigFile[] => [
  { path: "postgresql.conf", content: postgresConf(plan.postgres) },
  { path: "pg_hba.conf", content: pgHba(env, plan) },
  { path: "superuser_password", content: secretPlaceholder("postgres_superuser_password") },
  { path: "provision.sql", content: provisionSql(env, plan.monitoring !== undefined) },
  { path: "provision.sh", content: provisionSh(env) },
  {
    path: "table_parameters.sql",
    content: tableParametersSql(env.postgres.tableParameters ? TABLE_PARAMETERS : []),
  },
  { path: "start.sh", content: START_SH },
  { path: "health.sh", content: HEALTH_SH },
];
