import { dump } from "js-yaml";
import { LAYOUTS } from "../../configs/catalogue/layouts";
import { ROLES } from "../../configs/catalogue/roles";
import { POSTGRES_MAJORS, PROFILE_NAMES, WORKER_LAYOUTS } from "../../configs/environment";
import { NGINX_DIRECTIVES } from "../../configs/settings/known-nginx";
import { PGBOUNCER_PARAMETERS } from "../../configs/settings/known-pgbouncer";
import { POSTGRES_PARAMETERS } from "../../configs/settings/known-postgres";
import { REDIS_PARAMETERS } from "../../configs/settings/known-redis";
import { SYNAPSE_KEYS } from "../../configs/settings/known-synapse";
import { SHIPPED, shippedText } from "./corpus";
import { RICH } from "./rich-environments";

/** Environments made to break the kit: shipped and random ones, with and without broken lines. Same number, same text. */
const SEED = 20261121;

/** A small generator of its own (mulberry32), so that a failing mutant can be made again from its number. */
const random = (seed: number) => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { next, below, of: <T>(items: readonly T[]): T => items[below(items.length)] as T };
};

type Random = ReturnType<typeof random>;
type Mutation = (lines: string[], chance: Random) => void;

const SCALARS = [
  "null",
  "~",
  "true",
  "no",
  "-1",
  "0",
  "1e999",
  ".nan",
  ".inf",
  "0x1F",
  "2026-11-21",
  '""',
  "''",
  '"\\u0000"',
  "[]",
  "{}",
  "[1, [2, {a: b}]]",
  "{a: {b: c}}",
  "4GB",
  "999999999TB",
  "latest",
  "*x",
  "&a b",
  "!!binary aGk=",
  "!x y",
  "|",
  ">-",
  "@",
  "`",
  "%",
  "é☃𝄞",
  "'",
  '"',
  "[",
  "}",
  "a: b: c",
  "- - -",
  "? ",
  "<<",
  "__proto__",
  "x".repeat(5000),
];
const KEYS = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "",
  "server_name",
  "postgres",
  "synapse",
  "settings",
  "ram",
  "<<",
  "1",
  "null",
  "[a]",
  "{b: c}",
  '"quoted key"',
  "ключ",
  "a.b",
  "length",
];

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  deleteLine: (lines, { below }) => void lines.splice(below(lines.length), 1),
  duplicateLine: (lines, { below }) => {
    const at = below(lines.length);
    lines.splice(at, 0, lines[at] ?? "");
  },
  moveLine: (lines, { below }) => {
    const [line = ""] = lines.splice(below(lines.length), 1);
    lines.splice(below(lines.length + 1), 0, line);
  },
  swapValues: (lines, { below }) => {
    const [a, b] = [below(lines.length), below(lines.length)];
    const split = (line: string) => /^([^:]*:)(.*)$/.exec(line);
    const [first, second] = [split(lines[a] ?? ""), split(lines[b] ?? "")];
    if (!first || !second) return;
    lines[a] = `${first[1]}${second[2]}`;
    lines[b] = `${second[1]}${first[2]}`;
  },
  randomValue: (lines, { below, of }) => {
    const at = below(lines.length);
    lines[at] = (lines[at] ?? "").replace(/:.*$/, () => `: ${of(SCALARS)}`);
  },
  randomKey: (lines, { below, of }) => {
    const at = below(lines.length);
    lines[at] = (lines[at] ?? "").replace(/[^\s:]+:/, () => `${of(KEYS)}:`);
  },
  newMember: (lines, { below, of }) => {
    lines.splice(below(lines.length + 1), 0, `${" ".repeat(of([0, 0, 2, 4]))}${of(KEYS)}: ${of(SCALARS)}`);
  },
  indent: (lines, { below, of }) => {
    const at = below(lines.length);
    lines[at] = of([`  ${lines[at]}`, `\t${lines[at]}`, (lines[at] ?? "").trimStart(), `- ${lines[at]}`]);
  },
  newDocument: (lines, { below, of }) =>
    void lines.splice(below(lines.length), 0, of(["---", "...", "%YAML 1.2", "--- x"])),
  randomCharacter: (lines, { below, of }) => {
    const at = below(lines.length);
    const line = lines[at] ?? "";
    const column = below(line.length + 1);
    lines[at] =
      line.slice(0, column) +
      of(["\0", "\t", "\r", "\u2028", "\ufeff", "\ud800", "{", "[", '"', ":", "#", "&", "*", "!"]) +
      line.slice(column);
  },
};

type Section = Record<string, unknown>;
type Choice = (chance: Random) => unknown;

const among =
  (...items: readonly unknown[]): Choice =>
  ({ of }) =>
    of(items);
/** Log-uniform, so that small amounts are as likely as huge ones. */
const between =
  (least: number, most: number): Choice =>
  ({ next }) =>
    Math.round(least * (most / least) ** next());
const fraction =
  (least: number, most: number): Choice =>
  ({ next }) =>
    Number((least * (most / least) ** next()).toPrecision(3));
const sizeOf =
  (leastMib: number, mostMib: number): Choice =>
  (chance) => {
    const mib = between(leastMib, mostMib)(chance) as number;
    return chance.of([`${mib}MB`, `${mib}MB`, `${mib * 1024 + chance.below(1024)}kB`, `${(mib / 1024).toFixed(2)}GB`]);
  };

/** A value that the major takes for a parameter, at the edges of its range more often than not. */
const postgresValue = (name: string, chance: Random): unknown => {
  const known = POSTGRES_PARAMETERS[name] ?? "string";
  const spec = typeof known === "string" ? known : (known.find((one) => one !== null) ?? "string");
  const [type, ...rest] = spec.split(" ");
  if (type === "bool") return chance.of(["on", "off", true, false, "yes", 0]);
  if (type === "enum") return chance.of(rest);
  if (type === "string") return chance.of(["", "a", "it's", "a b", "C", "\\", "'", "UTC", "$user, public"]);
  const [unit, least, most] = [rest[0], Number(rest[1]), Number(rest[2])];
  const units: Readonly<Record<string, readonly string[]>> = {
    kB: ["kB", "MB", "GB"],
    "8kB": ["kB", "MB", "GB"],
    MB: ["MB", "GB"],
    ms: ["ms", "s", "min"],
    s: ["s", "min", "h"],
  };
  const number = chance.of([
    least,
    most,
    0,
    -1,
    1,
    2,
    8,
    100,
    1000,
    between(1, Math.max(2, Math.min(most, 1e9)))(chance),
  ]);
  return chance.of([
    number,
    number,
    `${chance.of([1, 2, 16, 64, 100, 500])}${chance.of(units[unit as string] ?? [""])}`,
  ]);
};

const flatValue: Choice = (chance) =>
  chance.of([
    0,
    1,
    -1,
    2,
    10,
    64,
    1000,
    100_000,
    2 ** 31,
    1.5,
    true,
    false,
    "yes",
    "no",
    "",
    '""',
    "'",
    '"',
    "64mb",
    "1gb",
    "10m",
    "1k",
    "30s",
    "5 %",
    "50%",
    "allkeys-lfu",
    "volatile-ttl",
    "a b c",
    "$host",
    "pubsub 64mb 16mb 60",
    "$".repeat(3),
    "#x",
    ";x",
    "\u0000",
    "a\u2028b",
  ]);

/** Names that numbers of the plan depend on: the mutants meet them far more often than the other hundreds. */
const RECKONED: Readonly<Record<"postgres" | "pgbouncer" | "redis", readonly string[]>> = {
  postgres: [
    "wal_buffers",
    "autovacuum_work_mem",
    "autovacuum_max_workers",
    "autovacuum_worker_slots",
    "hash_mem_multiplier",
    "max_parallel_workers",
    "max_parallel_workers_per_gather",
    "max_parallel_maintenance_workers",
    "max_worker_processes",
    "superuser_reserved_connections",
    "reserved_connections",
    "min_wal_size",
    "max_slot_wal_keep_size",
    "wal_keep_size",
    "effective_cache_size",
    "random_page_cost",
    "seq_page_cost",
    "max_files_per_process",
    "idle_in_transaction_session_timeout",
    "io_workers",
    "io_method",
    "temp_buffers",
    "max_prepared_transactions",
    "max_locks_per_transaction",
    "max_wal_senders",
    "wal_level",
    "statement_timeout",
  ],
  pgbouncer: [
    "reserve_pool_size",
    "max_client_conn",
    "max_db_connections",
    "query_wait_timeout",
    "min_pool_size",
    "max_user_connections",
    "max_prepared_statements",
    "server_lifetime",
    "pkt_buf",
  ],
  redis: [
    "maxmemory-clients",
    "maxclients",
    "maxmemory-policy",
    "client-output-buffer-limit",
    "io-threads",
    "databases",
  ],
};

const passedOn = (
  names: readonly string[],
  likely: readonly string[],
  value: (name: string, chance: Random) => unknown,
  chance: Random,
): Section =>
  Object.fromEntries(
    Array.from({ length: chance.below(3) }, () => {
      const name = chance.below(4) > 0 && likely.length > 0 ? chance.of(likely) : chance.of(names);
      return [name, value(name, chance)];
    }),
  );

const POSTGRES_NAMES = Object.keys(POSTGRES_PARAMETERS);
const anyValue = (_name: string, chance: Random): unknown => flatValue(chance);

const GROUPS = [...new Set(Object.values(LAYOUTS).flatMap(({ groups }) => groups.map(({ name }) => name)))];
const ROLE_NAMES = ROLES.map(({ name }) => name);

const workerCounts: Choice = (chance) =>
  Object.fromEntries(
    Array.from({ length: 1 + chance.below(3) }, () => [chance.of(GROUPS), chance.of([0, 1, 1, 2, 3, 8, 101])]),
  );

/** Groups by hand: sound as long as no two of them have the same single role, which chance sees to now and then. */
const workersByHand: Choice = (chance) =>
  Object.fromEntries(
    Array.from({ length: 1 + chance.below(3) }, () => [
      chance.of(["alpha", "beta", "gamma", "main", "sync"]),
      {
        roles: chance.of([
          ["initial_sync", "sync"],
          ["client_reader", "event_creator"],
          ["event_persister"],
          [chance.of(ROLE_NAMES)],
          [chance.of(ROLE_NAMES), chance.of(ROLE_NAMES)],
        ]),
        ...(chance.below(2) ? { count: chance.of([0, 1, 2, 5, 60]) } : {}),
      },
    ]),
  );

const receivers: Choice = ({ of }) =>
  of([
    {},
    { hook: { webhook: "https://alerts.example.org/hook" } },
    { mail: { email: { to: "a@example.org", from: "b@example.org", smarthost: "mail.example.org:587" } } },
    {
      room: {
        severity: "ticket",
        matrix: {
          homeserver: "https://matrix.example.com",
          room_id: "!abc:example.com",
          access_token: { secret_file: "secrets/token" },
        },
      },
    },
    { nobody: { webhook: "https://a:b@example.org/" } },
  ]);

const flag = among(true, false, "auto");

/** Every key of the environment that a plan or a file depends on, with values mostly of the right kind. */
const CHOICES: Readonly<Record<string, Readonly<Record<string, Choice>>>> = {
  expected: {
    users: between(1, 1e7),
    events_per_second: fraction(0.01, 1e5),
    fan_out: fraction(0.01, 1e5),
    federation: among("closed", "small", "open"),
  },
  images: {
    source: among("auto", "local", "official"),
    postgres: among("postgres:16.14", "postgres:17.12", "postgres:18.6", "a/b:c"),
    pgbouncer: among("a/b:1.18.0", "a/b:v1.20.1-p0", "a/b:1.26.1", "a/b:1.17", "a/b:c"),
    redis: among("redis:7.0", "redis:7.4.1", "redis:8.0.6", "valkey/valkey:9.1", "redis:6", "a/b:c"),
    nginx: among("nginx:1.22.1", "nginx:1.28", "nginx:1.30.6-alpine", "nginx:1.30.6-alpine-slim", "nginx:stable"),
    grafana: among("a/b:12", "grafana/grafana:12.3.1"),
  },
  docker: { network: among("10.89.4.0/22", "192.168.0.0/22", "172.16.0.0/22", "10.89.4.0/24", "8.8.8.0/22") },
  listen: { address: among("127.0.0.1", "0.0.0.0", "::1", "localhost"), port: between(1, 65_535) },
  postgres: {
    version: among(...POSTGRES_MAJORS, ...POSTGRES_MAJORS, 15, 19, "18"),
    jit: among(true, false),
    memory: sizeOf(16, 1e6),
    shared_buffers: sizeOf(1, 1e5),
    work_mem: sizeOf(1, 1e4),
    maintenance_work_mem: sizeOf(1, 1e5),
    max_connections: between(1, 1e5),
    max_wal_size: sizeOf(1, 1e6),
    huge_pages: among("try", "on", "off"),
    synchronous_commit: among(true, false),
    table_parameters: among(true, false),
    settings: (chance) => passedOn(POSTGRES_NAMES, RECKONED.postgres, postgresValue, chance),
  },
  pgbouncer: {
    enabled: among(true, false, "auto"),
    version: among("1.18", "1.24.1", "1.26", "2.0", 1.26),
    pool_size: between(1, 1e5),
    settings: (chance) => passedOn(Object.keys(PGBOUNCER_PARAMETERS), RECKONED.pgbouncer, anyValue, chance),
  },
  redis: {
    flavour: among("redis", "valkey"),
    version: among("7.2", "8.0", "8.1", "9.0", 8),
    maxmemory: sizeOf(1, 1e6),
    settings: (chance) => passedOn(Object.keys(REDIS_PARAMETERS), RECKONED.redis, anyValue, chance),
  },
  synapse: {
    workers: (chance) => chance.of([among("auto", ...WORKER_LAYOUTS), workersByHand])(chance),
    worker_counts: workerCounts,
    registration: among("closed", "token", "open"),
    presence: among(true, false),
    url_previews: among(true, false),
    max_upload_size: sizeOf(1, 1e6),
    log_level: among("DEBUG", "INFO", "WARNING", "ERROR"),
    global_cache_factor: fraction(0.001, 1e4),
    cp_max: between(1, 1e4),
    sentry_dsn: among("https://k@sentry.example.org/1"),
    federation_domain_whitelist: among(["a.example.org"], ["a.example.org", "b.example.org:8448"], []),
    rate_limits: among({ rc_message: { per_second: 1e9, burst_count: 0 } }, { rc_login: {} }),
    settings: (chance) =>
      passedOn(SYNAPSE_KEYS, [], (_name, { of }) => of([true, 0, "x", null, [], {}, ["a"], "$" + "{a}"]), chance),
  },
  nginx: {
    version: among("1.22", "1.29.7", "1.30"),
    admin_api_from: among([], ["10.0.0.0/8"], ["10.0.0.1/8"], ["::1"]),
    settings: (chance) => passedOn(NGINX_DIRECTIVES, [], anyValue, chance),
  },
  monitoring: {
    enabled: flag,
    scrape_interval: among("5s", "30s", "2m", "1s", 30),
    retention: (chance) => ({ time: chance.of(["1d", "15d", "10y", "1h"]), size: sizeOf(1, 1e7)(chance) }),
    objectives: (chance) => ({ availability: chance.of([50, 99.5, 99.999, 100]) }),
    alerts: (chance) => ({ enabled: chance.of([true, true, false]), receivers: receivers(chance) }),
    grafana: (chance) => ({ enabled: flag(chance), port: between(1, 65_535)(chance) }),
  },
  compressor: {
    enabled: flag,
    schedule: among("17 3 * * *", "*/5 * * * *", "0 0 31 2 *", "61 * * * *"),
    chunk_size: between(10, 1e5),
    chunks_to_compress: between(1, 1e5),
    levels: among([100, 50, 25], [2], [], [1000, 1000]),
    memory: sizeOf(64, 1e5),
  },
};

const hardware: Choice = (chance) =>
  chance.of([
    chance.of(["auto", ...PROFILE_NAMES]),
    {
      ram: chance.of([sizeOf(256, 4e6), sizeOf(1024, 3e5), sizeOf(1024, 3e5)])(chance),
      cpus: chance.of([fraction(0.01, 1024)(chance), chance.of([1, 2, 3, 4, 8, 16, 64])]),
      ...(chance.below(2) ? { disk: chance.of(["nvme", "ssd", "hdd", "network"]) } : {}),
      ...(chance.below(2) ? { disk: { kind: "ssd", size: sizeOf(100, 1e8)(chance) } } : {}),
    },
  ]);

/** A file with a few random keys, each in its place. */
const randomFile = (chance: Random): string => {
  const file: Record<string, Section | unknown> = { server_name: "example.org", hardware: hardware(chance) };
  for (let keys = chance.below(6); keys > 0; keys--) {
    const section = chance.of(Object.keys(CHOICES));
    const choices = CHOICES[section] as Readonly<Record<string, Choice>>;
    const key = chance.of(Object.keys(choices));
    file[section] = { ...(file[section] as Section | undefined), [key]: (choices[key] as Choice)(chance) };
  }
  return dump(file);
};

/** What was done to make a mutant, beside the text itself. */
export interface Mutant {
  readonly number: number;
  readonly text: string;
  /** Names of the changes to the text; none for a random file that was left as it is. */
  readonly mutations: readonly string[];
}

export const MUTATION_NAMES: readonly string[] = Object.keys(MUTATIONS);

const SOUND: readonly string[] = [...SHIPPED.map(shippedText), ...RICH];

/** One mutant in three is a shipped or a rich file with broken lines, one a random file, one a random file with broken lines. */
export const mutant = (number: number): Mutant => {
  const chance = random(SEED + number);
  const kind = number % 3;
  const lines = (kind === 0 ? chance.of(SOUND) : randomFile(chance)).split("\n");
  const mutations = Array.from({ length: kind === 1 ? 0 : 1 + chance.below(3) }, () => chance.of(MUTATION_NAMES));
  for (const name of mutations) (MUTATIONS[name] as Mutation)(lines, chance);
  return { number, text: lines.join("\n"), mutations };
};
