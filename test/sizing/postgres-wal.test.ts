import { solve } from "../../sizing/solve";
import { AUTO, machine } from "./fixtures";

const compressionWith = (postgres?: string): string | undefined =>
  solve(
    { ...AUTO, images: { source: "auto", overrides: postgres === undefined ? {} : { postgres } } },
    machine(8192, 4),
  ).postgres.settings.wal_compression?.value;

it.each([
  [undefined, "lz4"],
  ["postgres:17.6", "lz4"],
  ["postgres@sha256:0", "lz4"],
  ["docker.io/library/postgres:18-alpine", "lz4"],
  ["example.com/postgres:17", "pglz"],
  ["timescale/timescaledb:2-pg17", "pglz"],
  ["postgres-lean:17", "pglz"],
])("compresses with what the image is known to have: %s, %s", (image, expected) => {
  expect(compressionWith(image)).toBe(expected);
});
