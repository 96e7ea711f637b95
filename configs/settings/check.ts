import type { PostgresMajor, RedisFlavour } from "../environment";
import { checkFlat } from "./check-flat";
import { checkSecrets } from "./check-secrets";
import { checkSynapse } from "./check-synapse";
import { CONTROLLED_NGINX, CONTROLLED_PGBOUNCER, CONTROLLED_POSTGRES, CONTROLLED_REDIS } from "./controlled";
import { NGINX_DIRECTIVES } from "./known-nginx";
import { PGBOUNCER_NAMES, pgbouncerValueProblem } from "./pgbouncer-value";
import { laterMajorOf, postgresNames, postgresValueProblem } from "./postgres-value";
import type { SettingProblem } from "./problem";
import { redisNames, redisValueProblem } from "./redis-value";
import { RETIRED_NGINX } from "./retired-nginx";
import { RETIRED_PGBOUNCER } from "./retired-pgbouncer";
import { RETIRED_POSTGRES } from "./retired-postgres";
import { RETIRED_REDIS } from "./retired-redis";
import type { Gate } from "./rule";

export type { SettingProblem };

/** The pass-through maps of an environment, with what decides on the lists that they are held against. */
export interface PassThrough {
  readonly postgres: { readonly version: PostgresMajor; readonly settings: Readonly<Record<string, unknown>> };
  readonly pgbouncer: { readonly settings: Readonly<Record<string, unknown>> };
  readonly redis: { readonly flavour: RedisFlavour; readonly settings: Readonly<Record<string, unknown>> };
  readonly synapse: { readonly settings: Readonly<Record<string, unknown>> };
  readonly nginx: { readonly settings: Readonly<Record<string, unknown>> };
}

/** Text that would end the directive and begin another; what stands in quotes, and `${…}`, does not. */
const ENDS_DIRECTIVE = /[;{}]/;
const nginxProblem = (_name: string, value: unknown): string | undefined => {
  const bare = String(value).replaceAll(/"[^"]*"|'[^']*'|\$\{\w+\}/g, "");
  return ENDS_DIRECTIVE.test(bare) ? "one directive alone: `;`, `{` and `}` have to stand in quotes" : undefined;
};

/** What is told about a key already is not told again as a secret. */
const synapseProblems = (settings: Readonly<Record<string, unknown>>, gate: Gate): SettingProblem[] => {
  const problems = checkSynapse(settings, gate);
  const told = new Set(problems.map(({ path }) => path.join("\0")));
  return [...problems, ...checkSecrets(settings).filter(({ path }) => !told.has(path.join("\0")))];
};

/** Checks the pass-through maps of an environment as written: retired settings, the kit's own, unknown ones. */
export const checkSettings = (settings: PassThrough): SettingProblem[] => {
  const { version } = settings.postgres;
  const { flavour } = settings.redis;
  const gate = { postgres: version, redis: flavour };
  return [
    ...checkFlat("postgres", settings.postgres.settings, gate, {
      label: `Postgres ${version}`,
      retired: RETIRED_POSTGRES,
      controlled: CONTROLLED_POSTGRES,
      known: postgresNames(version),
      absence: (name) => {
        const later = laterMajorOf(name, version);
        return later && `Postgres has \`${name}\` since ${later}: set \`postgres.version: ${later}\` or remove it`;
      },
      valueProblem: (name, value) => postgresValueProblem(name, value, version),
    }),
    ...checkFlat("pgbouncer", settings.pgbouncer.settings, gate, {
      label: "PgBouncer",
      retired: RETIRED_PGBOUNCER,
      controlled: CONTROLLED_PGBOUNCER,
      known: PGBOUNCER_NAMES,
      valueProblem: pgbouncerValueProblem,
    }),
    ...checkFlat("redis", settings.redis.settings, gate, {
      label: flavour === "valkey" ? "Valkey" : "Redis",
      retired: RETIRED_REDIS,
      controlled: CONTROLLED_REDIS,
      known: redisNames(flavour),
      valueProblem: redisValueProblem,
    }),
    ...synapseProblems(settings.synapse.settings, gate),
    ...checkFlat("nginx", settings.nginx.settings, gate, {
      label: "Nginx",
      retired: RETIRED_NGINX,
      controlled: CONTROLLED_NGINX,
      known: NGINX_DIRECTIVES,
      valueProblem: nginxProblem,
    }),
  ];
};
