import type { Environment } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import { MIB, USABLE_SHARE_OF_LIMIT } from "./constants";
import { limitEnvelope, limitFor, limitReason, reservationOf } from "./container";
import { type Present, watcherCpu } from "./cpu";
import { nofileFor } from "./file-limits";
import type { CompressorPlan, HostFacts } from "./plan";
import { fromFile, GUESS, solved } from "./solved";

/** Below it, every page belongs to the services. A machine sold as 2 GB shows a little less. `guess` */
export const LEAST_RAM_FOR_COMPRESSOR = Bytes.gib(1.75);
/** Python twice, of the schedule and of the run, with its libraries: 50 MiB measured; and the health check. */
const BASE = Bytes.mib(60);
/** Of RAM, for the rows of the chunk at hand, which shrinks where they would take more. `guess` */
const ROWS_SHARE = 0.01;
const ROWS_LEAST = Bytes.mib(32);
const ROWS_MOST = Bytes.mib(512);
const FILES = 64;

/** Whether the state is compressed on a schedule. */
export const isCompressed = (env: Environment, host: HostFacts): boolean =>
  env.compressor.enabled === "auto" ? !host.ram.isLessThan(LEAST_RAM_FOR_COMPRESSOR) : env.compressor.enabled;

const rowsFor = (host: HostFacts): Bytes => host.ram.times(ROWS_SHARE).clamp(ROWS_LEAST, ROWS_MOST);

/** What the budget sets aside for the compressor. */
export const compressorClaim = (env: Environment, host: HostFacts): Bytes =>
  env.compressor.memory ?? limitEnvelope(BASE.plus(rowsFor(host)));

/** The state compressor beside everything else. */
export const compressorPlan = (env: Environment, host: HostFacts, present: Present): CompressorPlan => {
  const set = env.compressor.memory;
  const rows = set ? set.times(USABLE_SHARE_OF_LIMIT).minus(BASE) : rowsFor(host).floorTo(MIB);
  const parts = { base: BASE, rows };
  const used = Bytes.sum(Object.values(parts));
  const nofile = nofileFor({ "files and connections": FILES });
  return {
    container: {
      name: "compressor",
      service: "compressor",
      memory: set ? fromFile(set, "compressor.memory") : solved(limitFor(used), limitReason(parts, used), GUESS),
      parts,
      reservation: BASE,
      ...watcherCpu("compressor", present, host.cpus),
      connections: solved(1, "one, straight to Postgres, of its direct clients", "docs/sizing.md"),
      nofile: nofile.value,
      why: { reservation: reservationOf({ base: BASE }, BASE), nofile },
    },
    usable: used,
  };
};
