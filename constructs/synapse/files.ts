import type { Environment } from "../../configs/environment";
import { PORTS } from "../../configs/ports";
import { secretPlaceholder } from "../../configs/secrets";
import type { Plan, ProcessPlan } from "../../sizing/plan";
import type { ConfigFile } from "../file";
import { SESSION_DATABASE } from "../pgbouncer/files";
import { DATABASE, ROLE } from "../postgres/provision";
import { ownFile } from "./command";
import { homeserverYaml } from "./homeserver";
import { logYaml } from "./log";
import { settingsSecretFiles } from "./own-secrets";
import { processYaml } from "./process";
import { workersOf } from "./topology";

/** libpq reads the password from here: Synapse has no setting that takes a path for it. */
const pgpass = (plan: Plan): string => {
  const password = secretPlaceholder("postgres_password");
  const lines = [
    `postgres:${PORTS.postgres}:${DATABASE}:${ROLE}:${password}`,
    ...(plan.pgbouncer
      ? [DATABASE, SESSION_DATABASE].map((name) => `pgbouncer:${PORTS.pgbouncer}:${name}:${ROLE}:${password}`)
      : []),
  ];
  return `${lines.join("\n")}\n`;
};

/** Last environment that each plan was written with: every process gets the same file, and writing YAML is most of rendering. */
const written = new WeakMap<Plan, { readonly env: Environment; readonly text: string }>();

const sharedYaml = (env: Environment, plan: Plan): string => {
  const before = written.get(plan);
  if (before?.env === env) return before.text;
  const text = homeserverYaml(env, plan);
  written.set(plan, { env, text });
  return text;
};

/** Files of the container of one Synapse process. */
export const synapseFiles = (env: Environment, plan: Plan, process: ProcessPlan): ConfigFile[] => [
  { path: "homeserver.yaml", content: sharedYaml(env, plan) },
  { path: ownFile(process), content: processYaml(env, plan, process) },
  { path: "log.yaml", content: logYaml(env, process) },
  { path: "signing.key", content: secretPlaceholder("signing_key") },
  { path: "registration_shared_secret", content: secretPlaceholder("registration_shared_secret") },
  { path: "macaroon_secret_key", content: secretPlaceholder("macaroon_secret_key") },
  { path: "form_secret", content: secretPlaceholder("form_secret") },
  ...(workersOf(plan).length > 0
    ? [
        { path: "worker_replication_secret", content: secretPlaceholder("worker_replication_secret") },
        { path: "redis_password", content: secretPlaceholder("redis_password") },
      ]
    : []),
  ...settingsSecretFiles(env.synapse.settings),
  // libpq ignores a password file that others may read.
  { path: "pgpass", content: pgpass(plan), mode: "0400" },
];
