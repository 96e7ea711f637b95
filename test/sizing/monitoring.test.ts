import type { Environment } from "../../configs/environment";
import { Bytes } from "../../configs/units/bytes";
import { TOTAL_SHARES } from "../../sizing/cpu";
import { containersOf, type Plan } from "../../sizing/plan";
import { solve } from "../../sizing/solve";
import { AUTO, machine } from "./fixtures";

const WATCHED: Environment = {
  ...AUTO,
  monitoring: { ...AUTO.monitoring, enabled: "auto" },
  compressor: { ...AUTO.compressor, enabled: "auto" },
};
const names = (plan: Plan): string[] => containersOf(plan).map(({ name }) => name);
const watchers = (plan: Plan): string[] => {
  const all = names(plan);
  return all.slice(all.indexOf("nginx") + 1);
};

describe("what watches and maintains", () => {
  it("comes with the RAM: nothing, then the compressor, then everything", () => {
    expect(watchers(solve(WATCHED, machine(1700, 2)))).toEqual([]);
    expect(watchers(solve(WATCHED, machine(1900, 2)))).toEqual(["compressor"]);
    expect(watchers(solve(WATCHED, machine(3500, 2)))).toEqual(["compressor"]);
    const own = { ...WATCHED, synapse: { ...WATCHED.synapse, workers: "two" as const } };
    expect(watchers(solve(own, machine(3700, 2)))).toEqual([
      "compressor",
      "node-exporter",
      "container-exporter",
      "postgres-exporter",
      "pgbouncer-exporter",
      "redis-exporter",
      "blackbox-exporter",
      "alertmanager",
      "prometheus",
      "grafana",
    ]);
  });

  it("stays away by itself where the workers of the file leave no room, and is refused where the file wants it", () => {
    const own = {
      ...WATCHED,
      postgres: { ...WATCHED.postgres, version: 18 as const },
      synapse: { ...WATCHED.synapse, workers: "three" as const },
    };
    expect(watchers(solve(own, machine(3135, 15)))).toEqual(["compressor"]);
    expect(watchers(solve(own, machine(3641, 15)))).toEqual(["compressor"]);
    const wanted = { ...own, monitoring: { ...own.monitoring, enabled: true as const } };
    expect(() => solve(wanted, machine(3641, 15))).toThrow(/monitoring\.enabled = true: I1 .*; leave it out/);
  });

  it("asks about no program that is not there", () => {
    const alone = { ...WATCHED, synapse: { ...WATCHED.synapse, workers: "none" as const } };
    expect(watchers(solve(alone, machine(8192, 4)))).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/pgbouncer|redis/)]),
    );
  });

  it("leaves Grafana out where images are built, unless one is named", () => {
    const local: Environment = { ...WATCHED, images: { source: "local", overrides: {} } };
    expect(watchers(solve(local, machine(8192, 4)))).not.toContain("grafana");
    const named: Environment = { ...local, images: { source: "local", overrides: { grafana: "example/grafana:12" } } };
    expect(watchers(solve(named, machine(8192, 4)))).toContain("grafana");
  });

  it("has the 4 % of the CPU weight that Nginx has without it", () => {
    const weight = (plan: Plan, of: readonly string[]): number =>
      containersOf(plan)
        .filter(({ name }) => of.includes(name))
        .reduce((sum, { cpuShares }) => sum + cpuShares.value, 0);
    const [off, on] = [solve(AUTO, machine(16_384, 8)), solve(WATCHED, machine(16_384, 8))];
    expect(weight(on, watchers(on)) / TOTAL_SHARES).toBeCloseTo(0.04, 2);
    expect((weight(off, ["nginx"]) - weight(on, ["nginx"])) / TOTAL_SHARES).toBeCloseTo(0.04, 2);
  });

  it("gives Prometheus memory for the series of every process", () => {
    const series = (workers: "none" | "seventeen"): number =>
      solve({ ...WATCHED, synapse: { ...WATCHED.synapse, workers } }, machine(65_536, 16)).monitoring?.prometheus.series
        .value ?? 0;
    expect(series("seventeen") - series("none")).toBe(17 * (series("none") - 7000));
  });

  it("keeps what the disk allows, and what the file says instead", () => {
    const size = (env: Environment, disk?: Bytes): Bytes | undefined =>
      solve(env, machine(16_384, 8, "nvme", disk)).monitoring?.prometheus.retentionSize.value;
    expect(size(WATCHED)).toEqual(Bytes.gib(2));
    expect(size(WATCHED, Bytes.gib(20))).toEqual(Bytes.gib(1));
    expect(size(WATCHED, Bytes.gib(500))).toEqual(Bytes.gib(10));
    expect(size(WATCHED, Bytes.gib(4000))).toEqual(Bytes.gib(20));
    const own = { ...WATCHED, monitoring: { ...WATCHED.monitoring, retentionSize: Bytes.gib(3) } };
    expect(size(own, Bytes.gib(500))).toEqual(Bytes.gib(3));
  });

  it("gives the compressor what the file says, and lets it use nine tenths", () => {
    const env = { ...WATCHED, compressor: { ...WATCHED.compressor, memory: Bytes.mib(500) } };
    const { compressor } = solve(env, machine(16_384, 8));
    expect(compressor?.container.memory.value).toEqual(Bytes.mib(500));
    expect(compressor?.usable.toMiB()).toBe(450);
  });
});
