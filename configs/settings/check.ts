import type { PostgresMajor, RedisFlavour } from "../environment";
import { isAtLeast, PROGRAMS } from "../versions";
import { checkFlat } from "./check-flat";
import { checkSecrets } from "./check-secrets";
import { checkSynapse } from "./check-synapse";
import { CONTROLLED_NGINX, CONTROLLED_PGBOUNCER, CONTROLLED_POSTGRES, CONTROLLED_REDIS } from "./controlled";
import { NGINX_DIRECTIVES, NGINX_SINCE } from "./known-nginx";
import { pgbouncerNames, pgbouncerSince, pgbouncerValueProblem } from "./pgbouncer-value";
import { laterMajorOf, postgresNames, postgresValueProblem } from "./postgres-value";
import type { SettingProblem } from "./problem";
import { redisNames, redisSince, redisValueProblem } from "./redis-value";
import { RETIRED_NGINX } from "./retired-nginx";
import { RETIRED_PGBOUNCER } from "./retired-pgbouncer";
import { ANNOUNCED_POSTGRES, RETIRED_POSTGRES } from "./retired-postgres";
import { RETIRED_REDIS } from "./retired-redis";
import type { Gate } from "./rule";

export type { SettingProblem };

/** The pass-through maps of an environment, with what decides on the lists that they are held against. */
export interface PassThrough {
  readonly postgres: { readonly version: PostgresMajor; readonly settings: Readonly<Record<string, unknown>> };
  readonly pgbouncer: { readonly version: string; readonly settings: Readonly<Record<string, unknown>> };
  readonly redis: {
    readonly flavour: RedisFlavour;
    readonly version: string;
    readonly settings: Readonly<Record<string, unknown>>;
  };
  readonly synapse: { readonly settings: Readonly<Record<string, unknown>> };
  readonly nginx: { readonly version: string; readonly settings: Readonly<Record<string, unknown>> };
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
const nginxSince = (name: string): string | undefined =>
  Object.hasOwn(NGINX_SINCE, name) ? NGINX_SINCE[name] : undefined;

/** Why a version does not know a name that a later one does. */
const tooOld = (program: keyof typeof PROGRAMS, version: string, name: string, since: string | null | undefined) =>
  since
    ? `${PROGRAMS[program].label} ${version} does not know \`${name}\`, which came with ${since}: take an image of that version, or remove it`
    : undefined;

/** Checks the pass-through maps of an environment as written: retired settings, the kit's own, unknown ones. */
export const checkSettings = (settings: PassThrough): SettingProblem[] => {
  const { version } = settings.postgres;
  const { flavour, version: redisVersion } = settings.redis;
  const pgbouncerVersion = settings.pgbouncer.version;
  const nginxVersion = settings.nginx.version;
  const gate = { postgres: version, redis: flavour, redisVersion };
  return [
    ...checkFlat("postgres", settings.postgres.settings, gate, {
      label: `Postgres ${version}`,
      retired: RETIRED_POSTGRES,
      controlled: CONTROLLED_POSTGRES,
      known: () => postgresNames(version),
      absence: (name) => {
        if (Object.hasOwn(ANNOUNCED_POSTGRES, name)) return ANNOUNCED_POSTGRES[name];
        const later = laterMajorOf(name, version);
        return later && `Postgres has \`${name}\` since ${later}: set \`postgres.version: ${later}\` or remove it`;
      },
      valueProblem: (name, value) => postgresValueProblem(name, value, version),
    }),
    ...checkFlat("pgbouncer", settings.pgbouncer.settings, gate, {
      label: "PgBouncer",
      retired: RETIRED_PGBOUNCER,
      controlled: CONTROLLED_PGBOUNCER,
      known: () => pgbouncerNames(pgbouncerVersion),
      absence: (name) => tooOld("pgbouncer", pgbouncerVersion, name, pgbouncerSince(name)),
      valueProblem: pgbouncerValueProblem,
    }),
    ...checkFlat("redis", settings.redis.settings, gate, {
      label: PROGRAMS[flavour].label,
      retired: RETIRED_REDIS,
      controlled: CONTROLLED_REDIS,
      known: () => redisNames(flavour, redisVersion),
      absence: (name) => tooOld(flavour, redisVersion, name, redisSince(name, flavour)),
      valueProblem: redisValueProblem,
    }),
    ...synapseProblems(settings.synapse.settings, gate),
    ...checkFlat("nginx", settings.nginx.settings, gate, {
      label: "Nginx",
      retired: RETIRED_NGINX,
      controlled: CONTROLLED_NGINX,
      known: () => NGINX_DIRECTIVES.filter((name) => isAtLeast(nginxVersion, nginxSince(name) ?? nginxVersion)),
      absence: (name) => tooOld("nginx", nginxVersion, name, nginxSince(name)),
      valueProblem: nginxProblem,
    }),
  ];
};
