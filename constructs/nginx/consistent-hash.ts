/** Points of one server on the ring for each unit of its weight (ngx_http_upstream_update_chash). */
const POINTS_PER_WEIGHT = 160;
/**
 * Weight of every server of a pool. With one unit a process may get a quarter more keys than its part, by bad luck with
 * the addresses; with ten never a tenth more (test/rendering/nginx.test.ts).
 */
export const WEIGHT = 10;
const POINTS = POINTS_PER_WEIGHT * WEIGHT;
const CRC32_POLYNOMIAL = 0xedb88320;

const CRC32_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ CRC32_POLYNOMIAL : value >>> 1;
  return value;
});

/** CRC-32 of a text of one character a byte (IEEE 802.3, as zlib's). */
const crc32 = (bytes: string): number => {
  let value = 0xffffffff;
  for (let at = 0; at < bytes.length; at++) {
    value = (CRC32_TABLE[(value ^ bytes.charCodeAt(at)) & 0xff] as number) ^ (value >>> 8);
  }
  return (value ^ 0xffffffff) >>> 0;
};

const littleEndian = (value: number): string =>
  String.fromCharCode(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);

const pointsOf = (server: string): number[] => {
  const [host, port] = server.split(":") as [string, string];
  const points: number[] = [];
  let previous = 0;
  for (let count = 0; count < POINTS; count++) {
    previous = crc32(`${host}\0${port}${littleEndian(previous)}`);
    points.push(previous);
  }
  return points;
};

interface Point {
  readonly point: number;
  readonly server: string;
}

/** @param servers - `host:port`, as the upstream block names them */
const ringOf = (servers: readonly string[]): Point[] =>
  servers.flatMap((server) => pointsOf(server).map((point) => ({ point, server }))).sort((a, b) => a.point - b.point);

/**
 * The server that `hash <key> consistent` gives a request to while all are up: the first point at or behind the key's
 * hash on the ring of all servers.
 * @param key - one character a byte
 */
export const serverFor = (servers: readonly string[], key: string): string => {
  const hash = crc32(key);
  const ring = ringOf(servers);
  return (ring.find(({ point }) => point >= hash) ?? ring[0])?.server as string;
};

/** The part of all keys that each server gets; they add up to 1. */
export const sharesOf = (servers: readonly string[]): ReadonlyMap<string, number> => {
  const ring = ringOf(servers);
  const shares = new Map<string, number>();
  let before = (ring.at(-1)?.point ?? 0) - 2 ** 32;
  for (const { point, server } of ring) {
    shares.set(server, (shares.get(server) ?? 0) + (point - before) / 2 ** 32);
    before = point;
  }
  return shares;
};
