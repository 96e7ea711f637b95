import { isAtLeast } from "../../configs/versions";
import { solve } from "../../sizing/solve";
import { AUTO, machine } from "./fixtures";

const planWith = (ram: number, nginxVersion: string, isWatched: boolean | "auto" = "auto") =>
  solve(
    {
      ...AUTO,
      nginx: { ...AUTO.nginx, version: nginxVersion },
      monitoring: { ...AUTO.monitoring, enabled: isWatched },
    },
    machine(ram, 4),
  );

it.each([
  [2048, "1.30.6", false],
  [8192, "1.30.6", true],
  [8192, "1.26.0", true],
  [8192, "1.25.5", false],
  [8192, "1.22.1", false],
] as const)("counts requests where Prometheus is there and Nginx can: %d MB, %s", (ram, version, expected) => {
  const { nginx, monitoring } = planWith(ram, version);
  expect([nginx.countsRequests, monitoring !== undefined && isAtLeast(version, "1.26")]).toEqual([expected, expected]);
});

it("sets the memory aside in the container, 21 MB, and none where nothing is counted", () => {
  expect(planWith(8192, "1.30.6").nginx.container.parts["request counts"]?.toMiB()).toBe(21);
  expect(planWith(8192, "1.30.6", false).nginx.container.parts["request counts"]?.toMiB()).toBe(0);
  expect(planWith(8192, "1.24.0").nginx.container.parts["request counts"]?.toMiB()).toBe(0);
});

it("fits the budget on every machine", () => {
  for (let ram = 3584; ram <= 6144; ram += 64) {
    expect(planWith(ram, "1.30.6").leftOver.toBytes()).toBeGreaterThanOrEqual(0);
  }
});
