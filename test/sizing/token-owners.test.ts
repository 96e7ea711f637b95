import type { Environment, WorkerLayoutName } from "../../configs/environment";
import { solve } from "../../sizing/solve";
import { AUTO, machine } from "./fixtures";

const withService = (workers: WorkerLayoutName, service: unknown, users = 500): Environment => ({
  ...AUTO,
  expected: { ...AUTO.expected, users },
  synapse: { ...AUTO.synapse, workers, settings: { matrix_authentication_service: service } } as Environment["synapse"],
});

const ownersOf = (env: Environment): number | undefined =>
  solve(env, machine(32_768, 16)).nginx.tokenOwners?.value.toMiB();

it.each([
  ["none", undefined],
  ["two", undefined],
  ["three", undefined],
  ["eight", 1],
  ["seventeen", 1],
] as const)("asks for owners of tokens where processes share the users: %s", (layout, memory) => {
  expect(ownersOf(withService(layout, { enabled: true }))).toBe(memory);
});

it.each([undefined, {}, { enabled: false }, "yes"])("asks nobody without the service: %j", (service) => {
  expect(ownersOf(withService("eight", service))).toBeUndefined();
});

it("keeps 1 KB for each expected client", () => {
  expect(ownersOf(withService("eight", { enabled: true }, 3000))).toBe(6);
});

it("sets the memory aside in the container, and in the budget on every machine", () => {
  for (let ram = 16_384; ram <= 17_408; ram += 64) {
    const { nginx, leftOver } = solve(withService("eight", { enabled: true }, ram / 16), machine(ram, 8));
    expect(nginx.container.parts["token owners"]).toEqual(nginx.tokenOwners?.value);
    expect(leftOver.toBytes()).toBeGreaterThanOrEqual(0);
  }
});
