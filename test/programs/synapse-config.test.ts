import { readFileSync } from "node:fs";
import { join } from "node:path";
import { WORKER_LAYOUTS } from "../../configs/environment";
import { PORTS } from "../../configs/ports";
import { addressesOf } from "../../constructs/addresses";
import { ownFile } from "../../constructs/synapse/command";
import type { ProcessPlan } from "../../sizing/plan";
import { type Box, boxes, boxOf, boxWithLayout, customBoxes, fileOf, SECRETS, yamlOf } from "../support/programs-boxes";
import { filesOf, ProgramContainer } from "../support/programs-container";

/** `synapse` in the image. */
const UID = 991;

const VARIATIONS: Readonly<Record<string, string>> = {
  "federation-closed": "expected: {federation: closed}",
  "federation-open": "expected: {federation: open}",
  "federation-listed": "synapse: {federation_domain_whitelist: [one.example.com, two.example.com]}",
  "registration-token": "synapse: {registration: token}",
  "registration-open": "synapse: {registration: open, presence: false}",
  "url-previews": "synapse: {url_previews: true, max_upload_size: 2GB}",
  sentry: "synapse: {sentry_dsn: 'https://key@sentry.example.com/1'}",
  "debug-log": "synapse: {log_level: DEBUG}",
  "rate-limits": `synapse:
  rate_limits:
    rc_message: {per_second: 0.5, burst_count: 20}
    rc_login: {address: {per_second: 1, burst_count: 5}}`,
  "own-secrets": `synapse:
  settings:
    email: {smtp_host: localhost, notif_from: kit@localhost, smtp_pass: {secret_file: secrets/smtp}}
    turn_shared_secret_path: {secret_file: secrets/turn}`,
  "no-pooler": "pgbouncer: {enabled: false}",
};

/** The whole range, every layout, and what else changes homeserver.yaml, with workers and without. */
const cases: Box[] = [
  ...boxes(),
  ...WORKER_LAYOUTS.map((layout) => boxWithLayout(layout)),
  ...customBoxes(),
  ...Object.entries(VARIATIONS).flatMap(([name, more]) => [
    boxOf(`${name}-workers`, yamlOf(8, 4, `${more}\n`)),
    boxOf(`${name}-alone`, yamlOf(2, 1, `${more}\n`)),
  ]),
];

interface Parsed {
  readonly code: number | string | null;
  readonly output: string;
  readonly values: Readonly<Record<string, unknown>> | null;
}

/** Every process of the cases about layouts; of the others main and one worker, as the rest differ in name alone. */
const processesOf = ({ name, plan }: Box): readonly ProcessPlan[] => {
  const { processes } = plan.synapse;
  return name.startsWith("layout-") ? processes : [...new Set([...processes.slice(0, 1), ...processes.slice(-1)])];
};

const folderOf = (box: Box, process: ProcessPlan): string => `${box.name}.${process.name}`;

let container: ProgramContainer;
const parsed = new Map<string, Parsed>();
beforeAll(async () => {
  container = await ProgramContainer.start("synapse", UID);
  const all = cases.flatMap((box) => processesOf(box).map((process) => ({ box, process })));
  container.add(all.flatMap(({ box, process }) => filesOf(box, process.container.name, folderOf(box, process))));
  const input = all.map(({ box, process }) => ({ folder: folderOf(box, process), own: ownFile(process) }));
  const script = readFileSync(join(__dirname, "synapse_parse.py"), "utf8");
  const outcomes: Parsed[] = JSON.parse(container.exec(["python3", "-c", script], JSON.stringify(input)));
  input.forEach(({ folder }, index) => {
    parsed.set(folder, outcomes[index] as Parsed);
  });
}, 300_000);
afterAll(() => container?.remove());

const wanted = (box: Box, process: ProcessPlan): Record<string, unknown> => {
  const { environment, plan } = box;
  const hasWorkers = plan.synapse.processes.length > 1;
  const target = {
    direct: { host: "postgres", database: "synapse" },
    session: { host: "pgbouncer", database: "synapse_session" },
    transaction: { host: "pgbouncer", database: "synapse" },
  }[process.databasePath];
  return {
    serverName: environment.serverName,
    worker: process.isMain ? null : process.name,
    workerApp: process.isMain ? null : "synapse.app.generic_worker",
    ...target,
    cpMin: process.cpMin,
    cpMax: process.cpMax.value,
    statementTimeout: 600_000,
    globalFactor: plan.synapse.globalCacheFactor.value,
    redis: hasWorkers,
    redisPassword: hasWorkers ? SECRETS.redis_password : null,
    softFileLimit: 0,
    signingKeys: ["ed25519:a_test"],
    federationWhitelist:
      environment.expected.federation === "closed" ? [] : (environment.synapse.federationDomainWhitelist ?? null),
  };
};

/** As it stands in the file, in milliseconds. */
const ttlOf = (box: Box, process: ProcessPlan): number => {
  const [, amount, unit] =
    /min_cache_ttl: (\d+)([sm])\n/.exec(fileOf(box, process.container.name, ownFile(process))) ?? [];
  return Number(amount) * (unit === "m" ? 60_000 : 1000);
};

const listenersOf = (box: Box, process: ProcessPlan, read: Parsed): void => {
  const { frontend, backend } = addressesOf(box.environment.docker.network, box.plan).get(process.container.name) ?? {};
  const places: Readonly<Record<number, string | undefined>> = {
    [PORTS.synapseHealth]: "127.0.0.1",
    [PORTS.synapse]: frontend,
    [PORTS.synapseReplication]: backend,
    [PORTS.synapseMetrics]: backend,
  };
  const listeners = read.values?.listeners as [type: string, addresses: string[], port: number, names: string[]][];
  for (const [, addresses, port] of listeners) expect([port, addresses]).toEqual([port, [places[port]]]);
  const ports = listeners.map(([, , port]) => port);
  expect(new Set(ports).size).toBe(ports.length);
  expect(ports).toEqual(expect.arrayContaining([PORTS.synapseHealth, PORTS.synapseMetrics]));
  const instances = read.values?.instances as string[];
  const replicates = instances.includes(process.isMain ? "main" : process.name);
  expect(ports.includes(PORTS.synapseReplication)).toBe(replicates);
};

it.each(cases.map((box) => [box.name, box] as const))("Synapse reads the files of %s as they are meant", (_, box) => {
  const processes = processesOf(box);
  for (const process of processes) {
    const read = parsed.get(folderOf(box, process)) as Parsed;
    expect([process.name, read.code, read.output]).toEqual([process.name, 0, "Config parses OK!"]);
    expect(read.values).toMatchObject(wanted(box, process));
    // Synapse reads K and M; its own word for the size is bytes.
    expect(read.values?.autotuning).toEqual({
      max_cache_memory_usage: process.heapCeiling.value.toBytes(),
      target_cache_memory_usage: process.heapTarget.toBytes(),
      min_cache_ttl: ttlOf(box, process),
    });
    expect(process.heapTarget.isLessThan(process.heapCeiling.value)).toBe(true);
    listenersOf(box, process, read);
  }
  const owners = processes.filter((process) => parsed.get(folderOf(box, process))?.values?.media);
  if (box.name.startsWith("layout-")) expect(owners).toHaveLength(1);
});
