// What containers and the machine spend, read from the kernel: asking the engine would be a load of its own.
import { readFileSync } from "node:fs";
import { docker } from "./engine.mjs";

/** CPU ticks in a second, as /proc/stat counts them (USER_HZ is 100 on every Linux that Node.js runs on). */
const TICKS = 100;

/** Files of a container's cgroup, of either version. */
const cgroupOf = (pid) => {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n");
  const pathOf = (controller) =>
    lines.map((line) => line.split(":")).find(([, names]) => names.split(",").includes(controller))?.[2];
  const unified = `/sys/fs/cgroup${pathOf("")}`;
  return pathOf("cpuacct") === undefined
    ? { cpu: `${unified}/cpu.stat`, memory: `${unified}/memory.stat` }
    : {
        cpu: `/sys/fs/cgroup/cpuacct${pathOf("cpuacct")}/cpuacct.usage`,
        memory: `/sys/fs/cgroup/memory${pathOf("memory")}/memory.stat`,
      };
};

/** `key value` lines as an object of numbers. */
const statistics = (file) =>
  Object.fromEntries(
    readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(" "))
      .map(([key, value]) => [key, Number(value)]),
  );

/** Seconds of CPU since the container began. */
const cpuSeconds = ({ cpu }) =>
  cpu.endsWith("cpu.stat") ? statistics(cpu).usage_usec / 1e6 : Number(readFileSync(cpu, "utf8")) / 1e9;

/** MiB that are the processes' own or shared among them, such as Postgres' buffers; no page cache. */
const memoryMiB = ({ memory }) => {
  const of = statistics(memory);
  return ((of.total_rss ?? of.anon) + (of.total_shmem ?? of.shmem ?? 0)) / 1024 ** 2;
};

/** Seconds of CPU that the whole machine has spent on anything. */
const machineSeconds = () => {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync("/proc/stat", "utf8")
    .split("\n")[0]
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS;
};

/** Reads running containers of an environment by their service's name. */
export class Meter {
  #cgroups;

  /** @param containers - names, each the environment's, a dash, and the service's */
  constructor(environment, containers) {
    const pids = docker("inspect", "--format", "{{.State.Pid}}", ...containers).split("\n");
    this.#cgroups = containers.map((name, i) => [name.slice(environment.length + 1), cgroupOf(pids[i])]);
  }

  #each(read) {
    return Object.fromEntries(this.#cgroups.map(([service, files]) => [service, read(files)]));
  }

  /** Seconds of CPU so far, of each service and of the machine, and when that was. */
  cpu() {
    return { at: performance.now() / 1000, services: this.#each(cpuSeconds), machine: machineSeconds() };
  }

  /** MiB of each service. */
  memory() {
    return this.#each(memoryMiB);
  }
}

/** Cores in use between two readings of `cpu()`. */
export const coresBetween = (from, to) => {
  const seconds = to.at - from.at;
  return {
    services: Object.fromEntries(
      Object.entries(to.services).map(([service, value]) => [service, (value - from.services[service]) / seconds]),
    ),
    machine: (to.machine - from.machine) / seconds,
  };
};
