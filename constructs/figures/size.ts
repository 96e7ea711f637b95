import { PROFILE_NAMES } from "../../configs/environment";
import { loadProfile } from "../../configs/profile";
import { Bytes } from "../../configs/units/bytes";
import { sizeText } from "../../sizing/report";
import { solve } from "../../sizing/solve";
import { bareMachine, ENVIRONMENT, table } from "./boxes";

const WHY = "why";

/** What `size --ram 4GB --cpus 2` prints, as far as the first reason. */
export const sizeExample = (): string => {
  const lines = sizeText(solve(ENVIRONMENT, bareMachine(Bytes.gib(4), 2))).split("\n");
  const shown = lines.slice(0, lines.indexOf(WHY) + 2);
  return ["```", "$ npx synapse-kit size --ram 4GB --cpus 2", ...shown, "  …", "```"].join("\n");
};

/** The named profiles and the workers that each leads to. */
export const profilesTable = (): string =>
  table(
    ["profile", "RAM", "CPUs", "workers"],
    PROFILE_NAMES.map((name) => {
      const { ram, cpus } = loadProfile(name);
      const { processes } = solve(ENVIRONMENT, bareMachine(ram, cpus.toCores())).synapse;
      return [`\`${name}\``, String(ram), String(cpus), String(processes.length - 1)];
    }),
  );
