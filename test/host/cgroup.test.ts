import * as os from "node:os";
import { Bytes } from "../../configs/units/bytes";
import { localCpus, localRam, type ReadFile } from "../../host/cgroup";

jest.mock("node:os", () => ({
  ...jest.requireActual<typeof os>("node:os"),
  availableParallelism: jest.fn(() => 3),
}));

const files =
  (map: Record<string, string>): ReadFile =>
  (path) =>
    map[path];
const GIB = 1024 ** 3;

describe("localRam", () => {
  test.each<[string, Record<string, string>, number]>([
    ["no cgroup at all", {}, 8],
    ["v2 without a limit", { "/proc/self/cgroup": "0::/a", "/sys/fs/cgroup/a/memory.max": "max\n" }, 8],
    ["v2 with a limit", { "/proc/self/cgroup": "0::/a", "/sys/fs/cgroup/a/memory.max": `${2 * GIB}\n` }, 2],
    [
      "v2 with a limit on an ancestor",
      {
        "/proc/self/cgroup": "0::/a/b",
        "/sys/fs/cgroup/a/b/memory.max": "max",
        "/sys/fs/cgroup/a/memory.max": `${3 * GIB}`,
      },
      3,
    ],
    [
      "v2 without the memory controller",
      { "/proc/self/cgroup": "0::/a", "/sys/fs/cgroup/a/cgroup.controllers": "cpu" },
      8,
    ],
    [
      "v2 with an empty file and with zero",
      { "/proc/self/cgroup": "0::/a", "/sys/fs/cgroup/a/memory.max": "", "/sys/fs/cgroup/memory.max": "0" },
      8,
    ],
    [
      "v1 without a limit (a huge number)",
      { "/proc/self/cgroup": "4:memory:/d", "/sys/fs/cgroup/memory/d/memory.limit_in_bytes": "9223372036854771712" },
      8,
    ],
    [
      "v1 with a limit",
      { "/proc/self/cgroup": "4:memory:/d", "/sys/fs/cgroup/memory/d/memory.limit_in_bytes": `${GIB}` },
      1,
    ],
  ])("%s", (_, map, gib) => {
    expect(localRam(files(map), 8 * GIB).equals(Bytes.gib(gib))).toBe(true);
  });
});

describe("localCpus", () => {
  test.each<[string, Record<string, string>, number]>([
    ["no cgroup at all", {}, 4],
    ["v2 without a quota", { "/proc/self/cgroup": "0::/a", "/sys/fs/cgroup/a/cpu.max": "max 100000" }, 4],
    ["v2 with a fraction", { "/proc/self/cgroup": "0::/a", "/sys/fs/cgroup/a/cpu.max": "150000 100000" }, 1.5],
    [
      "v1 without a quota",
      {
        "/proc/self/cgroup": "3:cpu,cpuacct:/d",
        "/sys/fs/cgroup/cpu/d/cpu.cfs_quota_us": "-1",
        "/sys/fs/cgroup/cpu/d/cpu.cfs_period_us": "100000",
      },
      4,
    ],
    [
      "v1 with a quota",
      {
        "/proc/self/cgroup": "3:cpu,cpuacct:/d",
        "/sys/fs/cgroup/cpu/d/cpu.cfs_quota_us": "50000",
        "/sys/fs/cgroup/cpu/d/cpu.cfs_period_us": "100000",
      },
      0.5,
    ],
  ])("%s", (_, map, cores) => {
    expect(localCpus(files(map), 4).toCores()).toBe(cores);
  });

  it("is what the process may run on, of those online", () => {
    expect(os.availableParallelism()).toBe(3);
    expect(localCpus(files({})).toCores()).toBe(3);
  });
});
