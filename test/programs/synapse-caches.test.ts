import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Bytes } from "../../configs/units/bytes";
import { SYNAPSE_ENVIRONMENT, synapseCommand } from "../../constructs/synapse/command";
import { buildImages } from "../../host/build-images";
import { Docker } from "../../host/docker";
import { resolveImages } from "../../host/images";
import type { ProcessPlan } from "../../sizing/plan";
import { boxOf, boxWithLayout, yamlOf } from "../support/programs-boxes";

/** `synapse` in the image. */
const UID = 991;
const PROGRAMS = join(__dirname, "..", "support", "synapse");
/** As rendered for every process. */
const TTL_SECONDS = 30;
const SIGKILL = 137;
/** The plan spends 90 % of a limit; half of the rest may go to what no formula sees. */
const SHARE_OF_LIMIT = 0.95;

/** Main alone in the least memory: what is kept without any cache weighs most there. */
const box = boxOf("1gb-1cpu", yamlOf(1, 1));
const [main] = box.plan.synapse.processes as [ProcessPlan];
const { memory } = main.container;

let image: string;
beforeAll(async () => {
  const { environment, plan } = boxWithLayout("none");
  const { references, local } = resolveImages(environment, plan, "local");
  image = references.synapse;
  await buildImages(
    local.filter(({ tag }) => tag === image),
    new Docker(),
  );
}, 300_000);

/** Fills caches inside the limit of the container, started as Synapse is. */
const fill = (environment: Readonly<Record<string, string>>) => {
  const limit = String(memory.value.toBytes());
  const { status, stdout, stderr } = spawnSync(
    "docker",
    [
      ...["run", "--rm", "--network", "none", "--user", `${UID}:${UID}`, "--memory", limit, "--memory-swap", limit],
      ...Object.entries({ ...environment, PYTHONPATH: "/programs" }).flatMap(([name, value]) => [
        "--env",
        `${name}=${value}`,
      ]),
      ...["--volume", `${PROGRAMS}:/programs:ro`, image],
      ...synapseCommand(main).map((argument) => (argument === "synapse.app.homeserver" ? "fill_caches" : argument)),
      ...[main.heapCeiling.value.toBytes(), main.heapTarget.toBytes(), TTL_SECONDS].map(String),
    ],
    { encoding: "utf8" },
  );
  return { status, stdout, stderr };
};

describe("caches that are filled without an end", () => {
  test("are kept below the heap's ceiling, and the process within its limit", () => {
    const { status, stdout, stderr } = fill(SYNAPSE_ENVIRONMENT);
    expect([status, status === 0 ? "" : stderr]).toEqual([0, ""]);
    const { kept, resident, dropped } = JSON.parse(stdout);
    const shown = [kept, resident].map((bytes) => Bytes.of(bytes).toString());
    console.info(`ceiling ${main.heapCeiling.value}: kept ${shown[0]}, resident ${shown[1]} of ${memory.value}`);
    expect(dropped).toBeGreaterThan(10_000);
    expect(kept).toBeLessThanOrEqual(main.heapCeiling.value.toBytes());
    expect(resident).toBeLessThan(SHARE_OF_LIMIT * memory.value.toBytes());
  }, 300_000);

  test("are not, where Python's own allocator hides them", () => {
    expect(fill({}).status).toBe(SIGKILL);
  }, 300_000);
});
