import { CPUS_RANGE, LEAST_CPUS, MOST_CPUS, MOST_RAM, RAM_RANGE } from "../../configs/machine-range";
import { Bytes } from "../../configs/units/bytes";
import { Cpus } from "../../configs/units/cpus";
import { UserError } from "../../configs/user-error";
import { prepareSize } from "../../host/prepare";
import type { Plan } from "../../sizing/plan";
import { explain, sizeJson, sizeText } from "../../sizing/report";

export interface SizeOptions {
  readonly ram?: string;
  readonly cpus?: string;
  readonly json?: boolean;
  readonly explain?: string;
}

/** An environment that is all defaults on declared hardware. */
const planFromFlags = (ram: string, cpus: string): Plan => {
  const { defaultEnvironment } =
    require("../../configs/default-environment") as typeof import("../../configs/default-environment");
  const { solve } = require("../../sizing/solve") as typeof import("../../sizing/solve");
  const parsed = Bytes.tryParse(ram);
  if (!parsed)
    throw new UserError(`\`--ram\`: expected a size such as 512MB or 4GB, got ${JSON.stringify(ram)}`, { usage: true });
  if (parsed.isMoreThan(MOST_RAM)) {
    throw new UserError(`\`--ram\`: expected ${RAM_RANGE}, got ${JSON.stringify(ram)}`, { usage: true });
  }
  const count = Number(cpus);
  if (!(count >= LEAST_CPUS && count <= MOST_CPUS)) {
    throw new UserError(`\`--cpus\`: expected a number ${CPUS_RANGE}, got ${JSON.stringify(cpus)}`, { usage: true });
  }
  return solve(defaultEnvironment("size"), {
    ram: parsed,
    cpus: Cpus.of(count),
    disk: { kind: "ssd" },
    source: "declared",
  });
};

const planOf = async (name: string | undefined, { ram, cpus }: SizeOptions): Promise<Plan> => {
  if (name !== undefined) {
    if (ram !== undefined || cpus !== undefined) {
      throw new UserError(
        "give an environment or `--ram` and `--cpus`, not both: the environment says its own `hardware`",
        { usage: true },
      );
    }
    return (await prepareSize(name, process.cwd())).plan;
  }
  if (ram === undefined || cpus === undefined) {
    throw new UserError("give an environment, or both `--ram` and `--cpus`", { usage: true });
  }
  return planFromFlags(ram, cpus);
};

/** Prints the budget of an environment, or of a machine given by flags. */
export const size = async (name: string | undefined, options: SizeOptions): Promise<void> => {
  const plan = await planOf(name, options);
  if (options.explain !== undefined) console.log(explain(plan, options.explain));
  else console.log(options.json ? JSON.stringify(sizeJson(plan), null, 2) : sizeText(plan));
};
