import { defaultEnvironment } from "../../configs/default-environment";
import { Bytes } from "../../configs/units/bytes";
import { Cpus } from "../../configs/units/cpus";
import { holds } from "../../sizing/attempt";
import type { HostFacts, Plan } from "../../sizing/plan";
import { solve } from "../../sizing/solve";

/** What every figure of the documentation is reckoned for: all defaults, nothing declared. */
export const ENVIRONMENT = defaultEnvironment("figures");

/** A machine of the documentation, with its plan. */
export interface Box {
  readonly ramGb: number;
  readonly cores: number;
  readonly plan: Plan;
}

/** With an SSD of unknown size, as the flags of `size` give it. */
export const bareMachine = (ram: Bytes, cores: number): HostFacts => ({
  ram,
  cpus: Cpus.of(cores),
  disk: { kind: "ssd" },
  source: "declared",
});

const machine = (ram: Bytes, cores: number): HostFacts => ({
  ...bareMachine(ram, cores),
  disk: { kind: "ssd", size: Bytes.gib(200) },
});

/** All defaults on a machine with an SSD of 200 GB. */
export const box = (ramGb: number, cores: number): Box => ({
  ramGb,
  cores,
  plan: solve(ENVIRONMENT, machine(Bytes.gib(ramGb), cores)),
});

/** The least RAM in MB that all defaults fit with these cores. */
export const leastRam = (cores: number): number => {
  let [low, high] = [1, 4096];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(ENVIRONMENT, machine(Bytes.mib(middle), cores))) high = middle;
    else low = middle;
  }
  return high;
};

/** A Markdown table. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
