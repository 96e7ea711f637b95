import type { Environment } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import { chosen } from "./inputs";
import type { Overrides } from "./overrides";
import type { HostFacts, Solved } from "./plan";
import { hasLz4 } from "./postgres-build";
import { exactMegabytes, solved } from "./solved";

/** max_wal_size by RAM, which stands for how busy the box is (docs/sizing.md). */
const TIERS: ReadonlyArray<readonly [mostRam: Bytes, size: Bytes]> = [
  [Bytes.gib(2), Bytes.gib(1)],
  [Bytes.gib(4), Bytes.gib(2)],
  [Bytes.gib(8), Bytes.gib(4)],
  [Bytes.gib(16), Bytes.gib(8)],
];
const LARGEST_TIER = Bytes.gib(16);
/** Nobody knows how full a disk of unknown size may get. `guess` */
export const MOST_WITHOUT_DISK_SIZE = Bytes.gib(4);
/** 2 × max_wal_size and half of it for slots are then a quarter of the disk (I9). */
const DISK_SHARE = 0.1;
const LEAST = Bytes.mib(256);
/** Two segments, below which the server does not start. */
const MIN_WAL_LEAST = Bytes.mib(32);
const SEGMENT = Bytes.mib(16);

const MANUAL = "PostgreSQL manual";

const tierFor = (ram: Bytes): Bytes => TIERS.find(([most]) => !ram.isMoreThan(most))?.[1] ?? LARGEST_TIER;

const maxWalSize = (host: HostFacts): Solved<Bytes> => {
  const tier = tierFor(host.ram);
  if (!host.disk.size) {
    const reason = `${tier} for ${exactMegabytes(host.ram)} of RAM, at most ${MOST_WITHOUT_DISK_SIZE} on a disk of unknown size`;
    return solved(Bytes.min(tier, MOST_WITHOUT_DISK_SIZE), reason, "docs/sizing.md");
  }
  const size = Bytes.max(LEAST, Bytes.min(tier, host.disk.size.times(DISK_SHARE)).floorTo(SEGMENT));
  const reason = `${exactMegabytes(tier)} for ${exactMegabytes(host.ram)} of RAM, at most 10 % of a disk of ${exactMegabytes(host.disk.size)}, in segments of 16 MB, at least ${LEAST}`;
  return solved(size, reason, "docs/sizing.md");
};

const walCompression = (isBuilt: boolean): Solved<string> =>
  isBuilt
    ? solved("lz4", "less WAL after a checkpoint, and a tenth more transactions than with pglz", "docs/sizing.md")
    : solved(
        "pglz",
        "5 to 7 times less WAL after a checkpoint; an image of one's own may be built without lz4, and not start with it",
        "docs/sizing.md",
      );

/** Settings of the write-ahead log and of checkpoints. */
export const walSettings = (
  env: Environment,
  host: HostFacts,
  overrides: Overrides,
): Record<string, Solved<string>> => {
  const { images, postgres } = env;
  const most = overrides.maxWalSize ?? maxWalSize(host).value;
  const least = Bytes.max(MIN_WAL_LEAST, most.times(0.25).floorTo(SEGMENT));
  return {
    wal_level: solved("replica", "leaves backups with pg_basebackup possible", MANUAL),
    max_wal_size: solved(most.toPostgres(), maxWalSize(host).reason, maxWalSize(host).source),
    min_wal_size: solved(
      least.toPostgres(),
      `a quarter of max_wal_size ${exactMegabytes(most)}, in segments of 16 MB, at least 32 MB`,
      "docs/sizing.md",
    ),
    max_slot_wal_keep_size: solved(
      most.times(0.5).toPostgres(),
      `half of max_wal_size ${exactMegabytes(most)}: a forgotten slot cannot fill the disk`,
      "docs/sizing.md, invariant I9",
    ),
    wal_keep_size: solved("0", "no standby", MANUAL),
    checkpoint_timeout: solved(
      "15min",
      "fewer full-page images; a crash recovers within a minute or two",
      "docs/sizing.md",
    ),
    checkpoint_completion_target: solved("0.9", "the default: spreads the writes", MANUAL),
    wal_compression: walCompression(hasLz4(images)),
    synchronous_commit: chosen(
      env,
      "postgres.synchronous_commit",
      solved(
        postgres.synchronousCommit ? "on" : "off",
        "the kit's default: an acknowledged message survives a crash",
        MANUAL,
      ),
    ),
  };
};
