import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildImages } from "../../host/build-images";
import { Docker } from "../../host/docker";
import { compressorImage, type LocalImage } from "../../host/images";
import { FakeDocker } from "../support/fake-docker";

const tagOf = (name: string): string => `kit-test/${name}:1`;
const image = (name: string): LocalImage => ({ name, tag: tagOf(name) });
const synapse = image("synapse");
const compressor: LocalImage = { ...compressorImage(synapse.tag), tag: tagOf("compressor") };
const names = ["postgres-18", "redis", "nginx", "synapse", "seeder"];

/** Bases are there, images are not; a build takes a while, and is followed by a look into the image. */
const engine = (build = "sleep 1"): FakeDocker =>
  new FakeDocker(
    `case "$*" in *image\\ inspect*kit-test/*) exit 1;; build*) cat >/dev/null; ${build};; create*) echo id;; esac`,
  );

const before = { ...process.env };
let folder: string;
let docker: FakeDocker;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "synapse-kit-build-"));
  process.env.XDG_CACHE_HOME = folder;
  said = [];
  jest.spyOn(console, "error").mockImplementation((line: string) => said.push(line));
});
afterEach(() => {
  docker.remove();
  process.env = { ...before };
  rmSync(folder, { recursive: true });
  jest.restoreAllMocks();
});

/** How builds follow each other: `+` and `-` before a name. */
const course = (): string[] =>
  docker.calls.flatMap((call) => {
    const [, name] = /kit-test\/([a-z0-9-]+):1/.exec(call.replace(/BASE=\S+/, "")) ?? [];
    if (call.startsWith("build ")) return [`+${name}`];
    return call.startsWith("create ") ? [`-${name}`] : [];
  });

it("builds the first image alone, the others two at a time, and each after the one that it is built on", async () => {
  docker = engine();
  await buildImages([compressor, ...names.map(image)], new Docker());
  const steps = course();
  const all = [...names, "compressor"];
  expect([...steps].sort()).toEqual([...all.map((name) => `+${name}`), ...all.map((name) => `-${name}`)].sort());
  expect(steps.slice(0, 2)).toEqual(["+postgres-18", "-postgres-18"]);
  expect(steps.slice(-2)).toEqual(["+compressor", "-compressor"]);
  const running = steps.map((_, index) =>
    steps.slice(0, index + 1).reduce((sum, step) => sum + (step.startsWith("+") ? 1 : -1), 0),
  );
  expect(Math.max(...running)).toBe(2);
  for (const name of all) {
    expect(said.filter((line) => line === `building image ${tagOf(name)} (once)`)).toHaveLength(1);
    expect(said.filter((line) => line.startsWith(`built image ${tagOf(name)} in `))).toHaveLength(1);
  }
}, 60_000);

it("begins nothing more once one cannot be built, and lets the other come to its end", async () => {
  // The other one goes on until this one was begun, and a moment longer.
  const untilRedis = `until grep -q "^build .*redis" "$(dirname "$0")/asked"; do sleep 0.1; done; sleep 0.5`;
  docker = engine(`case "$*" in *redis*) echo "E: no such package"; exit 1;; *nginx*) ${untilRedis};; esac`);
  await expect(buildImages([...names.map(image), compressor], new Docker())).rejects.toThrow(
    /^image redis could not be built:\n[\s\S]*E: no such package[\s\S]*Run the same command again once it can be; nothing was changed$/,
  );
  const steps = course();
  // Which of the two comes first is the machine's.
  expect([...steps.slice(0, 2), ...steps.slice(2, 4).sort(), ...steps.slice(4)]).toEqual([
    ...["+postgres-18", "-postgres-18", "+nginx", "+redis"],
    "-nginx",
  ]);
}, 60_000);

it("builds nothing that is there", async () => {
  docker = new FakeDocker("exit 0");
  await buildImages([...names.map(image), compressor], new Docker());
  expect([course(), said]).toEqual([[], []]);
});
