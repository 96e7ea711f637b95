import { WORKER_LAYOUTS } from "../../configs/environment";
import { heldByLayouts } from "../../sizing/auto-layout";
import { roomsOf } from "../../sizing/capacity/rates";
import { box, table } from "./boxes";

const CORES = [1, 2, 3, 4, 6, 8, 12, 16, 32];
/** In which every layout fits, in GB. */
const MUCH_RAM = 64;

/** Messages a second that each layout holds by the capacity model, and the one that `auto` comes to. */
export const layoutsTable = (): string =>
  table(
    ["cores", ...WORKER_LAYOUTS.map((name) => `\`${name}\``), "`auto`"],
    CORES.map((cores) => {
      const { plan } = box(MUCH_RAM, cores);
      return [
        String(cores),
        ...heldByLayouts(cores, roomsOf(plan)).map(({ messagesPerSecond }) => messagesPerSecond.toPrecision(3)),
        `\`${plan.synapse.layout.value}\``,
      ];
    }),
  );
