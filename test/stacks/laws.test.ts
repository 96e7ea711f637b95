import { basename } from "node:path";
import { load } from "js-yaml";
import { PORTS } from "../../configs/ports";
import { containersOf } from "../../sizing/plan";
import { corpus } from "../support/corpus";
import { Stack, synth, type TerraformContainer } from "./synth";

/** Every law is tried on the whole corpus and lists who breaks it. */
let stacks: readonly Stack[] = [];
beforeAll(() => {
  stacks = synth(corpus());
});

type Breach = string;

const breaches = (law: (stack: Stack) => Iterable<Breach>): string[] =>
  stacks.flatMap((stack) => [...law(stack)].map((breach) => `${stack.environment}: ${breach}`));

const perService = (law: (container: TerraformContainer, service: string, stack: Stack) => boolean): string[] =>
  breaches((stack) => [...stack.services()].flatMap(([name, c]) => (law(c, name, stack) ? [] : [name])));

/** Everything that tells the container of a service what to read and run. */
const instructions = (container: TerraformContainer): string[] => [
  ...(container.command ?? []),
  ...(container.entrypoint ?? []),
  ...(container.env ?? []),
  ...(container.healthcheck?.test ?? []),
];

const GO_DURATION = /^(?:[1-9]\d{0,2}ms|(?:[1-9]\d*h)?(?:[1-5]?\dm)?[1-5]?\d(?:\.\d+)?s)$/;
const CONFIG_PATH = /\/config\/[A-Za-z0-9_./-]*[A-Za-z0-9_]/g;

describe("the corpus", () => {
  it("has every layout, and with each every bundle of options", () => {
    const layouts = stacks.map(({ prepared }) => prepared.plan.synapse.layout.value);
    expect(new Set(layouts)).toEqual(new Set(["none", "two", "three", "eight", "seventeen"]));
    expect(stacks.length).toBeGreaterThanOrEqual(33);
    expect(new Set(stacks.map(({ prepared }) => prepared.environment.postgres.version))).toEqual(new Set([16, 17, 18]));
    expect(new Set(stacks.map(({ prepared }) => prepared.environment.expected.federation)).size).toBe(3);
  });

  it("has a service for every container of the plan, and nothing beside seeders and the media owner", () => {
    expect(
      breaches(({ prepared: { plan }, ...stack }) => {
        const wanted = containersOf(plan)
          .map(({ name }) => name)
          .sort();
        const self = Object.assign(Object.create(Stack.prototype), stack) as Stack;
        return [
          ...(String([...self.services().keys()].sort()) === String(wanted) ? [] : ["services"]),
          ...(String([...self.seeders().keys()].sort()) === String(wanted) ? [] : ["seeders"]),
          ...(String([...self.oneShots().keys()]) === "synapse_media_owner" ? [] : ["one-shots"]),
        ];
      }),
    ).toEqual([]);
  });
});

describe("every container that runs", () => {
  it("has a memory limit and no swap", () => {
    expect(perService((c) => Number(c.memory) > 0 && c.memory_swap === c.memory)).toEqual([]);
  });

  it("has a health check with a command, and times as Go prints them", () => {
    expect(
      perService(({ healthcheck: check }) => {
        if (check?.test[0] !== "CMD" || check.test.length < 2 || check.retries < 1) return false;
        return [check.interval, check.timeout, check.start_period].every((time) => GO_DURATION.test(time));
      }),
    ).toEqual([]);
  });

  it("has a writable /tmp, where its health check remembers the last answer", () => {
    expect(perService((c) => c.tmpfs?.["/tmp"]?.split(",").includes("rw") ?? false)).toEqual([]);
  });

  it("has a read-only root, an init, and is started again", () => {
    expect(perService((c) => c.read_only === true && c.init === true && c.restart === "unless-stopped")).toEqual([]);
  });

  it("has no capabilities and can gain none", () => {
    expect(
      perService(
        (c) =>
          String(c.capabilities?.drop) === "ALL" &&
          c.capabilities?.add === undefined &&
          String(c.security_opts) === "no-new-privileges:true",
      ),
    ).toEqual([]);
  });

  it("is run by a numeric user that is not root, in a group that is not root's", () => {
    expect(perService((c) => /^[1-9]\d*:[1-9]\d*$/.test(c.user ?? ""))).toEqual([]);
  });

  it("has logs that are rotated", () => {
    expect(
      perService(
        (c) =>
          c.log_driver === "json-file" &&
          /^\d+m$/.test(c.log_opts?.["max-size"] ?? "") &&
          Number(c.log_opts?.["max-file"]) > 1,
      ),
    ).toEqual([]);
  });

  it("is waited for, and given time to stop", () => {
    expect(perService((c) => c.wait === true && Number(c.destroy_grace_seconds) >= 10)).toEqual([]);
  });

  it("has its configuration read-only at /config, out of a volume that its seeder fills", () => {
    expect(
      perService((c, name, stack) => {
        const mounted = c.volumes?.filter((v) => v.container_path === "/config") ?? [];
        const filled = stack
          .seeders()
          .get(name)
          ?.volumes?.find((v) => v.container_path === "/config");
        return mounted.length === 1 && mounted[0]?.read_only === true && mounted[0].volume_name === filled?.volume_name;
      }),
    ).toEqual([]);
  });

  it("waits for its seeder, so that it never starts on an empty volume", () => {
    expect(
      perService((c) => (c.depends_on ?? []).filter((id) => id.startsWith("docker_container.seed_")).length === 1),
    ).toEqual([]);
  });

  it("publishes nothing but Nginx's one port and Grafana's, at a stated address", () => {
    expect(
      perService((c, name, { prepared: { environment } }) => {
        const published: Readonly<Record<string, readonly [internal: number, at: { address: string; port: number }]>> =
          {
            nginx: [PORTS.nginx, environment.listen],
            grafana: [PORTS.grafana, environment.monitoring.grafana],
          };
        const one = published[name];
        if (!one) return c.ports === undefined;
        const [internal, { address: ip, port: external }] = one;
        return JSON.stringify(c.ports) === JSON.stringify([{ external, internal, ip }]);
      }),
    ).toEqual([]);
  });

  it("has its own addresses, each inside the network that it is on", () => {
    expect(
      breaches((stack) => {
        const seen = new Set<string>();
        const networks = stack.of<{ ipam_config: { subnet: string }[] }>("docker_network");
        return [...stack.services()].flatMap(([name, c]) =>
          (c.networks_advanced ?? []).flatMap(({ name: network, ipv4_address: address }) => {
            const id = /^\$\{docker_network\.(\w+)\.name\}$/.exec(network)?.[1] ?? "";
            const subnet = networks[id]?.ipam_config[0]?.subnet ?? "";
            const inside = address.startsWith(subnet.replace(/0\/24$/, ""));
            const again = seen.has(address);
            seen.add(address);
            return [
              ...(again ? [`${name} has ${address} again`] : []),
              ...(inside && subnet ? [] : [`${name} ${address}`]),
            ];
          }),
        );
      }),
    ).toEqual([]);
  });

  it("keeps the database, the pooler and Redis off the network that leads out", () => {
    expect(
      perService((c, name) =>
        ["postgres", "pgbouncer", "redis"].includes(name)
          ? String(c.networks_advanced?.map((n) => n.name)) === `\${docker_network.backend.name}`
          : true,
      ),
    ).toEqual([]);
    expect(
      breaches((stack) =>
        Object.entries(stack.of<{ internal: boolean }>("docker_network"))
          .filter(([id, { internal }]) => internal !== (id === "backend"))
          .map(([id]) => id),
      ),
    ).toEqual([]);
  });
});

describe("every container that does not stay", () => {
  it("is never started and has no network when it is a seeder", () => {
    expect(
      breaches((stack) =>
        [...stack.seeders()]
          .filter(([, c]) => c.start !== false || c.must_run !== false || c.network_mode !== "none")
          .map(([name]) => name),
      ),
    ).toEqual([]);
  });

  it("is root in one case alone, the media owner, which has to give root's fresh volume away and can do nothing else", () => {
    expect(
      breaches((stack) =>
        [...stack.oneShots()]
          .filter(([, c]) => {
            const { capabilities, security_opts, network_mode, read_only, user } = c;
            return !(
              user === "0:0" &&
              String(capabilities?.drop) === "ALL" &&
              String(capabilities?.add) === "CAP_CHOWN" &&
              String(security_opts) === "no-new-privileges:true" &&
              network_mode === "none" &&
              read_only === true
            );
          })
          .map(([id]) => id),
      ),
    ).toEqual([]);
  });
});

describe("names", () => {
  it("begin with the environment and are short enough for a host name", () => {
    expect(
      perService((c, name, { environment }) => c.name === `${environment}-${name}` && c.name.length <= 63),
    ).toEqual([]);
  });

  it("are taken once each", () => {
    expect(
      breaches((stack) => {
        const names = ["docker_container", "docker_volume", "docker_network"].flatMap((type) =>
          Object.values(stack.of(type)).map((resource) => `${type} ${resource.name}`),
        );
        return names.filter((name, index) => names.indexOf(name) !== index);
      }),
    ).toEqual([]);
  });

  it("of images are never left open", () => {
    expect(
      breaches((stack) =>
        Object.entries(stack.of<TerraformContainer>("docker_container"))
          .filter(([, { image }]) => typeof image !== "string" || !/[:@]/.test(image) || image.endsWith(":latest"))
          .map(([id, { image }]) => `${id}: ${image}`),
      ),
    ).toEqual([]);
  });
});

describe("files", () => {
  it("are read by nobody but the user of their container", () => {
    expect(
      breaches((stack) =>
        [...stack.seeders()].flatMap(([name, { upload = [] }]) => {
          const [uid, gid] = (stack.services().get(name)?.user ?? "").split(":");
          return upload
            .filter((file) => file.owner !== uid || file.group !== gid || !/^0[0-7]00$/.test(file.permissions))
            .map((file) => `${name}${file.file}`);
        }),
      ),
    ).toEqual([]);
  });

  it("are never empty, which the engine would refuse", () => {
    expect(
      breaches((stack) =>
        [...stack.seeders()].flatMap(([name, { upload = [] }]) => [
          // The one program that is told everything by its options.
          ...(upload.length === 0 && name !== "node-exporter" ? [`${name} has none`] : []),
          ...upload.filter(({ content }) => content === "").map(({ file }) => `${name}${file}`),
        ]),
      ),
    ).toEqual([]);
  });

  it("are each named by a command, a health check, the environment or another file of the container", () => {
    expect(
      breaches((stack) =>
        [...stack.services()].flatMap(([name, container]) => {
          const files = stack.filesOf(name);
          return [...files.keys()]
            .filter((path) => {
              const elsewhere = [...files].filter(([other]) => other !== path).map(([, text]) => text);
              // By itself, or by the folder that its program looks into.
              const [, , top = ""] = path.split("/");
              const named = top === basename(path) ? path : `/config/${top}`;
              return ![...instructions(container), ...elsewhere].some((text) => text.includes(named));
            })
            .map((path) => `${name}${path}`);
        }),
      ),
    ).toEqual([]);
  });

  it("are there wherever a text or a command names one", () => {
    expect(
      breaches((stack) =>
        [...stack.services()].flatMap(([name, container]) => {
          const files = stack.filesOf(name);
          const named = [...files.values(), ...instructions(container)].flatMap(
            (text) => text.match(CONFIG_PATH) ?? [],
          );
          const isThere = (path: string) =>
            [...files.keys()].some((file) => file === path || file.startsWith(`${path}/`));
          return [...new Set(named)].filter((path) => !isThere(path)).map((path) => `${name}: ${path}`);
        }),
      ),
    ).toEqual([]);
  });
});

interface Listener {
  readonly type: string;
  readonly port: number;
  readonly bind_addresses: readonly string[];
  readonly resources?: readonly { readonly names: readonly string[] }[];
}

/** `address:port` of every listener of every Synapse process, by what it serves. */
const listenersOf = (stack: Stack): Map<string, string[]> => {
  const all = new Map<string, string[]>();
  for (const service of stack.services().keys()) {
    if (!service.startsWith("synapse-")) continue;
    const files = stack.filesOf(service);
    const own = load(files.get("/config/main.yaml") ?? files.get("/config/worker.yaml") ?? "") as {
      listeners?: Listener[];
      worker_listeners?: Listener[];
    };
    for (const { type, port, bind_addresses, resources } of own.listeners ?? own.worker_listeners ?? []) {
      for (const address of bind_addresses) {
        all.set(`${service} ${address}:${port}`, resources?.flatMap(({ names }) => names) ?? [type]);
      }
    }
  }
  return all;
};

/** Listeners that serve one of these, without the name of the process. */
const servers = (stack: Stack, ...resources: string[]): Set<string> =>
  new Set(
    [...listenersOf(stack)]
      .filter(([, names]) => names.some((name) => resources.includes(name)))
      .map(([key]) => key.split(" ")[1] as string),
  );

describe("what talks to what", () => {
  it("has a client listener of a Synapse process behind every server of Nginx", () => {
    expect(
      breaches((stack) => {
        const conf = stack.filesOf("nginx").get("/config/nginx.conf") ?? "";
        const upstreams = [...conf.matchAll(/^\s+server (\S+:\d+)[ ;]/gm)].map((match) => match[1] as string);
        const known = servers(stack, "client", "federation", "media");
        return upstreams.length === 0 ? ["no upstream"] : upstreams.filter((address) => !known.has(address));
      }),
    ).toEqual([]);
  });

  it("has a replication listener behind every entry of the instance map", () => {
    expect(
      breaches((stack) => {
        const text = stack.filesOf("synapse-main").get("/config/homeserver.yaml") ?? "";
        const { instance_map: map = {} } = load(text) as {
          instance_map?: Record<string, { host: string; port: number }>;
        };
        const known = servers(stack, "replication");
        const listed = Object.values(map).map(({ host, port }) => `${host}:${port}`);
        return [...listed.filter((a) => !known.has(a)), ...[...known].filter((a) => !listed.includes(a))];
      }),
    ).toEqual([]);
  });

  it("binds each listener to loopback or to an address of its own container", () => {
    expect(
      breaches((stack) =>
        [...listenersOf(stack).keys()].filter((key) => {
          const [service, at] = key.split(" ") as [string, string];
          const own =
            stack
              .services()
              .get(service)
              ?.networks_advanced?.map((n) => n.ipv4_address) ?? [];
          return !["127.0.0.1", ...own].includes(at.split(":")[0] as string);
        }),
      ),
    ).toEqual([]);
  });

  it("has one homeserver.yaml for all processes of an environment", () => {
    expect(
      breaches((stack) => {
        const names = [...stack.services().keys()].filter((name) => name.startsWith("synapse-"));
        const texts = new Set(names.map((name) => stack.filesOf(name).get("/config/homeserver.yaml")));
        return texts.size === 1 && !texts.has(undefined) ? [] : ["they differ"];
      }),
    ).toEqual([]);
  });

  it("starts main after the database and before the workers, and the rest without waiting", () => {
    expect(
      perService((c, name) => {
        const waits = (id: string) => (c.depends_on ?? []).includes(`docker_container.${id}`);
        if (name === "synapse-main") return waits("postgres");
        if (name.startsWith("synapse-")) return waits("synapse_main");
        return (c.depends_on ?? []).every((id) => /^docker_container\.seed_/.test(id));
      }),
    ).toEqual([]);
  });
});

const strings = function* (value: unknown, path: readonly string[] = []): Generator<[path: string[], text: string]> {
  if (typeof value === "string") yield [[...path], value];
  else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) yield* strings(inner, [...path, key]);
  }
};

const HASHED_NAME = /^[a-z0-9-]+-\$\{substr\(nonsensitive\(sha256\(join\("\\n", \[.+\]\)\)\), 0, 8\)\}$/;

describe("secrets", () => {
  it("leave Terraform in files and, hashed, in names, and nowhere else", () => {
    expect(
      breaches((stack) =>
        [...strings(stack.json.resource)]
          .filter(([, text]) => /random_\w+\.\w+\./.test(text))
          .filter(([path, text]) => {
            const [type, id = "", key] = path;
            const isFile =
              type === "docker_container" && id.startsWith("seed_") && key === "upload" && path[4] === "content";
            const isName = key === "name" && /^(seed|config)_/.test(id) && HASHED_NAME.test(text);
            return !isFile && !isName;
          })
          .map(([path]) => path.join(".")),
      ),
    ).toEqual([]);
  });

  it("are never written out", () => {
    expect(
      breaches((stack) =>
        [...strings(stack.json)].flatMap(([path, text]) =>
          // Passwords have 43 letters and digits, the signing key's seed as many of base64.
          (text.match(/(?<![A-Za-z0-9+/_.-])[A-Za-z0-9+/]{32,}={0,2}(?![A-Za-z0-9+/_.-])/g) ?? [])
            .filter((word) => /\d/.test(word) && /[A-Z]/.test(word))
            .map((word) => `${path.join(".")}: ${word}`),
        ),
      ),
    ).toEqual([]);
  });

  it("are never left as placeholders", () => {
    expect(breaches(({ text }) => text.match(/\{\{secret:\w+\}\}/g) ?? [])).toEqual([]);
  });

  it("are no outputs", () => {
    expect(breaches(({ json }) => Object.keys(json.output ?? {}))).toEqual([]);
  });

  it("stand in no container's command or environment", () => {
    expect(perService((c) => instructions(c).every((text) => !text.includes("random_")))).toEqual([]);
  });

  it("are each put into some file", () => {
    expect(
      breaches((stack) => {
        const texts = [...stack.seeders().values()].flatMap((c) => c.upload?.map((u) => u.content) ?? []).join("\n");
        const { plan } = stack.prepared;
        // Made for all, so that they stay the same when what uses them comes and goes.
        const unused = [
          ...(plan.redis ? [] : ["redis_password", "worker_replication_secret"]),
          ...(plan.monitoring ? [] : ["monitoring_password"]),
          ...(plan.monitoring?.grafana ? [] : ["grafana_admin_password"]),
        ];
        return Object.entries(stack.json.resource)
          .filter(([type]) => type.startsWith("random_"))
          .flatMap(([type, all]) => Object.keys(all).map((id) => [type, id] as const))
          .filter(([type, id]) => !texts.includes(`${type}.${id}.`))
          .filter(([, id]) => !unused.includes(id))
          .map(([type, id]) => `${type}.${id}`);
      }),
    ).toEqual([]);
  });
});

describe("what is stored", () => {
  const DATA = ["alertmanager_data", "grafana_data", "postgres_data", "prometheus_data", "synapse_media"];
  interface ServerName {
    readonly input: string;
    readonly triggers_replace: string;
    readonly lifecycle: { readonly prevent_destroy: boolean };
  }

  it("cannot be destroyed by accident: data volumes and secrets", () => {
    expect(
      breaches((stack) => {
        const kept = Object.entries(stack.json.resource)
          .flatMap(([type, all]) => Object.entries(all).map(([id, resource]) => [type, id, resource] as const))
          .filter(([type, id]) => type.startsWith("random_") || DATA.includes(id));
        const free = kept.filter(
          ([, , resource]) =>
            (resource as { lifecycle?: { prevent_destroy?: boolean } }).lifecycle?.prevent_destroy !== true,
        );
        return [
          ...(kept.length === 16 ? [] : [`${kept.length} are kept`]),
          ...free.map(([type, id]) => `${type}.${id}`),
        ];
      }),
    ).toEqual([]);
  });

  it("knows the server name that it was stored under, before it is stored", () => {
    expect(
      breaches((stack) => {
        const { input, triggers_replace, lifecycle } =
          stack.of<ServerName>("terraform_data").server_name ?? ({} as Partial<ServerName>);
        const { serverName } = stack.prepared.environment;
        return [
          ...(input === serverName && triggers_replace === serverName ? [] : [`${input}`]),
          ...(lifecycle?.prevent_destroy === true ? [] : ["can be replaced"]),
          ...DATA.filter((id) => {
            const volume = stack.of<{ depends_on?: string[] }>("docker_volume")[id];
            return !volume?.depends_on?.includes("terraform_data.server_name");
          }),
        ];
      }),
    ).toEqual([]);
  });

  it("is named without any hash: a data volume is a contract", () => {
    expect(
      breaches((stack) =>
        DATA.filter((id) => stack.of("docker_volume")[id]?.name !== `${stack.environment}-${id.replaceAll("_", "-")}`),
      ),
    ).toEqual([]);
  });
});
