import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dump } from "js-yaml";
import type { WorkerLayoutName } from "../../configs/environment";
import { listEnvironments } from "../../configs/load-environment";
import { parseEnvironment } from "../../configs/parse-environment";
import { Bytes } from "../../configs/units/bytes";
import { Cpus } from "../../configs/units/cpus";
import { resolveImages } from "../../host/images";
import type { Prepared } from "../../host/prepare";
import type { HostFacts } from "../../sizing/plan";
import { solve } from "../../sizing/solve";

export const ROOT = join(__dirname, "..", "..");

/** Stands in for whatever machine the tests run on. */
const MACHINE: HostFacts = { ram: Bytes.gib(8), cpus: Cpus.of(4), disk: { kind: "ssd" }, source: "declared" };

/** A sized environment from YAML, with official images, and nothing in it from the machine that the test runs on. */
export const prepared = (name: string, yaml: string): Prepared => {
  const environment = parseEnvironment(yaml, name, `configs/environments/${name}.yaml`);
  const { hardware } = environment;
  const host: HostFacts =
    hardware.kind === "declared"
      ? { ram: hardware.ram, cpus: hardware.cpus, disk: hardware.disk, source: "declared" }
      : MACHINE;
  const plan = solve(environment, host);
  return { environment, plan, images: resolveImages(environment, plan, "official") };
};

export const SHIPPED: readonly string[] = listEnvironments(ROOT);

export const shippedText = (name: string): string =>
  readFileSync(join(ROOT, "configs", "environments", `${name}.yaml`), "utf8");

/** The environments that the kit ships. */
export const shipped = (): Prepared[] => SHIPPED.map((name) => prepared(name, shippedText(name)));

/** A machine on which each layout fits, so that every layout is seen. */
const HARDWARE: Readonly<Record<WorkerLayoutName, { ram: string; cpus: number; disk: string }>> = {
  none: { ram: "2GB", cpus: 1, disk: "hdd" },
  two: { ram: "4GB", cpus: 2, disk: "ssd" },
  three: { ram: "8GB", cpus: 4, disk: "nvme" },
  eight: { ram: "16GB", cpus: 8, disk: "network" },
  seventeen: { ram: "64GB", cpus: 16, disk: "nvme" },
};

export const LAYOUT_NAMES = Object.keys(HARDWARE) as WorkerLayoutName[];

type Section = Record<string, unknown>;

/** What the manifest has no row for. */
const POSTGRES_16 = { postgres: "postgres:16.14" };
const VALKEY = { redis: "valkey/valkey:8.1.5" };

/** Options in bundles, so that each meets each layout. */
const VARIANTS: readonly Section[] = [
  {},
  {
    expected: { federation: "closed" },
    images: { ...POSTGRES_16, ...VALKEY },
    postgres: { version: 16, jit: true },
    redis: { flavour: "valkey" },
    pgbouncer: { enabled: false },
    synapse: { registration: "open", presence: false },
  },
  {
    expected: { federation: "open", users: 200 },
    postgres: { version: 17, synchronous_commit: false, settings: { log_min_duration_statement: "5s" } },
    pgbouncer: { enabled: true },
    synapse: { registration: "token", url_previews: true, max_upload_size: "1GB" },
    nginx: { admin_api_from: ["10.0.0.0/8", "192.168.1.7"] },
  },
  {
    public_baseurl: "http://chat.example.org:8080",
    expected: { federation: "small" },
    images: VALKEY,
    redis: { flavour: "valkey", maxmemory: "64MB" },
    synapse: {
      federation_domain_whitelist: ["a.example.org", "b.example.org"],
      rate_limits: {
        rc_message: { per_second: 1, burst_count: 5 },
        rc_login: { address: { per_second: 0.1, burst_count: 3 } },
      },
      log_level: "DEBUG",
    },
    listen: { address: "0.0.0.0", port: 80 },
  },
  {
    docker: { host: "ssh://admin@example.org", network: "10.200.8.0/22" },
    state: { backend: "s3", config: { bucket: "states", key: "chat", region: "eu-central-1", use_path_style: true } },
    images: { source: "official", synapse: "registry.example.org:5000/synapse:v1.163.2" },
    synapse: {
      sentry_dsn: "https://key@sentry.example.org/1",
      report_stats: true,
      settings: { matrix_authentication_service: { enabled: true, endpoint: "http://mas.example.org/" } },
    },
    nginx: { settings: { keepalive_timeout: "20s" } },
  },
  {
    state: { backend: "pg", config: { schema_name: "chat" } },
    images: POSTGRES_16,
    postgres: { version: 16, huge_pages: "off", settings: { random_page_cost: 1.5 } },
    // Terraform would evaluate both signs, and YAML and Nginx have their own ideas of quotes.
    synapse: { settings: { admin_contact: `mailto:"\${admin}%{x}'@example.org` } },
  },
];

const yamlOf = (layout: WorkerLayoutName, variant: Section): string =>
  dump({
    server_name: "example.org",
    hardware: HARDWARE[layout],
    ...variant,
    synapse: { workers: layout, ...(variant.synapse as Section | undefined) },
  });

/** Every layout with every bundle of options. */
export const generated = (): Prepared[] =>
  LAYOUT_NAMES.flatMap((layout) =>
    VARIANTS.map((variant, index) => prepared(`${layout}-${index}`, yamlOf(layout, variant))),
  );

/** One environment of each layout, with nothing but defaults beside. */
export const plain = (layout: WorkerLayoutName): Prepared => prepared(`${layout}-0`, yamlOf(layout, {}));

let all: readonly Prepared[] | undefined;

/** What the laws are tried on: the shipped environments and the generated ones. Solved once a test file. */
export const corpus = (): readonly Prepared[] => {
  all ??= [...shipped(), ...generated()];
  return all;
};
