import { readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { Bytes } from "../configs/units/bytes";
import { Cpus } from "../configs/units/cpus";

/** Reads a file; undefined when there is none. Replaced in tests. */
export type ReadFile = (path: string) => string | undefined;

const fromDisk: ReadFile = (path) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
};

const CGROUP_ROOT = "/sys/fs/cgroup";

/** The group's own folder and every one above it: a limit anywhere on the way holds. */
const withAncestors = (group: string): string[] => {
  const folders = [group];
  for (let folder = group; folder !== "/" && folder !== "."; folder = dirname(folder)) folders.push(dirname(folder));
  return folders;
};

/** Folder of this process in a hierarchy, by controller (v1) or the empty name (v2). */
const groupOf = (read: ReadFile, controller: string): string => {
  const lines = (read("/proc/self/cgroup") ?? "").split("\n").map((line) => line.split(":"));
  const line = lines.find(([id, names]) =>
    controller === "" ? id === "0" && names === "" : names?.split(",").includes(controller),
  );
  return line?.[2] ?? "/";
};

/** `max`, nothing, 0 and absurd figures all mean that there is no limit. */
const positive = (text: string | undefined): number | undefined => {
  const value = Number(text?.trim());
  return Number.isFinite(value) && value > 0 ? value : undefined;
};

const smallest = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
};

/**
 * RAM of this machine: MemTotal, or a cgroup limit (v1 or v2, of any ancestor) below it. A cgroup v2 without the memory
 * controller has no `memory.max`, which is no limit; v1 writes a huge number for none.
 */
export const localRam = (read: ReadFile = fromDisk, memTotal = totalmem()): Bytes => {
  const v2 = withAncestors(groupOf(read, "")).map((group) => positive(read(join(CGROUP_ROOT, group, "memory.max"))));
  const v1 = withAncestors(groupOf(read, "memory")).map((group) =>
    positive(read(join(CGROUP_ROOT, "memory", group, "memory.limit_in_bytes"))),
  );
  return Bytes.of(Math.min(memTotal, smallest([...v2, ...v1]) ?? memTotal));
};

/**
 * CPUs of this machine: those online, or a quota (fractional) or a cpuset below that. The count of Node knows the cpuset,
 * as the kernel takes it for the process' affinity.
 */
export const localCpus = (read: ReadFile = fromDisk, online = availableParallelism()): Cpus => {
  const v2 = withAncestors(groupOf(read, "")).map((group) => {
    const [quota, period] = (read(join(CGROUP_ROOT, group, "cpu.max")) ?? "").trim().split(" ");
    const [q, p] = [positive(quota), positive(period)];
    return q !== undefined && p !== undefined ? q / p : undefined;
  });
  const v1 = withAncestors(groupOf(read, "cpu")).map((group) => {
    const folder = join(CGROUP_ROOT, "cpu", group);
    const [q, p] = [
      positive(read(join(folder, "cpu.cfs_quota_us"))),
      positive(read(join(folder, "cpu.cfs_period_us"))),
    ];
    return q !== undefined && p !== undefined ? q / p : undefined;
  });
  return Cpus.of(Math.min(online, smallest([...v2, ...v1]) ?? online));
};
