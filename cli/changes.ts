import { load } from "js-yaml";
import { ROLES } from "../configs/catalogue/roles";
import { CONFIG_DIR } from "../constructs/file";

/** The part of `terraform show -json <plan>` that the kit reads. */
export interface PlanJson {
  readonly resource_changes?: readonly ResourceChange[];
  /** What changed outside of Terraform since the state was written. */
  readonly resource_drift?: readonly ResourceChange[];
}

export interface ResourceChange {
  readonly address: string;
  readonly type: string;
  readonly name: string;
  readonly change: {
    readonly actions: readonly ("no-op" | "create" | "read" | "update" | "delete")[];
    readonly before: Readonly<Record<string, unknown>> | null;
    readonly after: Readonly<Record<string, unknown>> | null;
  };
}

export type Action = "create" | "start" | "update" | "replace" | "remove" | "keep";

/** What a plan means for one service. */
export interface ServiceChange {
  /** Name within the environment: `synapse-main`. */
  readonly service: string;
  readonly address: string;
  readonly action: Action;
  /** Why, in the user's words; empty for `keep`. */
  readonly because: readonly string[];
}

/** A plan in the model's words. */
export interface Changes {
  readonly services: readonly ServiceChange[];
  /** New configuration volumes and their seeders, to be made before any service is touched. */
  readonly seeders: readonly string[];
  /** Stored things (data volumes, secrets) that the plan would remove or replace. */
  readonly losses: readonly string[];
  /** Data volumes that the state knows and the engine no longer has: what would be made in their place is empty. */
  readonly vanished: readonly string[];
  /** Networks, volumes and secrets that are made for the first time. */
  readonly created: readonly string[];
  /** Docker names of the containers and networks that are to be made, where they are known before the apply. */
  readonly newNames: { readonly containers: readonly string[]; readonly networks: readonly string[] };
  /** PGDATA before and after, where the database would move to another: a major upgrade, which no replacement can do. */
  readonly movedData?: { readonly from: string; readonly to: string };
  /** Services that must all be down before any comes back, by address, and why. */
  readonly together?: { readonly addresses: readonly string[]; readonly why: string };
  /** Nothing to do at all. */
  readonly isEmpty: boolean;
}

const actionOf = (change: ResourceChange): Action => {
  const { actions, before, after } = change.change;
  if (actions.includes("create") && actions.includes("delete")) return "replace";
  if (actions.includes("create")) return "create";
  if (actions.includes("delete")) return "remove";
  if (!actions.includes("update")) return "keep";
  return before?.must_run === false && after?.must_run === true ? "start" : "update";
};

const isConfigVolume = (change: ResourceChange): boolean =>
  change.type === "docker_volume" && change.name.startsWith("config_");
const isSeeder = (change: ResourceChange): boolean =>
  change.type === "docker_container" && change.name.startsWith("seed_");
/** One-shot helpers are no services. */
const isHelper = (change: ResourceChange): boolean => change.name === "synapse_media_owner";
const isService = (change: ResourceChange): boolean =>
  change.type === "docker_container" && !isSeeder(change) && !isHelper(change);
/** What the state alone knows. */
const isNote = (change: ResourceChange): boolean => change.type === "terraform_data";
const isStored = (change: ResourceChange): boolean =>
  change.type.startsWith("random_") || (change.type === "docker_volume" && !isConfigVolume(change));

/** Attributes that change with something else, or that the provider fills in by itself: they explain nothing. */
const DERIVED = new Set([
  "working_dir",
  "labels",
  "id",
  "volumes",
  "network_data",
  "networks_advanced",
  "hostname",
  "bridge",
]);

/** The provider writes an unset attribute as null, and reads it back as its type's nothing. */
const isUnset = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === "" ||
  value === 0 ||
  value === false ||
  (typeof value === "object" && Object.keys(value).length === 0);

const differs = (before: unknown, after: unknown): boolean =>
  !(isUnset(before) && isUnset(after)) && JSON.stringify(before) !== JSON.stringify(after);

interface Upload {
  readonly file: string;
  readonly content: string;
}

const uploadsOf = (seeder: Readonly<Record<string, unknown>> | null | undefined): Map<string, string> =>
  new Map(((seeder?.upload ?? []) as Upload[]).map((upload) => [upload.file, upload.content]));

/** Files of a service, as the seeder that goes has them and the one that comes. */
const uploads = (service: ResourceChange, seeders: readonly ResourceChange[]) => {
  const prefix = `seed_${String(service.change.after?.name ?? service.change.before?.name).replaceAll("-", "_")}_`;
  const own = seeders.filter((seeder) => new RegExp(`^${prefix}[0-9a-f]{10}$`).test(seeder.name));
  return {
    before: uploadsOf(own.find((seeder) => actionOf(seeder) === "remove")?.change.before),
    after: uploadsOf(own.find((seeder) => actionOf(seeder) === "create")?.change.after),
  };
};

/** Files that differ between both seeders, by name only: contents hold secrets. */
const changedFiles = (service: ResourceChange, seeders: readonly ResourceChange[]): string[] => {
  const { before, after } = uploads(service, seeders);
  if (before.size === 0 || after.size === 0) return [];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((file) => before.get(file) !== after.get(file))
    .map((file) => file.replace(/^\/config\//, ""))
    .sort();
};

const reasons = (change: ResourceChange, seeders: readonly ResourceChange[]): string[] => {
  const { before, after } = change.change;
  if (before === null || after === null) return [];
  const files = changedFiles(change, seeders);
  const attributes = Object.keys(after).filter((key) => !DERIVED.has(key) && differs(before[key], after[key]));
  return [
    ...files.map((file) => `${file} changes`),
    ...attributes.map((key) =>
      ["string", "number", "boolean"].includes(typeof after[key]) && before[key] !== null
        ? `${key} ${before[key]} → ${after[key]}`
        : `${key} changes`,
    ),
  ];
};

const pgdataOf = (container: Readonly<Record<string, unknown>> | null): string | undefined =>
  ((container?.env ?? []) as string[]).find((entry) => entry.startsWith("PGDATA="))?.slice("PGDATA=".length);

/** A seeder that broke off half-made would be made again beside itself, under the same name. */
const isHalfMade = (change: ResourceChange): boolean =>
  isSeeder(change) && actionOf(change) === "replace" && change.change.before?.name === change.change.after?.name;

/** Names of what a plan makes anew; any other replacement frees its own name first. */
const newNamesOf = (changes: readonly ResourceChange[], type: string): string[] =>
  changes
    .filter((change) => change.type === type && (actionOf(change) === "create" || isHalfMade(change)))
    .flatMap(({ change }) => (typeof change.after?.name === "string" ? [change.after.name] : []));

const movedDataOf = (changes: readonly ResourceChange[]): Changes["movedData"] => {
  const postgres = changes.find((change) => change.address === "docker_container.postgres")?.change;
  const [from, to] = [pgdataOf(postgres?.before ?? null), pgdataOf(postgres?.after ?? null)];
  return from !== undefined && to !== undefined && from !== to ? { from, to } : undefined;
};

/** What the shared homeserver.yaml hands out to processes: who writes, sends, pushes, cleans up. */
const JOBS = ["instance_map", "stream_writers", ...ROLES.flatMap(({ shared }) => shared ?? [])];
const HOMESERVER = `${CONFIG_DIR}/homeserver.yaml`;

const jobsIn = (homeserver: string | undefined): string => {
  const settings = load(homeserver ?? "{}") as Readonly<Record<string, unknown>>;
  return JSON.stringify(JOBS.map((key) => settings[key] ?? null));
};

const addressesIn = (container: Readonly<Record<string, unknown>> | null): string[] =>
  ((container?.networks_advanced ?? []) as { readonly ipv4_address?: string }[]).flatMap(
    ({ ipv4_address: address }) => address || [],
  );

/** Whether a container comes back under an address that another one still has: the engine would not start it. */
const addressesMove = (containers: readonly ResourceChange[]): boolean =>
  containers.some(({ address, change: { after } }) =>
    addressesIn(after).some((wanted) =>
      containers.some((other) => other.address !== address && addressesIn(other.change.before).includes(wanted)),
    ),
  );

/**
 * Synapse processes that differ in who writes which stream, or who sends to whom, must never run side by side: events
 * would be lost or written twice.
 */
const synapseTogether = (all: readonly ResourceChange[], services: readonly ServiceChange[]): Changes["together"] => {
  const synapse = services.filter(({ service }) => service.startsWith("synapse-"));
  const main = synapse.find(({ service }) => service === "synapse-main");
  const container = all.find(({ address }) => address === main?.address);
  if (main?.action !== "replace" || !container) return undefined;
  const { before, after } = uploads(container, all.filter(isSeeder));
  const [earlier, later] = [before.get(HOMESERVER), after.get(HOMESERVER)];
  // What stood there before may not be known any more, as a pruned seeder takes that with it: then it counts as other.
  if (earlier === later) return undefined;
  const comeOrGo = synapse.some(({ action }) => action === "create" || action === "remove");
  const isOfSynapse = (change: ResourceChange) => synapse.some(({ address }) => address === change.address);
  const why = comeOrGo
    ? "the set of Synapse processes changes"
    : jobsIn(earlier) !== jobsIn(later)
      ? "jobs move between Synapse processes"
      : addressesMove(all.filter(isOfSynapse))
        ? "addresses move between Synapse processes"
        : undefined;
  const addresses = synapse.filter(({ action }) => action !== "create").map(({ address }) => address);
  return why === undefined ? undefined : { addresses, why };
};

/** A network cannot be replaced below running containers. */
const togetherOf = (all: readonly ResourceChange[], services: readonly ServiceChange[]): Changes["together"] => {
  const standing = services.filter(({ action }) => action !== "create");
  const isReplaced = (change: ResourceChange) => change.type === "docker_network" && actionOf(change) === "replace";
  if (all.some(isReplaced) && standing.length > 0) {
    return { addresses: standing.map(({ address }) => address), why: "the networks are replaced" };
  }
  return synapseTogether(all, services);
};

const serviceName = (address: string): string => address.slice(address.indexOf(".") + 1).replaceAll("_", "-");

/** Reads a plan in the model's words. Pure. */
export const changesOf = (plan: PlanJson): Changes => {
  const all = plan.resource_changes ?? [];
  const active = all.filter((change) => actionOf(change) !== "keep" && !change.change.actions.includes("read"));
  const seeders = all.filter(isSeeder);
  const movedData = movedDataOf(all);
  const services = all.filter(isService).map((change) => ({
    service: serviceName(change.address),
    address: change.address,
    action: actionOf(change),
    because: reasons(change, seeders),
  }));
  const together = togetherOf(all, services);
  return {
    ...(movedData ? { movedData } : {}),
    ...(together ? { together } : {}),
    services,
    seeders: active.filter((change) => isSeeder(change) && actionOf(change) === "create").map((c) => c.address),
    losses: active
      .filter((change) => isStored(change) && ["remove", "replace"].includes(actionOf(change)))
      .map((change) => change.address),
    vanished: (plan.resource_drift ?? [])
      .filter((drift) => drift.type === "docker_volume" && isStored(drift) && actionOf(drift) === "remove")
      .map((drift) => drift.address),
    created: active
      .filter(
        (change) =>
          actionOf(change) === "create" &&
          change.type !== "docker_container" &&
          !isConfigVolume(change) &&
          !isNote(change),
      )
      .map((change) => change.address),
    newNames: { containers: newNamesOf(active, "docker_container"), networks: newNamesOf(active, "docker_network") },
    isEmpty: active.length === 0,
  };
};

const VERBS: Readonly<Record<Action, string>> = {
  create: "created",
  start: "started again",
  update: "changed in place",
  replace: "replaced (stopped, then started anew)",
  remove: "removed",
  keep: "kept as it is",
};

/** Networks and volumes by name: a data volume that is made anew is an empty one. */
const madeFirst = (created: readonly string[]): string[] => {
  const named = created.filter((address) => !address.startsWith("random_")).map(serviceName);
  const secrets = created.length - named.length;
  const parts = [...named, ...(secrets > 0 ? [`${secrets} secrets`] : [])];
  return parts.length > 0 ? [`  made anew: ${parts.join(", ")}`] : [];
};

/** The plan as lines for a person. */
export const describeChanges = (changes: Changes): string[] => {
  if (changes.isEmpty) return ["No changes: what runs is what the environment says."];
  const width = Math.max(0, ...changes.services.map((change) => change.service.length));
  return [
    ...changes.services.map(({ service, action, because }) =>
      `  ${service.padEnd(width)}  ${VERBS[action]}${because.length > 0 ? `: ${because.join(", ")}` : ""}`.trimEnd(),
    ),
    ...(changes.together ? [`  ${changes.together.why}: they stop together, then all start again`] : []),
    ...madeFirst(changes.created),
    ...(changes.seeders.length > 0 && changes.services.every(({ action }) => action === "keep")
      ? ["  and the seeders of the configuration volumes are made again, which touches no service"]
      : []),
    ...changes.vanished.map((address) => `  ${serviceName(address)} IS GONE from this engine, with what it stored`),
    ...changes.losses.map((address) => `  ${address}  WOULD BE LOST`),
  ];
};
