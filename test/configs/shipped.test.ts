import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { defaultEnvironment } from "../../configs/default-environment";
import { POSTGRES_MAJORS, PROFILE_NAMES } from "../../configs/environment";
import { loadEnvironment } from "../../configs/load-environment";
import { subnetsOf } from "../../configs/network";
import { parseEnvironment } from "../../configs/parse-environment";
import { loadProfile } from "../../configs/profile";
import { Bytes } from "../../configs/units/bytes";
import { Duration } from "../../configs/units/duration";
import { resolveImages } from "../../host/images";
import { solve } from "../../sizing/solve";
import { machine } from "../sizing/fixtures";
import { ROOT, SHIPPED } from "../support/corpus";

const minimal = (name: string) => parseEnvironment("server_name: example.com\n", name, `${name}.yaml`);

describe("a file with nothing but a server name", () => {
  it("is closed, small and local until it says otherwise", () => {
    const { docker, positions, ...rest } = minimal("dev");
    expect(positions).toEqual({ "": "1:1", server_name: "1:1" });
    expect(docker).toEqual({ network: expect.stringMatching(/^10\.\d+\.\d+\.0\/22$/) });
    expect(rest).toEqual({
      name: "dev",
      file: "dev.yaml",
      serverName: "example.com",
      publicBaseurl: "https://example.com",
      hardware: { kind: "auto", disk: { kind: "ssd" } },
      expected: { federation: "small" },
      listen: { address: "127.0.0.1", port: 8008 },
      images: { source: "auto", overrides: {} },
      state: { backend: "local", config: {} },
      postgres: {
        version: 18,
        jit: false,
        hugePages: "try",
        synchronousCommit: true,
        tableParameters: true,
        settings: {},
      },
      pgbouncer: { version: "1.25.2", enabled: "auto", settings: {} },
      redis: { version: "8.0.6", flavour: "redis", settings: {} },
      synapse: {
        workers: "auto",
        registration: "closed",
        presence: true,
        reportStats: false,
        maxUploadSize: Bytes.mib(50),
        urlPreviews: false,
        logLevel: "INFO",
        rateLimits: {},
        settings: {},
      },
      nginx: { version: "1.30.6", adminApiFrom: [], settings: {} },
      monitoring: {
        enabled: "auto",
        scrapeInterval: Duration.seconds(30),
        retentionTime: Duration.hours(15 * 24),
        objectives: { sendWithin200ms: 90, sendWithin500ms: 95, sendWithin1s: 99, availability: 99.5 },
        grafana: { enabled: "auto", address: "127.0.0.1", port: 3000 },
        alerts: { enabled: true, receivers: [] },
      },
      compressor: { enabled: "auto", schedule: "17 3 * * *", chunkSize: 500, chunks: 100, levels: [100, 50, 25] },
    });
  });

  it("is what the figures without a file are made from", () => {
    expect({ ...defaultEnvironment("dev"), file: "" }).toEqual({ ...minimal("dev"), file: "", positions: {} });
  });

  it("always has the same network, inside 10.64.0.0/10 and on its own boundary, whatever its name", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/), (name) => {
        const { network } = minimal(name).docker;
        expect(minimal(name).docker.network).toBe(network);
        const { frontend, backend } = subnetsOf(network);
        expect(frontend).not.toBe(backend);
        const [a, b] = network.split(".").map(Number);
        expect([a, (b as number) >= 64 && (b as number) < 128]).toEqual([10, true]);
      }),
    );
    expect(minimal("dev").docker.network).not.toBe(minimal("staging").docker.network);
  });
});

describe("what the file says", () => {
  const parse = (yaml: string) => parseEnvironment(`server_name: example.com\n${yaml}`, "dev", "dev.yaml");

  it("takes hardware as a profile, as figures, or as a disk alone", () => {
    expect(parse("hardware: medium\n").hardware).toEqual({ kind: "profile", name: "medium" });
    expect(parse("hardware: {disk: nvme}\n").hardware).toEqual({ kind: "auto", disk: { kind: "nvme" } });
    expect(parse("hardware: {}\n").hardware).toEqual({ kind: "auto", disk: { kind: "ssd" } });
    const declared = parse("hardware: {ram: 4GB, cpus: 1.5, disk: {kind: hdd, size: 2TB}}\n").hardware;
    expect(declared).toMatchObject({ kind: "declared", disk: { kind: "hdd" } });
    expect(declared.kind === "declared" && declared.ram.equals(Bytes.gib(4))).toBe(true);
    expect(declared.kind === "declared" && declared.disk.size?.equals(Bytes.gib(2048))).toBe(true);
  });

  it("takes images as a word or one by one", () => {
    expect(parse("images: local\n").images).toEqual({ source: "local", overrides: {} });
    expect(parse("images: {source: official, redis: valkey/valkey:8.1}\n").images).toEqual({
      source: "official",
      overrides: { redis: "valkey/valkey:8.1" },
    });
    const digest = `nginx@sha256:${"a".repeat(64)}`;
    expect(parse(`images: {nginx: "${digest}"}\nnginx: {version: "1.30.6"}\n`).images).toEqual({
      source: "auto",
      overrides: { nginx: digest },
    });
  });

  it("names inner rate limits by a dot", () => {
    const { rateLimits } = parse(
      "synapse: {rate_limits: {rc_message: {per_second: 0, burst_count: 1}, rc_joins: {local: {per_second: 2, burst_count: 3}}}}\n",
    ).synapse;
    expect(rateLimits).toEqual({
      rc_message: { perSecond: 0, burstCount: 1 },
      "rc_joins.local": { perSecond: 2, burstCount: 3 },
    });
  });

  it("reads sizes of the database into amounts", () => {
    const { postgres, redis } = parse("postgres: {shared_buffers: 1GB, work_mem: 8 MB}\nredis: {maxmemory: 64mb}\n");
    expect([postgres.sharedBuffers, postgres.workMem, redis.maxmemory].map(String)).toEqual(["1 GB", "8 MB", "64 MB"]);
    expect(postgres.memory).toBeUndefined();
  });

  it.each([
    "example.com",
    "localhost",
    "matrix.example.com:8448",
    "1.2.3.4",
    "[2001:db8::1]",
    "[2001:db8::1]:8448",
    "a-b.c",
  ])("takes %s as a server name", (serverName) => {
    expect(parseEnvironment(`server_name: "${serverName}"\n`, "dev", "dev.yaml").serverName).toBe(serverName);
  });
});

describe("the shipped environments", () => {
  it("are there", () => {
    expect(SHIPPED).toEqual(["dev", "production", "staging"]);
  });

  it.each(SHIPPED)("load and have a name of their own: %s", (name) => {
    const environment = loadEnvironment(name, ROOT);
    expect([environment.name, environment.file]).toEqual([name, `configs/environments/${name}.yaml`]);
  });

  it("use networks and ports of their own where they meet on one machine", () => {
    const networks = SHIPPED.map((name) => loadEnvironment(name, ROOT).docker.network);
    expect(new Set(networks).size).toBe(SHIPPED.length);
    const [dev, production, staging] = SHIPPED.map((name) => loadEnvironment(name, ROOT));
    expect(dev?.expected.federation).toBe("closed");
    expect([production?.synapse.registration, staging?.synapse.registration]).toEqual(["closed", "token"]);
  });

  it("open no admin API and no port but on loopback", () => {
    for (const name of SHIPPED) {
      const { nginx, listen } = loadEnvironment(name, ROOT);
      expect([nginx.adminApiFrom, listen.address]).toEqual([[], "127.0.0.1"]);
    }
  });
});

describe("the profiles", () => {
  it("are the files of their folder", () => {
    const files = readdirSync(join(ROOT, "configs", "profiles")).map((file) => file.replace(".yaml", ""));
    expect(files.sort()).toEqual([...PROFILE_NAMES].sort());
  });

  it.each(PROFILE_NAMES)("load, and say in words what they are: %s", (name) => {
    const { description, ram, cpus, disk } = loadProfile(name);
    expect(description.length).toBeGreaterThan(10);
    expect(ram.isMoreThan(Bytes.gib(1)) && cpus.toCores() >= 1).toBe(true);
    expect(["nvme", "ssd", "hdd", "network"]).toContain(disk.kind);
  });

  it("grow from name to name", () => {
    const sizes = PROFILE_NAMES.map((name) => loadProfile(name));
    for (const [index, { ram, cpus }] of sizes.entries()) {
      const before = sizes[index - 1];
      if (before) expect(ram.isMoreThan(before.ram) && cpus.toCores() >= before.cpus.toCores()).toBe(true);
    }
  });

  it.each(PROFILE_NAMES)("carry a server with all defaults: %s", (name) => {
    const { ram, cpus, disk } = loadProfile(name);
    const environment = parseEnvironment(`server_name: example.com\nhardware: ${name}\n`, "dev", "dev.yaml");
    expect(
      solve(environment, { ram, cpus, disk, source: `profile ${name}` }).leftOver.toBytes(),
    ).toBeGreaterThanOrEqual(0);
  });
});

describe("what the reference offers", () => {
  const cases = POSTGRES_MAJORS.flatMap((version) =>
    (["redis", "valkey"] as const).map((flavour) => [version, flavour] as const),
  );

  it.each(cases)("has an official image for each program: Postgres %d with %s", (version, flavour) => {
    const environment = parseEnvironment(
      `server_name: example.com\nimages: official\npostgres: {version: ${version}}\nredis: {flavour: ${flavour}}\n`,
      "dev",
      "dev.yaml",
    );
    const plan = solve(environment, machine(16_384, 4));
    for (const reference of Object.values(resolveImages(environment, plan, "official").references)) {
      expect(reference).toMatch(/^[a-z0-9][a-z0-9._/-]*:[\w.-]+$/);
    }
  });
});
