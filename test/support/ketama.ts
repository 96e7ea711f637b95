/** CRC-32, as in zlib. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

const crc32 = (bytes: Uint8Array): number =>
  ~bytes.reduce((crc, byte) => (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] as number), 0xffffffff) >>> 0;

/** Points of a server for one unit of weight (ngx_http_upstream_hash_module.c). */
const POINTS_PER_WEIGHT = 160;

/** The part of all keys that Nginx' `hash … consistent` gives each of several servers (`address:port`) of one weight. */
export const ketamaShares = (servers: readonly string[], weight: number): ReadonlyMap<string, number> => {
  const points = servers.flatMap((server) => {
    const name = Buffer.from(server.replace(":", "\0"));
    const previous = Buffer.alloc(4);
    return Array.from({ length: POINTS_PER_WEIGHT * weight }, () => {
      const hash = crc32(Buffer.concat([name, previous]));
      previous.writeUInt32LE(hash);
      return { hash, server };
    });
  });
  points.sort((a, b) => a.hash - b.hash);
  const shares = new Map<string, number>();
  let before = (points.at(-1)?.hash ?? 0) - 2 ** 32;
  for (const { hash, server } of points) {
    shares.set(server, (shares.get(server) ?? 0) + (hash - before) / 2 ** 32);
    before = hash;
  }
  return shares;
};
