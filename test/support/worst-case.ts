import { Bytes } from "../../configs/units/bytes";
import { type MemoryUse, totalOf } from "./memory-gauge";

/** What one service came to when it had to use all that its settings allow. */
export interface WorstCase {
  readonly service: string;
  /** What was done to it. */
  readonly what: string;
  readonly limit: Bytes;
  /** Parts that the plan makes the limit of. */
  readonly planned: Readonly<Record<string, Bytes>>;
  readonly peak: MemoryUse;
  /** Processes that the kernel killed. */
  readonly kills: number;
  /** What went wrong, in the words of the log or of the client. */
  readonly failures: readonly string[];
}

const mb = (bytes: Bytes): string => String(Math.round(bytes.toBytes() / 1024 ** 2));

const plannedOf = ({ planned: { pageCache: _, ...parts } }: WorstCase): Bytes => Bytes.sum(Object.values(parts));

/** `service, what it did: peak 300 of 375 MB (planned 337: sharedMemory 79 …): anonymous 200 + …`. */
export const described = (result: WorstCase): string => {
  const { service, what, limit, planned, peak, kills } = result;
  const parts = Object.entries(planned).map(([name, size]) => `${name} ${mb(size)}`);
  const { anonymous, shared, kernel } = peak;
  return [
    `${service}, ${what}: peak ${mb(totalOf(peak))} of ${mb(limit)} MB, ${kills} kills`,
    `  planned ${mb(plannedOf(result))}: ${parts.join(", ")}`,
    `  measured: anonymous ${mb(anonymous)}, shared ${mb(shared)}, kernel ${mb(kernel)}`,
  ].join("\n");
};
