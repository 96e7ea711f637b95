import type { PostgresMajor } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";

/**
 * Fit of `shared_memory_size` to PostgreSQL 16.14, 17.10 and 18.4 with shared_buffers from 64 MB to 64 GB and 20 to 500
 * connections, measured with `postgres -C shared_memory_size` (test/sizing/shared-memory.test.ts repeats it).
 */
interface Fit {
  /** Bytes per byte of shared_buffers: the buffers, their descriptors, the look-up table, the checkpointer's lists. */
  readonly perBuffer: number;
  /** SLRU caches: a share of shared_buffers up to a ceiling that `transaction_buffers` and its kind have. */
  readonly slruShare: number;
  readonly slruMost: Bytes;
  readonly fixed: Bytes;
  readonly perConnection: Bytes;
}

const FITS: Readonly<Record<PostgresMajor, Fit>> = {
  16: {
    perBuffer: 1.0221,
    slruShare: 3 / 512,
    slruMost: Bytes.mib(3),
    fixed: Bytes.mib(3.5),
    perConnection: Bytes.kib(49),
  },
  17: {
    perBuffer: 1.0231,
    slruShare: 31 / 4096,
    slruMost: Bytes.mib(31),
    fixed: Bytes.mib(3.5),
    perConnection: Bytes.kib(49),
  },
  18: {
    perBuffer: 1.0231,
    slruShare: 31 / 4096,
    slruMost: Bytes.mib(31),
    fixed: Bytes.mib(4),
    perConnection: Bytes.kib(49),
  },
};

/** pg_stat_statements with its default of 5000 entries. Measured in the same runs. */
const PG_STAT_STATEMENTS = Bytes.mib(2.5);

/** PG 18: size of a handle of asynchronous I/O (same runs), handles per process, processes beside the connections. */
const IO_HANDLE = Bytes.of(533);
const IO_HANDLES_MOST = 64;
const OTHER_PROCESSES = 75;
const BUFFER = Bytes.kib(8);

/** PG 18's `io_max_concurrency` of -1: each process gets its share of the buffers, at most 64 handles. */
const ioHandles = (sharedBuffers: Bytes, maxConnections: number): Bytes => {
  const processes = maxConnections + OTHER_PROCESSES;
  const perProcess = Math.floor(sharedBuffers.toBytes() / BUFFER.toBytes() / processes);
  return IO_HANDLE.times(Math.min(IO_HANDLES_MOST, perProcess) * processes);
};

const WAL_BUFFERS_SHARE = 1 / 32;
const WAL_BUFFERS_LEAST = Bytes.kib(512);
const WAL_BUFFERS_MOST = Bytes.mib(16);
const WAL_PAGE = Bytes.kib(8);

/** What Postgres itself takes with -1: 1/32 of shared_buffers up to one WAL segment. */
export const walBuffersFor = (sharedBuffers: Bytes): Bytes =>
  sharedBuffers.times(WAL_BUFFERS_SHARE).clamp(WAL_BUFFERS_LEAST, WAL_BUFFERS_MOST).floorTo(WAL_PAGE);

/** `shared_memory_size` that the server will report, within 3 %. */
export const sharedMemory = (
  version: PostgresMajor,
  sharedBuffers: Bytes,
  walBuffers: Bytes,
  maxConnections: number,
): Bytes => {
  const fit = FITS[version];
  return Bytes.sum([
    sharedBuffers.times(fit.perBuffer),
    Bytes.min(sharedBuffers.times(fit.slruShare), fit.slruMost),
    walBuffers,
    fit.fixed,
    PG_STAT_STATEMENTS,
    fit.perConnection.times(maxConnections),
    version >= 18 ? ioHandles(sharedBuffers, maxConnections) : Bytes.ZERO,
  ]);
};
