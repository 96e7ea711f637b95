import { LAYOUTS, layoutOf } from "../../configs/catalogue/layouts";
import type { RoleName } from "../../configs/catalogue/roles";
import type { Environment, WorkerLayoutName } from "../../configs/environment";
import { presenceIsApart } from "../../sizing/presence-watch";
import { solve } from "../../sizing/solve";
import { AUTO, machine } from "./fixtures";

/** As it is by default. */
const SHOWN: Environment = { ...AUTO, synapse: { ...AUTO.synapse, presence: true } };

const isApart = (roles: Readonly<Record<string, readonly RoleName[]>>): boolean =>
  presenceIsApart(
    SHOWN,
    layoutOf(
      "custom",
      Object.entries(roles).map(([name, held]) => ({ name, count: 1, roles: held })),
    ).processes,
  );

it.each([
  ["none", false],
  ["two", false],
  ["three", false],
  ["eight", true],
  ["seventeen", true],
] as const)("is looked after where others than the writer answer syncs: %s", (layout, expected) => {
  expect(presenceIsApart(SHOWN, LAYOUTS[layout].processes)).toBe(expected);
});

it("is looked after on main too, and where first syncs alone are elsewhere", () => {
  expect(isApart({ a: ["sync", "initial_sync"] })).toBe(true);
  expect(isApart({ a: ["presence"] })).toBe(true);
  expect(isApart({ a: ["presence", "sync"] })).toBe(true);
  expect(isApart({ a: ["presence", "sync", "initial_sync"] })).toBe(false);
  expect(isApart({ a: ["typing"] })).toBe(false);
});

const planWith = (workers: WorkerLayoutName, presence: boolean, nginxVersion = "1.30.6") =>
  solve(
    {
      ...AUTO,
      nginx: { ...AUTO.nginx, version: nginxVersion },
      synapse: { ...AUTO.synapse, workers, presence },
    } as Environment,
    machine(32_768, 16),
  ).nginx.watchesPresence;

it.each([
  ["eight", true, "1.30.6", true],
  ["eight", false, "1.30.6", false],
  ["eight", true, "1.24.0", false],
  ["two", true, "1.30.6", false],
] as const)(
  "costs nothing where nobody waits, or Nginx is too old: %s, %s, %s",
  (layout, presence, version, expected) => {
    expect(planWith(layout, presence, version)).toBe(expected);
  },
);
