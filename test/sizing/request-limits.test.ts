import { LAYOUTS } from "../../configs/catalogue/layouts";
import type { RoleName } from "../../configs/catalogue/roles";
import { WORKER_LAYOUTS, type WorkerLayoutName } from "../../configs/environment";
import type { Plan } from "../../sizing/plan";
import { mostRequestsAt } from "../../sizing/request-limits";
import { solve } from "../../sizing/solve";
import { AUTO, machine } from "./fixtures";

const planFor = (workers: WorkerLayoutName, more: Partial<typeof AUTO> = {}): Plan =>
  solve({ ...AUTO, ...more, synapse: { ...AUTO.synapse, ...more.synapse, workers } }, machine(65_536, 16));

const limitOf = (plan: Plan, role: RoleName): number | undefined => plan.nginx.limits.byRole[role]?.value;

const users = (count: number) => ({ expected: { ...AUTO.expected, users: count } });

describe("requests that Nginx lets in at once", () => {
  it("are two long polls for each expected client, and 200 for the smallest server", () => {
    expect(planFor("three", users(1000)).nginx.limits.polls.value).toBe(4000);
    expect(planFor("three", users(1)).nginx.limits.polls.value).toBe(200);
  });

  it("are the long polls of all clients at the only process, and at those that are left when one is down", () => {
    const at = (layout: WorkerLayoutName) => limitOf(planFor(layout, users(1000)), "sync");
    expect([at("none"), at("three"), at("eight"), at("seventeen")]).toEqual([4000, 4000, 4000, 2000]);
  });

  it("follow the database connections of the process", () => {
    const plan = planFor("three");
    expect([limitOf(plan, "event_creator"), limitOf(plan, "login"), limitOf(plan, "media_repository")]).toEqual([
      125, 50, 250,
    ]);
    expect([plan.nginx.limits.main.value, plan.nginx.limits.standIn.value]).toEqual([400, 200]);
    const large = planFor("three", { synapse: { ...AUTO.synapse, cpMax: 10 } });
    expect([limitOf(large, "event_creator"), large.nginx.limits.main.value]).toEqual([250, 500]);
  });

  it("count by themselves on main what would fill its queue, and nothing else", () => {
    expect(Object.keys(planFor("none").nginx.limits.byRole).sort()).toEqual([
      "federation_inbound",
      "initial_sync",
      "login",
      "media_repository",
      "sliding_sync",
      "sync",
    ]);
  });

  it.each(WORKER_LAYOUTS)("say why and where from, in the layout %s", (layout) => {
    const { byRole, main, polls, standIn } = planFor(layout).nginx.limits;
    for (const { value, reason, source } of [...Object.values(byRole), main, polls, standIn]) {
      expect(Number.isInteger(value) && value > 0).toBe(true);
      expect(reason).not.toBe("");
      expect(source).toContain("guess");
    }
  });

  it.each(WORKER_LAYOUTS)("fit Nginx, and each process may open files for them, in the layout %s", (layout) => {
    for (const count of [1, 500, 20_000]) {
      const plan = planFor(layout, users(count));
      const { nginx, synapse } = plan;
      expect(nginx.mostRequests.value).toBeGreaterThanOrEqual(nginx.limits.polls.value);
      expect(2.5 * nginx.mostRequests.value).toBeLessThanOrEqual(
        nginx.workerProcesses.value * nginx.workerConnections.value,
      );
      for (const process of synapse.processes) {
        const most = mostRequestsAt(nginx.limits, synapse.processes, process);
        expect(process.container.nofile).toBeGreaterThan(most + 512);
      }
    }
  });

  it("add up at main to its own, those of workers that are down, and those of roles that no worker holds", () => {
    const plan = planFor("none");
    const { byRole, main, polls, standIn } = plan.nginx.limits;
    const [first] = LAYOUTS.none.processes;
    const roles = Object.values(byRole).reduce((sum, { value }) => sum + value, 0);
    expect(mostRequestsAt(plan.nginx.limits, LAYOUTS.none.processes, first as (typeof LAYOUTS.none.processes)[0])).toBe(
      roles + main.value + polls.value + standIn.value,
    );
  });
});
