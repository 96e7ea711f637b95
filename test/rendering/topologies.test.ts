import fc from "fast-check";
import { load } from "js-yaml";
import { checkLayout, MOST_WORKERS } from "../../configs/catalogue/check";
import { SINGLE_WRITER_STREAMS, type Stream } from "../../configs/catalogue/role";
import { ROLES } from "../../configs/catalogue/roles";
import { customLayout } from "../../configs/check-workers";
import type { Environment, WorkerGroups } from "../../configs/environment";
import { subnetsOf } from "../../configs/network";
import { addressesOf } from "../../constructs/addresses";
import { nginxConf } from "../../constructs/nginx/conf";
import { explainerOf } from "../../constructs/nginx/explain";
import { routes } from "../../constructs/nginx/routes";
import { routingTable } from "../../constructs/nginx/table";
import { serversOf } from "../../constructs/nginx/upstreams";
import { render } from "../../constructs/render";
import type { Plan } from "../../sizing/plan";
import { WORKER_ENDPOINTS } from "../catalogue/endpoints";
import { requestsFor } from "../catalogue/request";
import { strangeRequests } from "../catalogue/routing-corpus";
import { readRows } from "../catalogue/routing-rows";
import { readerOf } from "../support/nginx-conf";
import { planOf, topologies } from "../support/topologies";
import { environment, LAYOUT_NAMES, planFor } from "./fixture";

const RUNS = 60;
const SEED = 20_261_121;

interface Listener {
  readonly port: number;
  readonly bind_addresses: readonly string[];
  readonly resources?: readonly { readonly names: readonly string[] }[];
}

/** What Synapse reads of the topology, in its own words. */
interface Files {
  readonly env: Environment;
  readonly plan: Plan;
  readonly workers: readonly string[];
  readonly shared: {
    readonly stream_writers?: Readonly<Record<string, readonly string[]>>;
    readonly instance_map?: Readonly<Record<string, { readonly host: string; readonly port: number }>>;
    readonly enable_media_repo?: boolean;
    readonly [key: string]: unknown;
  };
  readonly own: ReadonlyMap<string, { readonly listeners: readonly Listener[]; readonly enable_media_repo?: boolean }>;
}

const filesOf = (env: Environment, plan: Plan): Files => {
  const services = render(env, plan);
  const textOf = (service: string, path: string): string =>
    services.find((one) => one.service === service)?.files.find((file) => file.path === path)?.content ?? "";
  const own = plan.synapse.processes.map(({ name, isMain, container }) => {
    const file = load(textOf(container.name, isMain ? "main.yaml" : "worker.yaml")) as Record<string, unknown>;
    return [name, { ...file, listeners: (file.listeners ?? file.worker_listeners) as Listener[] }] as const;
  });
  return {
    env,
    plan,
    workers: plan.synapse.processes.slice(1).map(({ name }) => name),
    shared: load(textOf("synapse-main", "homeserver.yaml")) as Files["shared"],
    own: new Map(own),
  };
};

const servesOn = (files: Files, process: string, resource: string): Listener | undefined =>
  files.own
    .get(process)
    ?.listeners.find(({ resources = [] }) => resources.some(({ names }) => names.includes(resource)));

/** Every writer can be found by the others, and listens where they look. */
const expectWritersToBeReachable = (files: Files): void => {
  const { stream_writers: writers = {}, instance_map: instances = {} } = files.shared;
  for (const [stream, names] of Object.entries(writers)) {
    expect(files.workers).toEqual(expect.arrayContaining([...names]));
    expect([stream, new Set(names).size]).toEqual([stream, names.length]);
    if (SINGLE_WRITER_STREAMS.includes(stream as Stream)) expect([stream, names]).toEqual([stream, [names[0]]]);
    for (const name of names) {
      const listener = servesOn(files, name, "replication");
      const place = { host: listener?.bind_addresses[0], port: listener?.port };
      expect([stream, name, instances[name]]).toEqual([stream, name, place]);
    }
  }
  if (files.workers.length > 0) expect(instances.main).toBeDefined();
  expect(files.workers).toEqual(expect.arrayContaining(Object.keys(instances).filter((name) => name !== "main")));
};

/** What a stream's endpoints are routed to is what writes it: the workers named, or else main. */
const expectStreamsToHaveTheirRoutes = (files: Files): void => {
  const explain = explainerOf(files.env, files.plan);
  for (const { name, streams, fallsBackToMain } of ROLES.filter((role) => role.streams.length > 0)) {
    const writers = files.shared.stream_writers?.[streams[0] as Stream] ?? ["main"];
    const requests = WORKER_ENDPOINTS.filter(([, , role]) => role === name).flatMap(([methods, path]) =>
      requestsFor(methods, path),
    );
    expect(requests.length > 0).toBe(name !== "event_persister");
    for (const { method, uri } of requests) {
      const { processes, fallback } = explain({ method, target: uri });
      // What writes would wait for the writer on main too.
      const expected = fallsBackToMain && method === "GET" && writers[0] !== "main" ? "main" : null;
      expect([method, uri, processes, fallback]).toEqual([method, uri, writers, expected]);
    }
  }
};

/** One process alone has the repository, by flag and by listener, and does what goes with it. */
const expectOneMediaRepository = (files: Files): void => {
  const { plan, shared } = files;
  const owner = plan.synapse.processes.find(({ roles }) => roles.includes("media_repository"))?.name;
  const listening = [...files.own.keys()].filter((name) => servesOn(files, name, "media"));
  // Synapse's own default is true, also for workers that listen for no media at all.
  const loading = [...files.own].filter(([, own]) => own.enable_media_repo ?? shared.enable_media_repo ?? true);
  expect(listening).toEqual([owner ?? "main"]);
  expect(loading.map(([name]) => name)).toEqual([owner ?? "main"]);
  expect(shared.media_instance_running_background_jobs).toBe(owner);
  expect(shared.stream_writers?.quarantined_media_changes).toEqual(owner === undefined ? undefined : [owner]);
};

/** Synapse believes any name: nobody would do the job of a process that is not there. */
const expectJobsToHaveHolders = (files: Files): void => {
  for (const { name, shared, singleton } of ROLES) {
    const holders = files.plan.synapse.processes
      .filter(({ roles }) => roles.includes(name))
      .map((process) => process.name);
    if (singleton !== false) expect(holders.length).toBeLessThanOrEqual(1);
    if (shared === undefined) continue;
    const named = files.shared[shared] as string | string[] | undefined;
    expect([shared, named === undefined ? [] : [named].flat()]).toEqual([shared, holders]);
  }
};

const expectAddressesOfTheirOwn = ({ env, plan }: Files): void => {
  const subnets = subnetsOf(env.docker.network);
  const addresses = [...addressesOf(env.docker.network, plan).values()];
  for (const side of ["frontend", "backend"] as const) {
    const prefix = subnets[side].replace(/0\/24$/, "");
    const own = addresses.flatMap((one) => one[side] ?? []);
    expect(new Set(own).size).toBe(own.length);
    for (const address of own) {
      expect(address.startsWith(prefix)).toBe(true);
      expect(Number(address.slice(prefix.length))).toBeLessThan(255);
    }
  }
};

const expectAll = (files: Files): void => {
  expectWritersToBeReachable(files);
  expectStreamsToHaveTheirRoutes(files);
  expectOneMediaRepository(files);
  expectJobsToHaveHolders(files);
  expectAddressesOfTheirOwn(files);
};

const byHand = (workers: WorkerGroups): Environment => environment({ synapse: { workers } });

test.each(LAYOUT_NAMES)("the layout %s gives every job one place that all files agree on", (layout) => {
  const env = environment();
  expectAll(filesOf(env, planFor(layout, env)));
});

test("so does any sound layout by hand", () => {
  fc.assert(
    fc.property(topologies, (workers) => {
      expect(checkLayout(customLayout(workers))).toEqual([]);
      const env = byHand(workers);
      expectAll(filesOf(env, planOf(workers, env)));
    }),
    { numRuns: RUNS, seed: SEED },
  );
});

test("nginx.conf routes any layout by hand as the table says", () => {
  fc.assert(
    fc.property(topologies, fc.array(strangeRequests, { minLength: 30, maxLength: 30 }), (workers, requests) => {
      const env = byHand(workers);
      const plan = planOf(workers, env);
      const rowFor = readRows(routingTable(routes(env, plan)));
      const nginx = readerOf(nginxConf(env, plan));
      const servers = serversOf(plan, addressesOf(env.docker.network, plan));
      for (const request of requests) {
        const answer = nginx(request);
        const row = rowFor(request)?.processes.map((name) => servers.get(name));
        expect([request, row]).toEqual([request, "servers" in answer ? answer.servers : undefined]);
      }
    }),
    { numRuns: RUNS, seed: SEED },
  );
});

test("the largest layout has room: addresses, weights, pools", () => {
  const many: WorkerGroups = {
    streams: { roles: ["typing", "to_device", "push_rules", "presence", "account_data", "media_repository"], count: 1 },
    all: {
      roles: ROLES.filter(({ singleton }) => singleton === false).map(({ name }) => name),
      count: MOST_WORKERS - 1,
    },
  };
  const env = byHand(many);
  const plan = planOf(many, env);
  expect(plan.synapse.processes).toHaveLength(MOST_WORKERS + 1);
  expectAll(filesOf(env, plan));
});
