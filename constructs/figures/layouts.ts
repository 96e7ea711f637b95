import { WORKER_LAYOUTS } from "../../configs/environment";
import { heldByLayouts } from "../../sizing/auto-layout";
import { box, table } from "./boxes";

const CORES = [1, 2, 3, 4, 6, 8, 12, 16, 32];
/** In which every layout fits, in GB. */
const MUCH_RAM = 64;

/** Messages a second that each layout holds by the capacity model, and the one that `auto` comes to. */
export const layoutsTable = (): string =>
  table(
    ["cores", ...WORKER_LAYOUTS.map((name) => `\`${name}\``), "`auto`"],
    CORES.map((cores) => {
      const { expected, synapse } = box(MUCH_RAM, cores).plan;
      return [
        String(cores),
        ...heldByLayouts(cores, expected.fanOut.value).map(({ messagesPerSecond }) => messagesPerSecond.toPrecision(3)),
        `\`${synapse.layout.value}\``,
      ];
    }),
  );
