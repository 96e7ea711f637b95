import { load } from "js-yaml";
import { SINGLE_WRITER_STREAMS } from "../../configs/catalogue/role";
import { SECRET_NAMES, secretsIn } from "../../configs/secrets";
import { render } from "../../constructs/render";
import type { Prepared } from "../../host/prepare";
import { corpus, LAYOUT_NAMES, plain, prepared } from "../support/corpus";

interface Listener {
  readonly type: string;
  readonly port: number;
  readonly bind_addresses: readonly string[];
  readonly x_forwarded?: boolean;
  readonly resources?: readonly { readonly names: readonly string[] }[];
}

interface Database {
  readonly statement_timeout?: unknown;
  readonly args: Readonly<Record<string, unknown>>;
}

interface Shared {
  readonly [key: string]: unknown;
  readonly redis?: { readonly enabled: boolean };
  readonly instance_map?: Readonly<Record<string, { readonly host: string; readonly port: number }>>;
  readonly stream_writers?: Readonly<Record<string, string | readonly string[]>>;
}

interface Own {
  readonly [key: string]: unknown;
  readonly worker_app?: string;
  readonly worker_name?: string;
  readonly listeners?: readonly Listener[];
  readonly worker_listeners?: readonly Listener[];
  readonly database: Database;
  readonly caches: { readonly cache_autotuning: Readonly<Record<string, string>> };
}

interface Process {
  readonly name: string;
  readonly service: string;
  readonly own: Own;
  readonly listeners: readonly Listener[];
  readonly files: ReadonlyMap<string, string>;
  readonly modes: ReadonlyMap<string, string | undefined>;
}

/** The files of every Synapse process, read back. */
const read = ({ environment, plan }: Prepared): { shared: Shared; processes: Process[] } => {
  const processes = render(environment, plan)
    .filter(({ service }) => service.startsWith("synapse-"))
    .map(({ service, files }): Process => {
      const byPath = new Map(files.map(({ path, content }) => [path, content]));
      const own = load(byPath.get("main.yaml") ?? byPath.get("worker.yaml") ?? "") as Own;
      const listeners = own.listeners ?? own.worker_listeners ?? [];
      const modes = new Map(files.map(({ path, mode }) => [path, mode]));
      return { name: service.replace("synapse-", ""), service, own, listeners, files: byPath, modes };
    });
  return { shared: load(processes[0]?.files.get("homeserver.yaml") ?? "") as Shared, processes };
};

const serves = (process: Process, resource: string): Listener[] =>
  process.listeners.filter(({ type, resources }) =>
    type === "http" ? resources?.some(({ names }) => names.includes(resource)) : type === resource,
  );

const all = corpus().map((one) => ({ ...one, ...read(one), name: one.environment.name }));
const withWorkers = all.filter(({ processes }) => processes.length > 1);

const workerNames = (processes: readonly Process[]): string[] => processes.slice(1).map(({ name }) => name);

const namesIn = (value: unknown): string[] => (Array.isArray(value) ? value : [value]).map(String);

describe("what every process reads", () => {
  it("says report_stats, without which Synapse refuses to start", () => {
    for (const { shared } of all) expect(typeof shared.report_stats).toBe("boolean");
  });

  it("keeps secrets in files of their own: no key holds one", () => {
    for (const { processes } of all) {
      for (const { files } of processes) {
        for (const yaml of ["homeserver.yaml", "main.yaml", "worker.yaml", "log.yaml"]) {
          expect(secretsIn(files.get(yaml) ?? "")).toEqual([]);
        }
      }
    }
  });

  it("names a file for each secret that it must not hold", () => {
    const wanted = ["registration_shared_secret", "macaroon_secret_key", "form_secret"];
    for (const { shared, processes } of all) {
      for (const name of wanted) expect(shared[`${name}_path`]).toBe(`/config/${name}`);
      expect(shared.signing_key_path).toBe("/config/signing.key");
      expect(shared.worker_replication_secret_path).toBe(
        processes.length > 1 ? "/config/worker_replication_secret" : undefined,
      );
      for (const name of [...wanted, "worker_replication_secret"]) expect(shared[name]).toBeUndefined();
    }
  });

  it("writes sizes as Synapse reads them, upper-case and without a B", () => {
    for (const { shared, processes } of all) {
      expect(shared.max_upload_size).toMatch(/^\d+[KMGT]?$/);
      for (const { own } of processes) {
        const { max_cache_memory_usage: most, target_cache_memory_usage: target } = own.caches.cache_autotuning;
        expect([most, target].every((size) => /^\d+[KMGT]?$/.test(size ?? ""))).toBe(true);
      }
    }
  });

  it("never opens a manhole", () => {
    for (const { processes } of all) {
      for (const { listeners } of processes) expect(listeners.map(({ type }) => type)).not.toContain("manhole");
    }
  });
});

describe("workers", () => {
  it("go with Redis, a replication secret and an entry for main in the instance map", () => {
    for (const { shared, processes } of all) {
      const any = processes.length > 1;
      expect(shared.redis?.enabled).toBe(any ? true : undefined);
      expect(shared.instance_map?.main === undefined).toBe(!any);
      expect(shared.stream_writers === undefined).toBe(!any);
    }
  });

  it("call main `main` in the instance map, and never so in stream_writers, where it would kill them", () => {
    for (const { shared } of withWorkers) {
      expect(Object.keys(shared.instance_map ?? {})).not.toContain("master");
      expect(Object.values(shared.stream_writers ?? {}).flatMap(namesIn)).not.toContain("main");
    }
  });

  it("have an entry in the instance map and a replication listener when they write a stream", () => {
    for (const { name, shared, processes } of withWorkers) {
      for (const writer of new Set(Object.values(shared.stream_writers ?? {}).flatMap(namesIn))) {
        const process = processes.find((p) => p.name === writer);
        expect([name, writer, process?.name]).toEqual([name, writer, writer]);
        const [listener, ...more] = serves(process as Process, "replication");
        expect(more).toEqual([]);
        const { host, port } = shared.instance_map?.[writer] ?? {};
        expect([listener?.port, listener?.bind_addresses]).toEqual([port, [host]]);
      }
    }
  });

  it("listen for replication on the backend network alone, and on no port of clients", () => {
    for (const { processes } of all) {
      for (const process of processes) {
        const clients = serves(process, "client").flatMap(({ bind_addresses }) => bind_addresses);
        for (const { resources, bind_addresses } of serves(process, "replication")) {
          expect(resources?.flatMap(({ names }) => names)).toEqual(["replication"]);
          expect(bind_addresses.some((address) => clients.includes(address) || address.startsWith("0.0"))).toBe(false);
        }
      }
    }
  });

  it("write alone what Synapse allows one writer of", () => {
    for (const { shared } of withWorkers) {
      for (const stream of SINGLE_WRITER_STREAMS) {
        expect(namesIn(shared.stream_writers?.[stream])).toHaveLength(1);
      }
    }
  });

  it("have names of their own", () => {
    for (const { processes } of all) {
      const names = processes.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const { name, own } of processes) {
        expect(own.worker_name).toBe(name === "main" ? undefined : name);
        expect(own.worker_app).toBe(name === "main" ? undefined : "synapse.app.generic_worker");
      }
    }
  });

  it("are who the shared keys say: Synapse would not notice a name that nobody has", () => {
    const keys = [
      "pusher_instances",
      "federation_sender_instances",
      "run_background_tasks_on",
      "notify_appservices_from_worker",
      "update_user_directory_from_worker",
      "media_instance_running_background_jobs",
    ];
    for (const { name, shared, processes } of withWorkers) {
      for (const key of keys) {
        expect([name, key, shared[key] === undefined]).toEqual([name, key, false]);
        for (const worker of namesIn(shared[key])) expect(workerNames(processes)).toContain(worker);
      }
      for (const key of keys) expect(Array.isArray(shared[key])).toBe(key.endsWith("_instances"));
    }
    for (const { shared, processes } of all.filter(({ processes: p }) => p.length === 1)) {
      expect([processes.length, ...keys.filter((key) => key in shared)]).toEqual([1]);
    }
  });

  it("replace no shared block in part: what stands in both files is whole in the second", () => {
    for (const { shared, processes } of all) {
      for (const { own } of processes) {
        expect(Object.keys(own).filter((key) => key in shared && key !== "enable_media_repo")).toEqual([]);
      }
    }
  });

  it("leave media to one process, which alone has the repository", () => {
    for (const { shared, processes } of withWorkers) {
      expect(shared.enable_media_repo).toBe(false);
      const holders = processes.filter(({ own }) => own.enable_media_repo === true).map(({ name }) => name);
      expect(holders).toEqual([shared.media_instance_running_background_jobs]);
      expect(holders).toEqual(namesIn(shared.stream_writers?.quarantined_media_changes));
    }
  });
});

describe("listeners", () => {
  it("have one for health on every process, that nobody outside the container reaches", () => {
    for (const { processes } of all) {
      for (const process of processes) {
        const health = serves(process, "health");
        expect(health.map(({ bind_addresses, resources }) => [bind_addresses, resources])).toEqual([
          [["127.0.0.1"], [{ names: ["health"] }]],
        ]);
      }
    }
  });

  it("have one for metrics on every process, since the setting alone opens nothing", () => {
    for (const { shared, processes } of all) {
      expect(shared.enable_metrics).toBe(true);
      for (const process of processes) expect(serves(process, "metrics")).toHaveLength(1);
    }
  });

  it("never share a port on one process", () => {
    for (const { processes } of all) {
      for (const { listeners } of processes) {
        const places = listeners.flatMap(({ port, bind_addresses }) => bind_addresses.map((a) => `${a}:${port}`));
        expect(new Set(places).size).toBe(places.length);
      }
    }
  });

  it("trust the address that Nginx passes on where clients come in", () => {
    for (const { processes } of all) {
      for (const process of processes) {
        for (const listener of serves(process, "client")) expect(listener.x_forwarded).toBe(true);
      }
    }
  });

  it("are there for clients on every worker that has a route", () => {
    for (const { environment, plan, processes } of withWorkers) {
      for (const { name, roles } of plan.synapse.processes.slice(1)) {
        const process = processes.find((p) => p.name === name) as Process;
        const silent = ["federation_sender", "event_persister", "pusher", "appservice", "background_tasks"];
        const routed = roles.some((role) => !silent.includes(role));
        const open = serves(process, "client").length + serves(process, "federation").length > 0;
        expect([environment.name, name, open]).toEqual([environment.name, name, routed]);
      }
    }
  });
});

describe("the database", () => {
  it("never gets a statement timeout of null, which Synapse would send as it stands", () => {
    for (const { processes } of all) {
      for (const { own } of processes) expect(own.database.statement_timeout).toBe(600_000);
    }
  });

  it("is reached by main straight or in session mode, by workers through the transaction pool", () => {
    for (const { plan, processes } of all) {
      for (const { name, own } of processes) {
        const { host, port, dbname } = own.database.args;
        const pooled = name === "main" ? ["pgbouncer", 6432, "synapse_session"] : ["pgbouncer", 6432, "synapse"];
        expect([host, port, dbname]).toEqual(plan.pgbouncer ? pooled : ["postgres", 5432, "synapse"]);
      }
    }
  });

  it("is opened with a password from a file that libpq accepts: for this host, port and database, and private", () => {
    for (const { processes } of all) {
      for (const { own, files, modes } of processes) {
        const { host, port, dbname, user, passfile, password } = own.database.args;
        expect([passfile, password]).toEqual(["/config/pgpass", undefined]);
        expect(files.get("pgpass")?.split("\n")).toContain(
          `${host}:${port}:${dbname}:${user}:{{secret:postgres_password}}`,
        );
        expect(modes.get("pgpass")).toBe("0400");
      }
    }
  });

  it("has connections for all processes at once", () => {
    for (const { plan, processes } of all) {
      const pools = processes.map(({ own }) => Number(own.database.args.cp_max));
      expect(pools.every((pool) => pool >= 1)).toBe(true);
      const asked = plan.pgbouncer
        ? plan.pgbouncer.transactionPool + plan.pgbouncer.sessionPool
        : pools.reduce((sum, pool) => sum + pool, 0);
      expect(asked).toBeLessThan(plan.postgres.maxConnections);
    }
  });
});

describe("the environment's settings", () => {
  it("close federation with an empty list, and open it with none", () => {
    for (const { environment, shared } of all) {
      const { federation } = environment.expected;
      const list = shared.federation_domain_whitelist;
      if (federation === "closed") expect(list).toEqual([]);
      else expect(list).toEqual(environment.synapse.federationDomainWhitelist);
    }
  });

  it.each([
    ["closed", { enable_registration: false }],
    ["token", { enable_registration: true, registration_requires_token: true }],
    ["open", { enable_registration: true, enable_registration_without_verification: true }],
  ])("make registration %s", (registration, expected) => {
    const yaml = `server_name: example.org\nsynapse: {registration: ${registration}}\n`;
    const { shared } = read(prepared("registration", yaml));
    const keys = Object.entries(shared).filter(([key]) => /^(enable_registration|registration_requires)/.test(key));
    expect(Object.fromEntries(keys)).toEqual(expected);
  });

  it("fetch previews from nowhere inside", () => {
    for (const { environment, shared } of all) {
      expect(shared.url_preview_enabled).toBe(environment.synapse.urlPreviews);
      const blacklist = shared.url_preview_ip_range_blacklist as string[] | undefined;
      if (!environment.synapse.urlPreviews) expect(blacklist).toBeUndefined();
      else expect(blacklist).toEqual(expect.arrayContaining(["127.0.0.0/8", "10.0.0.0/8", "fe80::/10", "fc00::/7"]));
    }
    expect(all.some(({ environment }) => environment.synapse.urlPreviews)).toBe(true);
  });

  it("nest rate limits as Synapse does", () => {
    const { shared } = read(
      prepared(
        "limits",
        "server_name: example.org\nsynapse:\n  rate_limits:\n    rc_message: {per_second: 1, burst_count: 5}\n" +
          "    rc_login: {address: {per_second: 0.1, burst_count: 3}, account: {per_second: 2, burst_count: 4}}\n",
      ),
    );
    expect(shared.rc_message).toEqual({ per_second: 1, burst_count: 5 });
    expect(shared.rc_login).toEqual({
      address: { per_second: 0.1, burst_count: 3 },
      account: { per_second: 2, burst_count: 4 },
    });
  });

  it("never log SQL at DEBUG, which would write access tokens", () => {
    for (const { processes } of all) {
      for (const { files } of processes) {
        const log = load(files.get("log.yaml") ?? "") as { loggers: Record<string, { level: string }> };
        expect(log.loggers["synapse.storage.SQL"]?.level).not.toBe("DEBUG");
        expect(log.loggers["synapse.storage.SQL"]?.level).toMatch(/^(INFO|WARNING|ERROR)$/);
      }
    }
    expect(all.some(({ environment }) => environment.synapse.logLevel === "DEBUG")).toBe(true);
  });
});

describe("secrets of the operator's own", () => {
  const { environment, plan } = prepared(
    "own-secrets",
    "server_name: example.org\nsynapse:\n  settings:\n    password_config: {pepper: {secret_file: secrets/pepper}}\n" +
      "    turn_shared_secret_path: {secret_file: ../turn}\n" +
      "    app_service_config_files: [{secret_file: bridges/a.yaml}, {secret_file: bridges_a.yaml}]\n",
  );
  const files = new Map(
    render(environment, plan)
      .find(({ service }) => service === "synapse-main")
      ?.files.map(({ path, content }) => [path, content]),
  );

  it("become values where the key takes one, inside quotes", () => {
    expect(files.get("homeserver.yaml")).toContain("pepper: '{{secret:text:secrets/pepper}}'");
  });

  it("become files where the key takes a path, one for each", () => {
    const shared = load(files.get("homeserver.yaml") ?? "") as Record<string, unknown>;
    expect(shared.turn_shared_secret_path).toBe("/config/secret-..%2Fturn");
    expect(shared.app_service_config_files).toEqual([
      "/config/secret-bridges%2Fa.yaml",
      "/config/secret-bridges_a.yaml",
    ]);
    expect(files.get("secret-..%2Fturn")).toBe("{{secret:file:../turn}}");
    expect(files.get("secret-bridges%2Fa.yaml")).toBe("{{secret:file:bridges/a.yaml}}");
    expect(files.get("secret-bridges_a.yaml")).toBe("{{secret:file:bridges_a.yaml}}");
    expect([...files.keys()]).not.toContain("secret-secrets%2Fpepper");
  });
});

describe("files", () => {
  it("hold placeholders of known secrets only, and use every secret of the kit", () => {
    const used = new Set<string>();
    for (const { environment, plan } of all) {
      for (const { files } of render(environment, plan)) {
        for (const { content } of files) for (const name of secretsIn(content)) used.add(name);
      }
    }
    expect([...used].sort()).toEqual([...SECRET_NAMES].sort());
  });

  it("have names, some below folders, once each", () => {
    for (const { environment, plan } of all) {
      for (const { files } of render(environment, plan)) {
        const paths = files.map(({ path }) => path);
        expect(new Set(paths).size).toBe(paths.length);
        for (const path of paths) expect(path).toMatch(/^[a-z][a-z0-9_.-]*(?:\/[a-z][a-z0-9_.-]*)*$/);
      }
    }
  });

  it.each(LAYOUT_NAMES)("are the same on every rendering: %s", (layout) => {
    const [once, again] = [plain(layout), plain(layout)].map(({ environment, plan }) => render(environment, plan));
    expect(again).toEqual(once);
  });
});
