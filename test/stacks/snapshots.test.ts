import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { plain, ROOT, SHIPPED, shipped } from "../support/corpus";
import { type Stack, synth, type TerraformContainer } from "./synth";

/** Services that show what each construct makes: all that a reviewer needs to see of it. */
const CONSTRUCTS: Readonly<Record<string, readonly string[]>> = {
  alertmanager: ["alertmanager"],
  compressor: ["compressor"],
  exporters: ["node-exporter", "container-exporter", "postgres-exporter"],
  grafana: ["grafana"],
  nginx: ["nginx"],
  pgbouncer: ["pgbouncer"],
  postgres: ["postgres"],
  prometheus: ["prometheus"],
  redis: ["redis"],
  synapse: ["synapse-main", "synapse-federation1"],
};
/** Constructs that this stack shows no container of, and what shows them instead. */
const SHARED: Readonly<Record<string, string>> = {
  "matrix-notifier": "an exporter: it differs by its files, and comes with a receiver that asks for it",
  platform: "networks, data volumes, secrets, providers",
  service: "a seeder and its volume",
};

const HASHES = /(?<![0-9a-z])[0-9a-f]{10}(?![0-9a-z])/g;

/** A resource without what changes with every edit of a file: hashes, contents, cdktf's own notes. */
const plainJson = (value: unknown): unknown => {
  if (typeof value === "string")
    return value.replace(HASHES, "<hash>").replace(/\$\{substr\(.*\)\}/, "<hash of secrets>");
  if (Array.isArray(value)) return value.map(plainJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "//")
      .map(([key, inner]) => [key.replace(HASHES, "<hash>"), key === "content" ? "<left out>" : plainJson(inner)]),
  );
};

let stacks: ReadonlyMap<string, Stack>;
beforeAll(() => {
  stacks = new Map(synth([...shipped(), plain("two")]).map((stack) => [stack.environment, stack]));
});

const two = () => stacks.get("two-0") as Stack;

describe("a construct", () => {
  it.each(Object.values(CONSTRUCTS).flat())("makes this container: %s", (service) => {
    expect(plainJson(two().services().get(service))).toMatchSnapshot();
  });

  it("makes the container that gives the media volume away", () => {
    expect(plainJson([...two().oneShots().values()])).toMatchSnapshot();
  });

  it("makes a volume for each configuration, and a container that fills it and never runs", () => {
    const seeder = two().seeders().get("redis");
    expect(plainJson(seeder)).toMatchSnapshot();
    const volumes = Object.entries(two().of("docker_volume")).filter(([id]) => id.includes("_redis_"));
    expect(plainJson(Object.fromEntries(volumes))).toMatchSnapshot();
  });

  it("makes what all services share: networks, volumes of data, secrets, providers", () => {
    const { resource, terraform } = two().json;
    const { docker_container: _containers, docker_volume: volumes = {}, ...rest } = resource;
    const data = Object.fromEntries(Object.entries(volumes).filter(([id]) => !id.startsWith("config_")));
    expect(plainJson({ ...rest, docker_volume: data, terraform })).toMatchSnapshot();
  });

  it("is shown above, whichever folder of constructs/ it is in", () => {
    const folders = readdirSync(join(ROOT, "constructs"))
      .map((name) => join(ROOT, "constructs", name))
      .filter((path) => statSync(path).isDirectory())
      .filter((path) =>
        readdirSync(path)
          .filter((file) => file.endsWith(".ts"))
          .some((file) => /^export class \w+ extends Construct\b/m.test(readFileSync(join(path, file), "utf8"))),
      )
      .map((path) => path.slice(path.lastIndexOf("/") + 1));
    expect(folders.sort()).toEqual([...Object.keys(CONSTRUCTS), ...Object.keys(SHARED)].sort());
  });
});

/** One line a container: what runs, with how much, where, behind what. */
const row = (c: TerraformContainer): string => {
  const networks = (c.networks_advanced ?? []).map(({ name, ipv4_address }) => `${name.split(".")[1]} ${ipv4_address}`);
  const ports = (c.ports ?? []).map(({ ip, external, internal }) => `${ip}:${external} to ${internal}`);
  return [c.name, c.image, `${c.memory} MB`, ...networks, ...ports].join(", ");
};

describe("a shipped environment", () => {
  it.each(SHIPPED)("makes these resources: %s", (name) => {
    const stack = stacks.get(name) as Stack;
    const counts = Object.entries(stack.json.resource).map(([type, all]) => `${type}: ${Object.keys(all).length}`);
    expect([...[...stack.services().values()].map(row), ...counts]).toMatchSnapshot();
  });
});
