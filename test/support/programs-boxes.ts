import fc from "fast-check";
import type { Environment, PostgresMajor, WorkerLayoutName } from "../../configs/environment";
import { parseEnvironment } from "../../configs/parse-environment";
import { fillSecrets, type GeneratedSecret, type SecretName } from "../../configs/secrets";
import { type RenderedService, render } from "../../constructs/render";
import type { HostFacts, Plan } from "../../sizing/plan";
import { solve } from "../../sizing/solve";
import { topologies } from "./topologies";

/** What the secrets are in these tests; the signing key has the form that Synapse writes. */
export const SECRETS: Readonly<Record<GeneratedSecret, string>> = {
  postgres_superuser_password: "test-superuser-password",
  postgres_password: "test-postgres-password",
  redis_password: "test-redis-password",
  monitoring_password: "test-monitoring-password",
  grafana_admin_password: "test-grafana-admin-password",
  registration_shared_secret: "test-registration-shared-secret",
  macaroon_secret_key: "test-macaroon-secret-key",
  form_secret: "test-form-secret",
  worker_replication_secret: "test-worker-replication-secret",
  signing_key: "ed25519 a_test b/tdgJsIC2XA6vVQZPMk8hpW50BklVXHu0jqCiOO/hI\n",
};

const secretValue = (name: SecretName): string =>
  name.includes(":") ? `test-${name.replace(/\W/g, "-")}` : SECRETS[name as GeneratedSecret];

/** Sensible machines over the whole range: RAM in GB and the CPUs that go with it. */
const MACHINES: ReadonlyArray<readonly [ram: number, cpus: readonly number[]]> = [
  [1, [1, 2]],
  [2, [1, 2, 4]],
  [4, [1, 2, 4, 8]],
  [8, [2, 4, 8]],
  [16, [2, 4, 8, 16]],
  [32, [4, 8, 16, 32]],
  [64, [8, 16, 32]],
  [128, [8, 16, 32]],
];

export interface Box {
  /** Fit for a folder: `16gb-8cpu`. */
  readonly name: string;
  readonly environment: Environment;
  readonly plan: Plan;
  readonly services: readonly RenderedService[];
}

const factsOf = ({ hardware }: Environment): HostFacts => {
  if (hardware.kind !== "declared") throw new Error("a box declares its hardware");
  return { ram: hardware.ram, cpus: hardware.cpus, disk: hardware.disk, source: "declared" };
};

/** From YAML to files, as `deploy` goes, with the test's secrets in place. */
export const boxOf = (name: string, yaml: string): Box => {
  const environment = parseEnvironment(yaml, "test", "configs/environments/test.yaml");
  const plan = solve(environment, factsOf(environment));
  const services = render(environment, plan).map(({ service, files }) => ({
    service,
    files: files.map((file) => ({ ...file, content: fillSecrets(file.content, secretValue) })),
  }));
  return { name, environment, plan, services };
};

/** YAML of a machine; `more` holds further top-level keys. */
export const yamlOf = (ramGb: number, cpus: number, more = "", images = "local"): string => `server_name: example.com
images: ${images}
hardware:
  ram: ${ramGb}GB
  cpus: ${cpus}
  disk: {kind: nvme, size: 400GB}
docker:
  network: 10.89.4.0/22
${more}`;

/** As an image of one's own might be, the binaries that these files are fed to were built without lz4. */
const ownPostgres = (version: PostgresMajor): string => `{source: local, postgres: 'example.com/postgres:${version}'}`;

/** Every machine of the range, with one Postgres. */
export const boxes = (version: PostgresMajor = 18): Box[] =>
  MACHINES.flatMap(([ram, counts]) =>
    counts.map((cpus) =>
      boxOf(`${ram}gb-${cpus}cpu`, yamlOf(ram, cpus, `postgres: {version: ${version}}\n`, ownPostgres(version))),
    ),
  );

/** A machine that has room for any layout, with this one. */
export const boxWithLayout = (layout: WorkerLayoutName, more = ""): Box =>
  boxOf(`layout-${layout}`, yamlOf(64, 16, `synapse: {workers: ${layout}}\n${more}`));

const CUSTOM_BOXES = 6;
/** For the role whose endpoints need it. */
const FLAGS = { experimental_features: { msc4306_enabled: true } };
const SEED = 20_261_121;

/** Layouts by hand, from the generator of sound ones; named so that every process of theirs is tried. */
export const customBoxes = (): Box[] =>
  fc
    .sample(topologies, { numRuns: CUSTOM_BOXES, seed: SEED })
    .map((workers, index) =>
      boxOf(`layout-custom-${index}`, yamlOf(256, 16, `synapse: ${JSON.stringify({ workers, settings: FLAGS })}\n`)),
    );

/** Text of one file of a box; throws when the box has none such. */
export const fileOf = (box: Box, service: string, path: string): string => {
  const files = box.services.find((candidate) => candidate.service === service)?.files;
  const content = files?.find((file) => file.path === path)?.content;
  if (content === undefined) throw new Error(`${box.name} renders no ${service}/${path}`);
  return content;
};

export const hasService = (box: Box, service: string): boolean =>
  box.services.some((candidate) => candidate.service === service);

/** `name = 'value'` lines of a postgresql.conf, unquoted; throws on a line that is none. */
export const parsePostgresConf = (text: string): ReadonlyMap<string, string> => {
  const entries = text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const match = /^([a-z0-9_.]+) = '((?:[^']|'')*)'$/.exec(line);
      if (!match) throw new Error(`no setting: ${line}`);
      return [match[1] as string, (match[2] as string).replaceAll("''", "'")] as const;
    });
  return uniqueMap(entries);
};

/** Sections of a pgbouncer.ini; throws on a line that is neither a section nor a key. */
export const parseIni = (text: string): ReadonlyMap<string, ReadonlyMap<string, string>> => {
  const sections = new Map<string, [string, string][]>();
  let section: [string, string][] | undefined;
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith(";")) continue;
    const head = /^\[(\w+)\]$/.exec(line)?.[1];
    if (head !== undefined) {
      section = [];
      sections.set(head, section);
      continue;
    }
    const match = /^([a-z0-9_]+) =(?: (.*))?$/.exec(line);
    if (!match || !section) throw new Error(`neither section nor key: ${line}`);
    section.push([match[1] as string, match[2] ?? ""]);
  }
  return new Map([...sections].map(([name, entries]) => [name, uniqueMap(entries)]));
};

/** `name value …` lines of a redis.conf. */
export const parseRedisConf = (text: string): ReadonlyMap<string, string> =>
  uniqueMap(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => {
        const space = line.indexOf(" ");
        return [line.slice(0, space), line.slice(space + 1).replace(/^""$/, "")] as const;
      }),
  );

const uniqueMap = (entries: readonly (readonly [string, string])[]): ReadonlyMap<string, string> => {
  const map = new Map<string, string>();
  for (const [name, value] of entries) {
    if (map.has(name)) throw new Error(`${name} is given twice`);
    map.set(name, value);
  }
  return map;
};
