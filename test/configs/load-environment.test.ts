import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WORKER_LAYOUTS } from "../../configs/environment";
import { listEnvironments, loadEnvironment } from "../../configs/load-environment";
import { packageRoot } from "../../configs/package-root";
import { parseEnvironment } from "../../configs/parse-environment";
import { Bytes } from "../../configs/units/bytes";
import { Cpus } from "../../configs/units/cpus";

const parse = (yaml: string, name = "dev") => parseEnvironment(`server_name: example.com\n${yaml}`, name, "dev.yaml");

describe("what a file says", () => {
  it.each<[yaml: string, key: string, value: unknown]>([
    ["public_baseurl: http://127.0.0.1:8008", "publicBaseurl", "http://127.0.0.1:8008"],
    ["hardware: large", "hardware", { kind: "profile", name: "large" }],
    ["hardware: {disk: hdd}", "hardware", { kind: "auto", disk: { kind: "hdd" } }],
    ["hardware: {}", "hardware", { kind: "auto", disk: { kind: "ssd" } }],
    [
      "hardware: {ram: 4GB, cpus: 1.5, disk: {kind: nvme, size: 80GB}}",
      "hardware",
      { kind: "declared", ram: Bytes.gib(4), cpus: Cpus.of(1.5), disk: { kind: "nvme", size: Bytes.gib(80) } },
    ],
    [
      "expected: {users: 200, events_per_second: 5, federation: open}",
      "expected",
      { users: 200, eventsPerSecond: 5, federation: "open" },
    ],
    [
      "docker: {host: ssh://user@host, network: 10.89.4.0/22}",
      "docker",
      { host: "ssh://user@host", network: "10.89.4.0/22" },
    ],
    ["listen: {port: 80}", "listen", { address: "127.0.0.1", port: 80 }],
    ["images: local", "images", { source: "local", overrides: {} }],
    [
      "images: {redis: registry.example:5000/valkey:8.1}",
      "images",
      { source: "auto", overrides: { redis: "registry.example:5000/valkey:8.1" } },
    ],
    [
      "state: {backend: pg, config: {schema_name: kit, skip_schema_creation: true}}",
      "state",
      { backend: "pg", config: { schema_name: "kit", skip_schema_creation: true } },
    ],
    [
      "redis: {flavour: valkey, maxmemory: 64MB, settings: {hz: 20}}",
      "redis",
      { flavour: "valkey", maxmemory: Bytes.mib(64), settings: { hz: 20 } },
    ],
    ["pgbouncer: {enabled: false, pool_size: 20}", "pgbouncer", { enabled: false, poolSize: 20, settings: {} }],
    ["nginx: {admin_api_from: [10.0.0.0/8, '::1']}", "nginx", { adminApiFrom: ["10.0.0.0/8", "::1"], settings: {} }],
  ])("%s", (yaml, key, value) => {
    expect(parse(yaml)).toMatchObject({ [key]: value });
  });

  it("takes every typed size and number of Postgres", () => {
    const yaml = `postgres: {version: 16, jit: true, memory: 3GB, shared_buffers: 1GB, work_mem: 8MB, maintenance_work_mem: 64MB,
  max_connections: 80, max_wal_size: 4GB, huge_pages: "on", synchronous_commit: false, table_parameters: false, settings: {random_page_cost: 1.1}}`;
    expect(parse(yaml).postgres).toEqual({
      version: 16,
      jit: true,
      memory: Bytes.gib(3),
      sharedBuffers: Bytes.gib(1),
      workMem: Bytes.mib(8),
      maintenanceWorkMem: Bytes.mib(64),
      maxConnections: 80,
      maxWalSize: Bytes.gib(4),
      hugePages: "on",
      synchronousCommit: false,
      tableParameters: false,
      settings: { random_page_cost: 1.1 },
    });
  });

  it("takes every key of Synapse, limits flattened to Synapse's own names", () => {
    const yaml = `synapse:
  workers: eight
  registration: token
  presence: false
  report_stats: true
  max_upload_size: 200MB
  url_previews: true
  log_level: WARNING
  global_cache_factor: 1.5
  cp_max: 12
  rate_limits:
    rc_message: {per_second: 5, burst_count: 50}
    rc_login:
      address: {per_second: 0.5, burst_count: 3}
      account: {per_second: 0, burst_count: 0}
  sentry_dsn: https://key@sentry.example.com/17
  federation_domain_whitelist: [example.org, "matrix.example.net:8448"]
  settings: {forget_rooms_on_leave: true, retention: {enabled: true}}`;
    expect(parse(yaml).synapse).toEqual({
      workers: "eight",
      registration: "token",
      presence: false,
      reportStats: true,
      maxUploadSize: Bytes.mib(200),
      urlPreviews: true,
      logLevel: "WARNING",
      globalCacheFactor: 1.5,
      cpMax: 12,
      rateLimits: {
        rc_message: { perSecond: 5, burstCount: 50 },
        "rc_login.address": { perSecond: 0.5, burstCount: 3 },
        "rc_login.account": { perSecond: 0, burstCount: 0 },
      },
      sentryDsn: "https://key@sentry.example.com/17",
      federationDomainWhitelist: ["example.org", "matrix.example.net:8448"],
      settings: { forget_rooms_on_leave: true, retention: { enabled: true } },
    });
  });

  it.each(["auto", ...WORKER_LAYOUTS])("knows the layout %s", (layout) => {
    expect(parse(`synapse: {workers: ${layout}}`).synapse.workers).toBe(layout);
  });

  it("takes a layout of workers by hand, one process a group unless it says more", () => {
    const yaml =
      "synapse:\n  workers:\n    sync: {roles: [initial_sync, sync], count: 3}\n    rest: {roles: [pusher]}\n";
    expect(parse(yaml).synapse.workers).toEqual({
      sync: { roles: ["initial_sync", "sync"], count: 3 },
      rest: { roles: ["pusher"], count: 1 },
    });
  });

  it("takes other counts for the groups of a layout", () => {
    const yaml = "synapse: {workers: eight, worker_counts: {sync: 4, media: 0}}";
    expect(parse(yaml).synapse).toMatchObject({ workers: "eight", workerCounts: { sync: 4, media: 0 } });
  });

  it("reads anchors, quotes and Windows' line ends as YAML does", () => {
    const yaml = "listen: &here\r\n  \"port\": 81\r\n  address: '127.0.0.2'\r\n";
    expect(parse(yaml).listen).toEqual({ address: "127.0.0.2", port: 81 });
    const shared = "synapse: {rate_limits: {rc_message: &l {per_second: 1, burst_count: 2}, rc_reports: *l}}";
    expect(parse(shared).synapse.rateLimits.rc_reports).toEqual({ perSecond: 1, burstCount: 2 });
  });
});

describe("a name with both endings", () => {
  it("is refused, by name and by path: both would be one environment", () => {
    const project = mkdtempSync(join(tmpdir(), "synapse-kit-load-"));
    const folder = join(project, "configs", "environments");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "chat.yml"), "server_name: example.com\n");
    expect(loadEnvironment("chat", project).file).toBe("configs/environments/chat.yml");
    writeFileSync(join(folder, "chat.yaml"), "server_name: example.org\n");
    for (const nameOrPath of ["chat", "configs/environments/chat.yaml", "configs/environments/chat.yml"]) {
      expect(() => loadEnvironment(nameOrPath, project)).toThrow(
        "configs/environments/chat.yaml and configs/environments/chat.yml are both called `chat`: rename or remove one",
      );
    }
    rmSync(project, { recursive: true });
  });
});

describe("the network of an environment", () => {
  it("follows from the name alone, so that it never moves", () => {
    expect(parse("").docker.network).toBe(parse("listen: {port: 9000}").docker.network);
    expect([parse("", "dev"), parse("", "staging")].map(({ docker }) => docker.network)).toEqual([
      "10.122.104.0/22",
      "10.93.76.0/22",
    ]);
  });
});

describe("the shipped environments", () => {
  it("let whoever comes register only where that is for trying the kit", () => {
    const all = listEnvironments(packageRoot()).map((name) => loadEnvironment(name, packageRoot()));
    const open = all.filter(({ synapse }) => synapse.registration === "open");
    expect(open.map(({ name, expected, listen }) => [name, expected.federation, listen.address])).toEqual([
      ["dev", "closed", "127.0.0.1"],
    ]);
  });
});
