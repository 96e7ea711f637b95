import { existsSync, readFileSync } from "node:fs";
import { Bytes } from "../../configs/units/bytes";
import { docker } from "./engine-project";

const SAMPLE_MS = 100;

/** What a container takes that the kernel cannot give to others: page cache is not in it. */
export interface MemoryUse {
  /** Heaps and stacks of all processes. */
  readonly anonymous: Bytes;
  /** Postgres' buffers, /dev/shm and every tmpfs. */
  readonly shared: Bytes;
  /** Page tables, stacks of the kernel, sockets; with cgroup v1 also caches of inodes, which could be given back. */
  readonly kernel: Bytes;
}

interface Cgroup {
  readonly use: () => MemoryUse;
  /** Kills for want of memory since the container started. */
  readonly kills: () => number;
}

const numbersIn = (file: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(" ") as [string, string])
      .map(([name, value]) => [name, Number(value)]),
  );

const numberIn = (file: string): number => Number(readFileSync(file, "utf8"));

const first = (folder: string): Cgroup => ({
  use: () => {
    const stat = numbersIn(`${folder}/memory.stat`);
    return {
      anonymous: Bytes.of(stat.total_rss ?? 0),
      shared: Bytes.of(stat.total_shmem ?? 0),
      kernel: Bytes.of(
        numberIn(`${folder}/memory.kmem.usage_in_bytes`) + numberIn(`${folder}/memory.kmem.tcp.usage_in_bytes`),
      ),
    };
  },
  kills: () => numbersIn(`${folder}/memory.oom_control`).oom_kill ?? 0,
});

const second = (folder: string): Cgroup => ({
  use: () => {
    const stat = numbersIn(`${folder}/memory.stat`);
    const kernel = ["kernel_stack", "pagetables", "percpu", "sock", "slab_unreclaimable"];
    return {
      anonymous: Bytes.of(stat.anon ?? 0),
      shared: Bytes.of(stat.shmem ?? 0),
      kernel: Bytes.of(kernel.reduce((sum, name) => sum + (stat[name] ?? 0), 0)),
    };
  },
  kills: () => numbersIn(`${folder}/memory.events`).oom_kill ?? 0,
});

const cgroupOf = (container: string): Cgroup => {
  const pid = docker("inspect", "--format", "{{.State.Pid}}", container);
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n");
  const pathOf = (controller: string): string | undefined =>
    lines.map((line) => line.split(":")).find(([, names]) => names?.split(",").includes(controller))?.[2];
  const old = `/sys/fs/cgroup/memory${pathOf("memory")}`;
  return existsSync(old) ? first(old) : second(`/sys/fs/cgroup${pathOf("")}`);
};

export const totalOf = ({ anonymous, shared, kernel }: MemoryUse): Bytes => Bytes.sum([anonymous, shared, kernel]);

/** Reads what a running container takes, ten times a second, and keeps the most of it. */
export class MemoryGauge {
  private readonly cgroup: Cgroup;
  private readonly timer: NodeJS.Timeout;
  private most: MemoryUse;

  constructor(container: string) {
    this.cgroup = cgroupOf(container);
    this.most = this.cgroup.use();
    this.timer = setInterval(() => this.sample(), SAMPLE_MS);
  }

  /** The parts as they were when their sum was greatest. */
  get peak(): MemoryUse {
    return this.most;
  }

  get kills(): number {
    return this.cgroup.kills();
  }

  /** Forgets the peak. */
  reset(): void {
    this.most = this.cgroup.use();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private sample(): void {
    const now = this.cgroup.use();
    if (totalOf(now).isMoreThan(totalOf(this.most))) this.most = now;
  }
}
