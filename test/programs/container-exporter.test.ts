import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildImages } from "../../host/build-images";
import { Docker } from "../../host/docker";
import { resolveImages } from "../../host/images";
import { ROOT } from "../support/corpus";
import { boxWithLayout } from "../support/programs-boxes";

const PROGRAM = join(ROOT, "programs", "container_exporter.py");
/** `synapse` in the image. */
const UID = 991;
const PORT = 9980;
const LIMIT_MIB = 64;
const MIB = 1024 ** 2;

const docker = (...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync("docker", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
};

const made: string[] = [];
const run = (...args: string[]): string => {
  const name = `programs-containers-${randomUUID()}`;
  made.push(name);
  return docker("run", "--detach", "--name", name, "--network", "none", ...args);
};

let image: string;
/** The exporter, for these containers and this folder of control groups. */
const exporterOf = (containers: Readonly<Record<string, string>>, cgroup: string): string =>
  run(
    ...["--user", `${UID}:${UID}`, "--read-only", "--cap-drop", "ALL", "--entrypoint", "python3"],
    ...["--volume", `${cgroup}:/host/cgroup:ro`, "--volume", `${PROGRAM}:/container_exporter.py:ro`],
    "--env",
    `CONTAINERS=${Object.entries(containers)
      .map(([name, id]) => `${name}=${id}`)
      .join(",")}`,
    ...[image, "/container_exporter.py", String(PORT), "/host/cgroup"],
  );

/** Values by metric and container, as a scrape finds them. */
const scrape = (exporter: string): Map<string, number> => {
  const text = docker("exec", exporter, "curl", "-fsS", `http://127.0.0.1:${PORT}/metrics`);
  const samples = text.split("\n").filter((line) => !line.startsWith("#"));
  return new Map(
    samples.map((line) => {
      const [, metric, name, value] = /^(\w+)\{name="(\w+)"\} (\S+)$/.exec(line) ?? [];
      return [`${metric} ${name}`, Number(value)];
    }),
  );
};

const ready = async (exporter: string): Promise<void> => {
  for (const last = Date.now() + 20_000; ; await sleep(200)) {
    const { status } = spawnSync("docker", ["exec", exporter, "curl", "-fs", `http://127.0.0.1:${PORT}/healthz`]);
    if (status === 0) return;
    if (Date.now() > last) throw new Error(docker("logs", exporter));
  }
};

beforeAll(async () => {
  const { environment, plan } = boxWithLayout("two");
  const { references, local } = resolveImages(environment, plan, "local");
  image = references.synapse;
  await buildImages(
    local.filter(({ tag }) => tag === image),
    new Docker(),
  );
}, 300_000);
afterAll(() => {
  if (made.length > 0) docker("rm", "--force", "--volumes", ...made);
});

describe("on this machine's own control groups", () => {
  let target: string;
  let exporter: string;
  const value = (metric: string, of = "target"): number | undefined => scrape(exporter).get(`${metric} ${of}`);

  beforeAll(async () => {
    target = run(
      ...["--memory", `${LIMIT_MIB}m`, "--memory-swap", `${LIMIT_MIB}m`, "--tmpfs", "/dev/shm"],
      ...["--entrypoint", "sleep", image, "infinity"],
    );
    exporter = exporterOf({ target, nobody: "0".repeat(64), exporter: "self" }, "/sys/fs/cgroup");
    await ready(exporter);
  });

  it("tells the limit to the byte, and what is in use below it", () => {
    expect(value("container_spec_memory_limit_bytes")).toBe(LIMIT_MIB * MIB);
    expect(value("container_memory_working_set_bytes")).toBeGreaterThan(0);
    expect(value("container_memory_working_set_bytes")).toBeLessThan(LIMIT_MIB * MIB);
    expect(value("container_processes")).toBe(1);
    expect(value("container_running")).toBe(1);
  });

  it("counts what can never go, shared memory too, and the CPU time that it took", () => {
    const [memory, cpu] = [value("container_memory_rss"), value("container_cpu_usage_seconds_total")];
    docker("exec", target, "dd", "if=/dev/zero", "of=/dev/shm/held", "bs=1M", "count=20");
    expect((value("container_memory_rss") ?? 0) - (memory ?? 0)).toBeGreaterThan(19 * MIB);
    expect(value("container_cpu_usage_seconds_total")).toBeGreaterThan(cpu ?? Number.POSITIVE_INFINITY);
  });

  it("counts what the kernel kills for want of memory, though the container goes on", () => {
    expect(value("container_oom_events_total")).toBe(0);
    const greedy = ["exec", target, "python3", "-c", "bytearray(200 * 2**20)"];
    expect(spawnSync("docker", greedy).status).toBe(137);
    expect(value("container_oom_events_total")).toBe(1);
    expect(value("container_running")).toBe(1);
  });

  it("tells a restart by its time, and a stop", async () => {
    const before = value("container_start_time_seconds");
    expect(value("container_start_time_seconds")).toBe(before);
    await sleep(1100);
    docker("restart", "--time", "0", target);
    expect(value("container_start_time_seconds")).toBeGreaterThan(before ?? Number.POSITIVE_INFINITY);
    docker("stop", "--time", "0", target);
    expect(value("container_running")).toBe(0);
    expect(value("container_memory_rss")).toBeUndefined();
  });

  it("tells about itself", () => {
    expect(value("container_running", "exporter")).toBe(1);
    expect(value("container_memory_rss", "exporter")).toBeGreaterThan(MIB);
  });

  it("says that one which nobody knows does not run", () => expect(value("container_running", "nobody")).toBe(0));
});

/** The second version is not on every machine: the files as the kernel's manual has them (cgroup-v2.rst). */
describe("on control groups of the second version", () => {
  const ID = "0123456789abcdef".repeat(4);
  const FILES = {
    "memory.current": "73400320",
    "memory.max": "104857600",
    "memory.stat": "anon 41943040\nfile 20971520\nshmem 4194304\ninactive_file 10485760",
    "memory.events": "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2",
    "cpu.stat": "usage_usec 2500000\nuser_usec 2000000\nthrottled_usec 500000",
    "pids.current": "12",
  };
  const root = mkdtempSync(join(tmpdir(), "synapse-kit-cgroup-"));
  afterAll(() => rmSync(root, { recursive: true }));

  it.each(["system.slice/docker-ID.scope", "docker/ID"])("below %s", async (place) => {
    const folder = join(root, place.replace(/\W/g, "-"));
    const files = { "cgroup.controllers": "cpu memory pids", ...FILES };
    for (const [name, content] of Object.entries(files)) {
      const path = name.startsWith("cgroup.") ? join(folder, name) : join(folder, place.replace("ID", ID), name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${content}\n`);
    }
    spawnSync("chmod", ["-R", "a+rX", root]);
    const exporter = exporterOf({ target: ID }, folder);
    await ready(exporter);
    expect(Object.fromEntries([...scrape(exporter)].filter(([name]) => !name.includes("start_time")))).toEqual({
      "container_memory_usage_bytes target": 70 * MIB,
      "container_memory_working_set_bytes target": 60 * MIB,
      "container_memory_rss target": 44 * MIB,
      "container_spec_memory_limit_bytes target": 100 * MIB,
      "container_oom_events_total target": 2,
      "container_cpu_usage_seconds_total target": 2.5,
      "container_cpu_cfs_throttled_seconds_total target": 0.5,
      "container_processes target": 12,
      "container_running target": 1,
    });
  });
});
