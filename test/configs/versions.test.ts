import type { Environment } from "../../configs/environment";
import { parseEnvironment } from "../../configs/parse-environment";
import { NGINX_DIRECTIVES, NGINX_SINCE } from "../../configs/settings/known-nginx";
import { PGBOUNCER_PARAMETERS } from "../../configs/settings/known-pgbouncer";
import { REDIS_SINCE } from "../../configs/settings/known-redis";
import { pgbouncerNames, pgbouncerSince } from "../../configs/settings/pgbouncer-value";
import { redisNames } from "../../configs/settings/redis-value";
import { isAtLeast, PROGRAMS, versionInTag } from "../../configs/versions";
import { render } from "../../constructs/render";
import { readManifest } from "../../host/images";
import { environment as environmentWith, LAYOUT_NAMES, planFor } from "../rendering/fixture";
import { parseIni, parseRedisConf } from "../support/programs-boxes";

const NAME = "server_name: example.com\n";
const parsed = (yaml: string): Environment => parseEnvironment(`${NAME}${yaml}`, "e", "e.yaml");
const refusalOf = (yaml: string): string => {
  try {
    parsed(yaml);
  } catch (error) {
    return (error as Error).message;
  }
  return "no refusal";
};

describe("versions", () => {
  it("of the kit's own images are those of the manifest", () => {
    for (const [name, { official, local }] of Object.entries(PROGRAMS)) {
      const image = readManifest().find((row) => row.name === name);
      expect([name, versionInTag(image?.official ?? ""), image?.version]).toEqual([name, official, local]);
    }
  });

  it.each([
    ["1.21", "1.21", true],
    ["1.21.0", "1.21", true],
    ["1.9", "1.21", false],
    ["1.30.6", "1.29.7", true],
    ["1.29", "1.29.7", false],
    ["8", "7.4.1", true],
  ])("%s is at least %s: %s", (version, other, is) => expect(isAtLeast(version, other)).toBe(is));

  it.each([
    ["edoburu/pgbouncer:v1.25.2-p0", "1.25.2"],
    ["redis:8.0.6", "8.0.6"],
    ["redis:7-alpine", "7"],
    ["registry.example.org:5000/nginx:1.28", "1.28"],
    ["registry.example.org:5000/nginx", undefined],
    ["nginx:stable", undefined],
    ["pgbouncer@sha256:0000000000000000000000000000000000000000000000000000000000000000", undefined],
    ["nginx:1.28.0.1", undefined],
  ])("the tag of %s says %s", (reference, version) => expect(versionInTag(reference)).toBe(version));
});

describe("an environment's versions", () => {
  it.each([
    ["", ["1.25.2", "8.0.6", "1.30.6"]],
    ["images: local\n", ["1.26.1", "8.0.6", "1.30.6"]],
    ["images: official\nredis: {flavour: valkey}\n", ["1.25.2", "9.1.2", "1.30.6"]],
    ["images: {pgbouncer: 'a/pgbouncer:1.18.0', redis: 'redis:7.2', nginx: 'nginx:1.22'}\n", ["1.18.0", "7.2", "1.22"]],
    ["images: {nginx: 'nginx:stable'}\nnginx: {version: '1.28'}\n", ["1.25.2", "8.0.6", "1.28"]],
    ["images: {redis: 'a/b:2026-11-21'}\nredis: {version: '7.4', flavour: redis}\n", ["1.25.2", "7.4", "1.30.6"]],
  ])("%j gives %j", (yaml, versions) => {
    const { pgbouncer, redis, nginx } = parsed(yaml);
    expect([pgbouncer.version, redis.version, nginx.version]).toEqual(versions);
  });

  it.each([
    [
      "images: {nginx: 'nginx:stable'}\n",
      'e.yaml:2:10: `images.nginx`: the tag does not tell the version of Nginx: say it, as in `nginx.version: "1.30.6"`',
    ],
    [
      "images: {redis: 'a/b:20261121'}\n",
      'e.yaml:2:10: `images.redis`: the tag does not tell the version of Redis: say it, as in `redis.version: "8.0.6"`',
    ],
    [
      "images: {pgbouncer: 'a/b:1.17.0'}\n",
      "e.yaml:2:10: `images.pgbouncer`: PgBouncer 1.17.0 is too old: the kit writes files for 1.18 or later",
    ],
    [
      "images: {redis: 'a/b:x'}\nredis: {version: '9.0'}\n",
      "e.yaml:3:9: `redis.version`: the kit writes files for Redis 7 or 8, got 9.0",
    ],
    [
      "nginx: {version: '1.28'}\n",
      "e.yaml:2:9: `nginx.version`: goes with `images.nginx`: the kit's own image holds Nginx 1.30.6",
    ],
    [
      "images: {nginx: 'nginx:stable'}\nnginx: {version: 1.30}\n",
      'e.yaml:3:18: `nginx.version`: expected a version in quotes such as "1.30", got 1.3',
    ],
    [
      "images: {postgres: 'postgres:16.14'}\n",
      "e.yaml:2:10: `images.postgres`: the tag says Postgres 16, and `postgres.version` is 18: make both the same",
    ],
    [
      "postgres: {version: 19}\n",
      "e.yaml:2:21: `postgres.version`: expected one of the numbers 16, 17, 18, got 19; 19 replaces `io_workers` and changes defaults: wait for the kit to know it",
    ],
    [
      "postgres: {settings: {io_max_workers: 4}}\n",
      "e.yaml:2:23: `postgres.settings.io_max_workers`: Postgres has it from 19 on, which the kit does not run yet: use `io_workers`",
    ],
  ])("%j is refused", (yaml, message) => expect(refusalOf(yaml)).toBe(message));
});

/** The version before one: of the last minor, or the last patch. */
const lastBefore = (version: string): string => {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  return patch > 0 ? `${major}.${minor}.${patch - 1}` : `${major}.${minor - 1}.99`;
};
const settingOf = (program: string, flavour: string, version: string, name: string, value: unknown): string =>
  `images: {${program}: 'a/b:${version}'}\n${program}: {${program === "redis" ? `flavour: ${flavour}, ` : ""}settings: {${name}: ${JSON.stringify(value)}}}\n`;
const unknown = (label: string, version: string, name: string, since: string): string =>
  `: ${label} ${version} does not know \`${name}\`, which came with ${since}: take an image of that version, or remove it`;

describe("a pass-through setting of a later version", () => {
  const controlled = /has a key of its own|the kit |: remove|has no peers|cannot be|no effect|statement_timeout/;

  it.each(Object.keys(PGBOUNCER_PARAMETERS).filter((name) => pgbouncerSince(name) !== undefined))(
    "of PgBouncer is refused: %s",
    (name) => {
      const since = pgbouncerSince(name) as string;
      const older = refusalOf(settingOf("pgbouncer", "", lastBefore(since), name, "1"));
      const same = refusalOf(settingOf("pgbouncer", "", since, name, "1"));
      if (controlled.test(same)) return;
      expect(older).toContain(unknown("PgBouncer", lastBefore(since), name, since));
      expect(same).toBe("no refusal");
    },
  );

  it.each(
    Object.entries(REDIS_SINCE).flatMap(([name, [redis, valkey]]) => [
      ...(redis && redis !== PROGRAMS.redis.oldest ? [[name, "redis", redis] as const] : []),
      ...(valkey && valkey !== PROGRAMS.valkey.oldest ? [[name, "valkey", valkey] as const] : []),
    ]),
  )("of Redis is refused: %s (%s %s)", (name, flavour, since) => {
    // The version before a major is the newest of the one before it.
    const older = since.endsWith(".0") ? (flavour === "redis" ? "7.4" : "8.1") : lastBefore(since);
    const [was, is] = [older, since].map((version) => refusalOf(settingOf("redis", flavour, version, name, "1")));
    if (controlled.test(is as string)) return;
    expect(was).toContain(unknown(PROGRAMS[flavour].label, older, name, since));
    expect(is).not.toContain("does not know");
  });

  it.each(Object.entries(NGINX_SINCE))("of Nginx is refused: %s (%s)", (name, since) => {
    expect(NGINX_DIRECTIVES).toContain(name);
    expect(refusalOf(settingOf("nginx", "", lastBefore(since), name, "1"))).toContain(
      unknown("Nginx", lastBefore(since), name, since),
    );
    expect(refusalOf(settingOf("nginx", "", since, name, "1"))).toBe("no refusal");
  });

  it("of Redis 8 that 7 still heeds is taken there", () => {
    expect(refusalOf(settingOf("redis", "redis", "7.4", "io-threads-do-reads", "yes"))).toBe("no refusal");
    expect(refusalOf(settingOf("redis", "redis", "8.0", "io-threads-do-reads", "yes"))).toMatch(/since 8/);
  });
});

describe("the rendered files", () => {
  const filesOf = (yaml: string, layout: (typeof LAYOUT_NAMES)[number]): Map<string, string> => {
    const { pgbouncer, redis, nginx } = parsed(yaml);
    const environment = environmentWith({ pgbouncer, redis, nginx });
    return new Map(
      render(environment, planFor(layout, environment)).flatMap(({ files }) =>
        files.map(({ path, content }): [string, string] => [path, content]),
      ),
    );
  };

  it.each(["1.18", "1.19", "1.20", "1.21", "1.22", "1.23", "1.24", "1.25", "1.26"])(
    "hold nothing that PgBouncer %s does not know",
    (version) => {
      for (const layout of LAYOUT_NAMES.slice(1)) {
        const text = filesOf(`images: {pgbouncer: 'a/b:${version}'}\n`, layout).get("pgbouncer.ini") ?? "";
        const names = [...(parseIni(text).get("pgbouncer") ?? new Map<string, string>()).keys()];
        expect(names.filter((name) => !pgbouncerNames(version).includes(name))).toEqual([]);
        expect(names.includes("max_prepared_statements")).toBe(isAtLeast(version, "1.21"));
      }
    },
  );

  it.each([
    ["redis", "7.0"],
    ["redis", "7.2"],
    ["redis", "7.4"],
    ["redis", "8.0"],
    ["valkey", "8.0"],
    ["valkey", "8.1"],
    ["valkey", "9.0"],
  ] as const)("hold nothing that %s %s does not know", (flavour, version) => {
    const yaml = `images: {redis: 'a/b:${version}'}\nredis: {flavour: ${flavour}}\n`;
    const names = [...parseRedisConf(filesOf(yaml, "eight").get("redis.conf") ?? "").keys()];
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !redisNames(flavour, version).includes(name))).toEqual([]);
  });

  it("hold no directive that Nginx 1.22 does not know", () => {
    for (const layout of LAYOUT_NAMES) {
      const text = filesOf("images: {nginx: 'nginx:1.22'}\n", layout).get("nginx.conf") ?? "";
      const names = new Set(text.split("\n").map((line) => line.trim().split(" ")[0] as string));
      expect(Object.keys(NGINX_SINCE).filter((name) => names.has(name))).toEqual([]);
    }
  });
});
