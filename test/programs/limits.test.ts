import { POSTGRES_MAJORS, WORKER_LAYOUTS } from "../../configs/environment";
import { redisSize } from "../../configs/settings/redis-value";
import { Bytes } from "../../configs/units/bytes";
import { postgresSize } from "../../sizing/overrides";
import {
  type Box,
  boxes,
  boxWithLayout,
  fileOf,
  hasService,
  parseIni,
  parsePostgresConf,
  parseRedisConf,
} from "../support/programs-boxes";

/**
 * What every program takes without a word and should not: asked of the rendered text, since none of
 * the real programs would say anything.
 */
const all: Box[] = [
  ...POSTGRES_MAJORS.flatMap((version) => boxes(version).map((box) => ({ ...box, name: `${box.name}-pg${version}` }))),
  ...WORKER_LAYOUTS.map((layout) => boxWithLayout(layout)),
];
const named = (list: readonly Box[]) => list.map((box) => [box.name, box] as const);
const withPgbouncer = all.filter((box) => hasService(box, "pgbouncer"));
const withRedis = all.filter((box) => hasService(box, "redis"));

const present = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error("a setting is missing");
  return value;
};

describe.each(named(all))("postgresql.conf of %s", (_, box) => {
  const conf = parsePostgresConf(fileOf(box, "postgres", "postgresql.conf"));
  const text = (name: string): string => present(conf.get(name));
  const size = (name: string): number => present(postgresSize(name, text(name))).toBytes();
  const count = (name: string): number => Number(text(name));

  it("has room for its write-ahead log", () => {
    expect(size("min_wal_size")).toBeLessThanOrEqual(size("max_wal_size"));
    expect(size("min_wal_size")).toBeGreaterThanOrEqual(Bytes.mib(32).toBytes());
    expect(2 * size("max_wal_size")).toBeLessThanOrEqual(0.25 * Bytes.gib(400).toBytes());
    const buffers = size("shared_buffers");
    expect(size("wal_buffers")).toBeLessThanOrEqual(Math.max(Bytes.mib(16).toBytes(), 0.03 * buffers + 8192));
    expect(size("wal_buffers")).toBeLessThan(buffers / 4);
  });

  it("stays inside the machine", () => {
    const ram = box.plan.host.ram.toBytes();
    expect(size("shared_buffers")).toBeLessThanOrEqual(0.25 * ram);
    expect(size("shared_buffers")).toBeLessThanOrEqual(size("effective_cache_size"));
    expect(size("effective_cache_size")).toBeLessThan(ram);
    const limit = box.plan.postgres.container.memory.value.toBytes();
    const vacuum = size("autovacuum_work_mem") * count("autovacuum_max_workers");
    expect(size("shared_buffers") + vacuum + size("maintenance_work_mem")).toBeLessThan(limit);
  });

  it("keeps connections and workers in order", () => {
    const reserved = count("superuser_reserved_connections") + count("reserved_connections");
    expect(reserved).toBeLessThan(count("max_connections"));
    expect(count("max_parallel_workers_per_gather")).toBeLessThanOrEqual(count("max_parallel_workers"));
    expect(count("max_parallel_maintenance_workers")).toBeLessThanOrEqual(count("max_parallel_workers"));
    expect(count("max_parallel_workers")).toBeLessThanOrEqual(count("max_worker_processes"));
    if (conf.has("autovacuum_worker_slots")) {
      expect(count("autovacuum_max_workers")).toBeLessThanOrEqual(count("autovacuum_worker_slots"));
    }
  });

  it("never trades safety for speed", () => {
    expect(conf.get("fsync") ?? "on").toBe("on");
    expect(conf.get("full_page_writes") ?? "on").toBe("on");
    expect(text("synchronous_commit")).toBe("on");
    expect(text("jit")).toBe("off");
    expect(Number(text("random_page_cost"))).toBeGreaterThanOrEqual(Number(conf.get("seq_page_cost") ?? 1));
  });
});

describe.each(named(withPgbouncer))("pgbouncer.ini of %s", (_, box) => {
  const sections = parseIni(fileOf(box, "pgbouncer", "pgbouncer.ini"));
  const main = present(sections.get("pgbouncer"));
  const count = (name: string): number => Number(present(main.get(name)));
  const pools = [...present(sections.get("databases")).values()].map((line) =>
    Number(/pool_size=(\S+)/.exec(line)?.[1]),
  );

  it("has pools of at least one connection that Postgres can serve", () => {
    for (const name of ["default_pool_size", "max_client_conn", "max_db_connections"]) {
      expect([name, count(name) >= 1]).toEqual([name, true]);
    }
    expect(count("reserve_pool_size")).toBeGreaterThanOrEqual(0);
    expect(pools).toHaveLength(2);
    for (const pool of pools) expect(pool).toBeGreaterThanOrEqual(1);
    expect(count("max_db_connections")).toBeGreaterThanOrEqual(Math.max(...pools));
    const conf = parsePostgresConf(fileOf(box, "postgres", "postgresql.conf"));
    const reserved = ["superuser_reserved_connections", "reserved_connections"].map((name) => Number(conf.get(name)));
    const usable = reserved.reduce((left, taken) => left - taken, Number(conf.get("max_connections")));
    // Both databases have the reserve, and each is capped by max_db_connections.
    const most = pools.map((pool) => Math.min(pool + count("reserve_pool_size"), count("max_db_connections")));
    expect(most.reduce((sum, pool) => sum + pool, 0)).toBeLessThanOrEqual(usable);
  });

  it("has files for every connection", () => {
    const nofile = present(box.plan.pgbouncer).container.nofile;
    expect(count("max_client_conn") + 2 * count("max_db_connections") + 64).toBeLessThanOrEqual(nofile);
  });

  it("gives up before Nginx does, and leaves sessions alone", () => {
    expect(count("query_wait_timeout")).toBeGreaterThan(0);
    expect(count("query_wait_timeout")).toBeLessThan(180);
    expect(count("server_lifetime")).toBeGreaterThan(0);
    expect(main.has("server_reset_query")).toBe(false);
    expect(main.has("admin_users")).toBe(false);
    expect(main.get("auth_type")).toBe("scram-sha-256");
  });

  it("admits every connection that the Synapse processes may open", () => {
    const wanted = box.plan.synapse.processes
      .filter((process) => process.databasePath !== "direct")
      .reduce((sum, process) => sum + process.cpMax.value, 0);
    expect(count("max_client_conn")).toBeGreaterThanOrEqual(wanted);
  });
});

describe.each(named(withRedis))("redis.conf of %s", (_, box) => {
  const conf = parseRedisConf(fileOf(box, "redis", "redis.conf"));
  const text = (name: string): string => present(conf.get(name));
  const bytes = (value: string): number => present(redisSize(value)).toBytes();
  const { container } = present(box.plan.redis);

  it("has a soft limit below the hard one", () => {
    const [kind, hard = "", soft = "", seconds] = text("client-output-buffer-limit").split(" ");
    expect(kind).toBe("pubsub");
    expect(bytes(hard)).toBeGreaterThanOrEqual(bytes(soft));
    expect(bytes(hard)).toBeGreaterThanOrEqual(Bytes.mib(8).toBytes());
    expect(Number(seconds)).toBeGreaterThan(0);
  });

  it("stays inside its container", () => {
    const used = Bytes.mib(16).toBytes() + bytes(text("maxmemory")) + bytes(text("maxmemory-clients"));
    expect(used).toBeLessThanOrEqual(container.memory.value.toBytes());
    expect(bytes(text("maxmemory"))).toBeGreaterThanOrEqual(Bytes.mib(16).toBytes());
    expect(text("maxmemory-policy")).toMatch(/^(allkeys-lru|allkeys-lfu|volatile-ttl)$/);
  });

  it("has files for every client", () => {
    expect(Number(text("maxclients")) + 32).toBeLessThanOrEqual(container.nofile);
    expect(Number(text("maxclients"))).toBeGreaterThanOrEqual(2 * box.plan.synapse.processes.length + 20);
    expect(Number(text("tcp-backlog"))).toBeLessThanOrEqual(4096);
  });

  it("writes nothing to disk and lets nobody in without the password", () => {
    expect([text("save"), text("appendonly")]).toEqual(["", "no"]);
    expect(text("requirepass")).not.toBe("");
    expect(conf.has("io-threads-do-reads")).toBe(false);
  });
});

describe.each(named(all))("nginx.conf of %s", (_, box) => {
  const conf = fileOf(box, "nginx", "nginx.conf");
  const values = (name: string): string[] =>
    [...conf.matchAll(new RegExp(`^\\s*${name} ([^;]+);$`, "gm"))].map((match) => match[1] as string);
  const number = (name: string): number => Number(present(values(name)[0]));

  it("has files for every connection", () => {
    expect(number("worker_rlimit_nofile")).toBeGreaterThanOrEqual(2 * number("worker_connections"));
    expect(number("worker_rlimit_nofile")).toBeLessThanOrEqual(box.plan.nginx.container.nofile);
    const connections = number("worker_processes") * number("worker_connections");
    expect(connections).toBeGreaterThanOrEqual(2 * box.plan.expected.clients.value);
  });

  it("passes paths on as they came", () => {
    const targets = values("proxy_pass");
    expect(targets.length).toBeGreaterThan(0);
    for (const target of targets) expect(target).toMatch(/^http:\/\/[$\w]+$/);
  });

  it("keeps enough connections to every upstream, over a zone that is large enough", () => {
    const upstreams = [...conf.matchAll(/^ {2}upstream (\w+) \{\n([\s\S]*?)^ {2}\}/gm)];
    expect(upstreams.length).toBeGreaterThan(0);
    for (const [, name, body = ""] of upstreams) {
      const servers = body.match(/^\s*server /gm)?.length ?? 0;
      const keepalive = Number(/^\s*keepalive (\d+);/m.exec(body)?.[1]);
      const zone = Number(/^\s*zone \w+ (\d+)k;/m.exec(body)?.[1]);
      // A look at whether a process is there takes a new connection each time.
      const isKept = name === "presence_writer" ? Number.isNaN(keepalive) : keepalive >= 2 * servers;
      expect([name, servers > 0, isKept, zone >= 32]).toEqual([name, true, true, true]);
      expect(/hash[\s\S]*backup/.test(body)).toBe(false);
    }
    expect(values("proxy_http_version")).toEqual(["1.1"]);
  });

  it("waits longer than a long poll, everywhere longer than for the database, and takes the largest upload", () => {
    const seconds = (text: string): number => Number.parseInt(text, 10) * (text.endsWith("m") ? 60 : 1);
    // Those of Nginx' own looks are in milliseconds.
    const [inGeneral, ...others] = values("proxy_read_timeout").filter((text) => !text.endsWith("ms"));
    expect(seconds(present(inGeneral))).toBeGreaterThanOrEqual(180);
    for (const timeout of others) expect(seconds(timeout)).toBeGreaterThan(60);
    for (const polls of conf.matchAll(/^ {4}location [^\n]*sync\$" \{\n([\s\S]*?)^ {4}\}/gm)) {
      const own = /proxy_read_timeout ([^;]+);/.exec(polls[1] ?? "")?.[1];
      if (own !== undefined) expect(seconds(own)).toBeGreaterThanOrEqual(180);
    }
    const bodies = values("client_max_body_size").map((text) => present(Bytes.tryParse(text.toUpperCase())).toBytes());
    expect(Math.max(...bodies)).toBeGreaterThanOrEqual(box.environment.synapse.maxUploadSize.toBytes());
  });
});
