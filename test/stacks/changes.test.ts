import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Bytes } from "../../configs/units/bytes";
import type { Prepared } from "../../host/prepare";
import type { Plan } from "../../sizing/plan";
import { corpus, plain, prepared, ROOT, shipped } from "../support/corpus";
import { type Stack, synth, synthOne } from "./synth";

const BASE = "server_name: example.org\nhardware: {ram: 8GB, cpus: 4, disk: nvme}\nsynapse:\n  workers: three\n";
const base = () => synthOne(prepared("law", BASE));
const with_ = (yaml: string) => synthOne(prepared("law", yaml));

const differing = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key] !== b[key]).sort();

const synapse = ["synapse-federation1", "synapse-main", "synapse-rooms1", "synapse-sync1"];

describe("a changed setting", () => {
  let before: Stack;
  beforeAll(() => {
    before = base();
  });

  it.each<[what: string, yaml: string, services: string[]]>([
    ["Nginx's keepalive", `${BASE}nginx: {settings: {keepalive_timeout: 20s}}\n`, ["nginx"]],
    ["a cost of the planner", `${BASE}postgres: {settings: {log_min_duration_statement: 5s}}\n`, ["postgres"]],
    ["a time-out of the pooler", `${BASE}pgbouncer: {settings: {server_idle_timeout: 300}}\n`, ["pgbouncer"]],
    ["Redis' log level", `${BASE}redis: {settings: {loglevel: warning}}\n`, ["redis"]],
    ["a rate limit", `${BASE}  rate_limits: {rc_message: {per_second: 9, burst_count: 9}}\n`, synapse],
    ["the level of the log", `${BASE}  log_level: ERROR\n`, synapse],
    ["the port on the host", `${BASE}listen: {port: 9000}\n`, []],
  ])("gives new files to exactly who reads it: %s", (_what, yaml, services) => {
    expect(differing(before.configVolumes(), with_(yaml).configVolumes())).toEqual(services);
  });

  it.each<[what: string, yaml: string, services: string[]]>([
    ["Nginx's keepalive", `${BASE}nginx: {settings: {keepalive_timeout: 20s}}\n`, ["nginx"]],
    ["a rate limit", `${BASE}  rate_limits: {rc_message: {per_second: 9, burst_count: 9}}\n`, synapse],
    ["the port on the host", `${BASE}listen: {port: 9000}\n`, ["nginx"]],
    ["an image", `${BASE}images: {redis: "redis:7.4.9"}\n`, ["redis"]],
    [
      "the network",
      `${BASE}docker: {network: 10.200.4.0/22}\n`,
      [
        "alertmanager",
        "blackbox-exporter",
        "compressor",
        "container-exporter",
        "grafana",
        "nginx",
        "node-exporter",
        "pgbouncer",
        "pgbouncer-exporter",
        "postgres",
        "postgres-exporter",
        "prometheus",
        "redis",
        "redis-exporter",
        ...synapse,
      ],
    ],
  ])("gives a new hash to exactly the containers that it is about: %s", (_what, yaml, services) => {
    expect(differing(before.specHashes(), with_(yaml).specHashes())).toEqual(services);
  });

  it("gives no new hash to anybody when nothing changes", () => {
    const after = base();
    expect(differing(before.specHashes(), after.specHashes())).toEqual([]);
    expect(differing(before.configVolumes(), after.configVolumes())).toEqual([]);
  });

  it("leaves every data volume, network and secret as it is", () => {
    const kept = ({ json }: Stack) =>
      Object.fromEntries(
        Object.entries(json.resource).filter(([type]) => type !== "docker_container" && type !== "docker_volume"),
      );
    const data = (stack: Stack) =>
      Object.entries(stack.of("docker_volume")).filter(([id]) => !id.startsWith("config_"));
    const after = with_(`${BASE}nginx: {settings: {keepalive_timeout: 20s}}\npostgres: {jit: true}\n`);
    expect(kept(after)).toEqual(kept(before));
    expect(data(after)).toEqual(data(before));
    expect(data(before).map(([id]) => id)).toEqual(expect.arrayContaining(["postgres_data", "synapse_media"]));
  });
});

describe("more memory alone", () => {
  /** The same plan with another limit for Nginx: updated in place, which a new hash would turn into a replacement. */
  const enlarged = (one: Prepared, by: Bytes): Prepared => {
    const { container } = one.plan.nginx;
    const memory = { ...container.memory, value: container.memory.value.plus(by) };
    const reservation = container.reservation.plus(by);
    const plan: Plan = { ...one.plan, nginx: { ...one.plan.nginx, container: { ...container, memory, reservation } } };
    return { ...one, plan };
  };

  it("changes limits in place and gives nobody a new hash", () => {
    const one = prepared("law", BASE);
    const [before, after] = [synthOne(one), synthOne(enlarged(one, Bytes.mib(64)))];
    const memory = (stack: Stack) => stack.services().get("nginx")?.memory ?? 0;
    expect(memory(after)).toBe(memory(before) + 64);
    expect(differing(before.specHashes(), after.specHashes())).toEqual([]);
    expect(differing(before.configVolumes(), after.configVolumes())).toEqual([]);
  });
});

describe("the output", () => {
  it("is the same to the byte on every synthesis, in any folder", () => {
    const [once, again] = [synth(corpus().slice(0, 12)), synth(corpus().slice(0, 12))];
    expect(again.map(({ text }) => text)).toEqual(once.map(({ text }) => text));
  });

  it("is the same whether an environment is alone or one of many", () => {
    const together = synth(shipped());
    expect(shipped().map((one) => synthOne(one).text)).toEqual(together.map(({ text }) => text));
  });

  it("does not depend on the working directory", () => {
    const [here, there] = [process.cwd(), mkdtempSync(join(tmpdir(), "synapse-kit-cwd-"))];
    const before = base().text;
    try {
      process.chdir(there);
      expect(base().text).toBe(before);
    } finally {
      process.chdir(here);
      rmSync(there, { recursive: true });
    }
  });

  it("names no path of this machine", () => {
    for (const { text } of synth(shipped())) {
      expect(text).not.toContain(ROOT);
      expect(text).not.toContain("synapse-kit-synth-");
    }
  });

  it("keeps a local state beside the project, by a relative path", () => {
    expect(base().json.terraform.backend).toEqual({ local: { path: "../../../state/law.tfstate" } });
  });

  it("does not depend on the version of the kit", () => {
    expect(existsSync(join(ROOT, "dist", "index.js"))).toBe(true);
    const copy = mkdtempSync(join(tmpdir(), "synapse-kit-version-"));
    try {
      for (const part of ["dist", "configs", "images", "programs"])
        cpSync(join(ROOT, part), join(copy, part), { recursive: true });
      symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
      const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
      writeFileSync(join(copy, "package.json"), JSON.stringify({ ...manifest, version: "99.98.97" }));
      const script = `
        const [, root, project] = process.argv;
        const { parseEnvironment } = require(root + "/dist/configs/parse-environment.js");
        const { solve } = require(root + "/dist/sizing/solve.js");
        const { synthesize } = require(root + "/dist/stacks/synthesize.js");
        const environment = parseEnvironment(${JSON.stringify(BASE)}, "law", "law.yaml");
        const { ram, cpus, disk } = environment.hardware;
        const { IMAGE_NAMES } = require(root + "/dist/configs/environment.js");
        const references = Object.fromEntries(IMAGE_NAMES.map((name) => [name, name + ":1"]));
        const plan = solve(environment, { ram, cpus, disk, source: "declared" });
        synthesize([{ environment, plan, images: { references, local: [] } }], { projectDir: project });`;
      const texts = [ROOT, copy].map((root, index) => {
        const project = join(copy, `project${index}`);
        mkdirSync(project);
        const { status, stderr } = spawnSync(process.execPath, ["-e", script, root, project], { encoding: "utf8" });
        expect([status, stderr]).toEqual([0, ""]);
        return readFileSync(join(project, "cdktf.out", "stacks", "law", "cdk.tf.json"), "utf8");
      });
      expect(texts[1]).toBe(texts[0]);
      expect(texts[0]).not.toContain(manifest.version);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});

/** Of data: there whether or not anything that writes into them is. */
const VOLUMES = ["alertmanager_data", "grafana_data", "postgres_data", "prometheus_data", "synapse_media"];

describe("an environment taken down", () => {
  it("keeps volumes, networks and secrets, and has no container", () => {
    for (const one of [plain("none"), plain("eight")]) {
      const [up, down] = [synthOne(one), synthOne(one, { running: false })];
      expect(down.json.resource.docker_container).toBeUndefined();
      expect(Object.keys(down.of("docker_volume")).sort()).toEqual(VOLUMES);
      for (const type of ["docker_network", "random_password", "random_bytes", "random_id", "terraform_data"]) {
        expect(down.of(type)).toEqual(up.of(type));
        expect(Object.keys(up.of(type)).length).toBeGreaterThan(0);
      }
      for (const id of VOLUMES) {
        expect(down.of("docker_volume")[id]).toEqual(up.of("docker_volume")[id]);
      }
    }
  });

  it("can be destroyed, data and all, only when it is said to be disposable", () => {
    const kept = (stack: Stack) =>
      Object.entries(stack.json.resource)
        .filter(([type]) => type.startsWith("random_") || ["docker_volume", "terraform_data"].includes(type))
        .flatMap(([, all]) => Object.entries(all) as [string, { lifecycle?: { prevent_destroy?: boolean } }][])
        .filter(([id]) => !id.startsWith("config_"))
        .map(([, resource]) => resource.lifecycle?.prevent_destroy);
    const one = plain("two");
    expect(new Set(kept(synthOne(one)))).toEqual(new Set([true]));
    expect(new Set(kept(synthOne(one, { running: false })))).toEqual(new Set([true]));
    expect(new Set(kept(synthOne(one, { running: false, disposable: true })))).toEqual(new Set([false]));
  });
});

describe("names", () => {
  it("of containers fit a host name even for the longest environment", () => {
    const name = `e${"x".repeat(30)}`;
    const stack = synthOne(
      prepared(name, "server_name: example.org\nhardware: {ram: 64GB, cpus: 16}\nsynapse: {workers: seventeen}\n"),
    );
    const names = [...stack.services().values()].map((c) => c.name);
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter((n) => n.length > 63)).toEqual([]);
  });

  it("and addresses in Terraform are a contract: an earlier deployment is found by them", () => {
    const ids = Object.keys(base().of("docker_container")).filter((id) => !id.startsWith("seed_"));
    expect(ids.sort()).toEqual([
      "alertmanager",
      "blackbox_exporter",
      "compressor",
      "container_exporter",
      "grafana",
      "nginx",
      "node_exporter",
      "pgbouncer",
      "pgbouncer_exporter",
      "postgres",
      "postgres_exporter",
      "prometheus",
      "redis",
      "redis_exporter",
      "synapse_federation1",
      "synapse_main",
      "synapse_media_owner",
      "synapse_rooms1",
      "synapse_sync1",
    ]);
  });
});
