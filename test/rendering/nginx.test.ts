import { PORTS } from "../../configs/ports";
import { secretsIn } from "../../configs/secrets";
import { addressesOf } from "../../constructs/addresses";
import { nginxConf } from "../../constructs/nginx/conf";
import { sharesOf, WEIGHT } from "../../constructs/nginx/consistent-hash";
import { render } from "../../constructs/render";
import type { Prepared } from "../../host/prepare";
import { corpus, LAYOUT_NAMES, plain, prepared } from "../support/corpus";
import { type Directive, every, locationFor, named, parse, publicServer, unquoted } from "../support/nginx-conf";

const confOf = ({ environment, plan }: Prepared): string =>
  render(environment, plan)
    .find(({ service }) => service === "nginx")
    ?.files.find(({ path }) => path === "nginx.conf")?.content ?? "";

/** A machine with room for Prometheus. */
const WATCHED = "server_name: example.org\nhardware: {ram: 16GB, cpus: 8}\n";

const all = corpus().map((one) => {
  const text = confOf(one);
  const tree = parse(text);
  return { ...one, text, tree, directives: every(tree) };
});

describe("nginx.conf", () => {
  it("is a tree: every brace and quote is closed, every directive ended", () => {
    for (const { tree } of all) {
      expect(tree.map(({ name }) => name)).toEqual(expect.arrayContaining(["worker_processes", "events", "http"]));
    }
  });

  it("fails to parse with a brace too many or too few, so that the law above means something", () => {
    const text = confOf(plain("two"));
    expect(() => parse(`${text}}`)).toThrow("balance");
    expect(() => parse(text.replace(/\}\s*$/, ""))).toThrow("balance");
  });

  it("sends requests to client ports of Synapse processes and nowhere else", () => {
    for (const { environment, plan, directives } of all) {
      const addresses = addressesOf(environment.docker.network, plan);
      const known = plan.synapse.processes.map(
        ({ container }) => `${addresses.get(container.name)?.frontend}:${PORTS.synapse}`,
      );
      const servers = named(directives, "upstream").flatMap(({ block = [] }) => named(block, "server"));
      expect(servers.length).toBeGreaterThan(0);
      for (const { args } of servers) expect(known).toContain(args[0]);
    }
  });

  it("reaches every process that has a client listener", () => {
    for (const { environment, plan, directives } of all) {
      const addresses = addressesOf(environment.docker.network, plan);
      const used = new Set(
        named(directives, "upstream").flatMap(({ block = [] }) => named(block, "server").map(({ args }) => args[0])),
      );
      const silent = new Set<string>([
        "federation_sender",
        "event_persister",
        "pusher",
        "appservice",
        "background_tasks",
      ]);
      for (const { isMain, roles, container } of plan.synapse.processes) {
        const routed = isMain || roles.some((role) => !silent.has(role));
        expect([container.name, used.has(`${addresses.get(container.name)?.frontend}:${PORTS.synapse}`)]).toEqual([
          container.name,
          routed,
        ]);
      }
    }
  });

  it("never re-writes a path: proxy_pass names a host alone, since signatures cover the path as it was sent", () => {
    for (const { directives } of all) {
      // A question of Nginx' own has a path of its own.
      const own = named(directives, "location").flatMap(({ block = [] }) =>
        named(block, "internal").length > 0 ? block : [],
      );
      const passes = named(directives, "proxy_pass").filter((pass) => !own.includes(pass));
      expect(passes.length).toBeGreaterThan(0);
      for (const { args } of passes) expect(args.map(unquoted).join(" ")).toMatch(/^http:\/\/\$?\{?\w+\}?$/);
      expect(named(directives, "rewrite")).toEqual([]);
    }
  });

  it("passes to upstreams that are defined, in proxy_pass and in maps", () => {
    for (const { directives } of all) {
      const upstreams = new Set(named(directives, "upstream").map(({ args }) => args[0]));
      const maps = new Map(named(directives, "map").map(({ args, block = [] }) => [args[1], block]));
      const values = (variable: string): string[] =>
        (maps.get(variable) ?? []).flatMap(({ args }) => {
          const value = unquoted(args[0] ?? "");
          return value.startsWith("$") && maps.has(value) ? values(value) : [value];
        });
      for (const { args } of named(directives, "proxy_pass")) {
        const target = unquoted(args[0] as string)
          .replace("http://", "")
          .replace(/\/.*/, "");
        const targets = target.startsWith("$") ? values(target) : [target];
        expect(targets.length).toBeGreaterThan(0);
        for (const name of targets) expect([...upstreams]).toContain(name);
      }
    }
  });

  it("never has a backup server beside a hash, which Nginx refuses", () => {
    let hashed = 0;
    for (const { directives } of all) {
      for (const { block = [] } of named(directives, "upstream")) {
        if (named(block, "hash").length === 0) continue;
        hashed += 1;
        for (const { args } of named(block, "server")) expect(args).not.toContain("backup");
      }
    }
    expect(hashed).toBeGreaterThan(0);
  });

  it("waits less than a second for a silent process where main stands in for it", () => {
    let seen = 0;
    for (const { directives } of all) {
      for (const { block = [] } of named(directives, "location")) {
        if (!named(block, "error_page").some(({ args }) => args.at(-1)?.startsWith("@main"))) continue;
        seen += 1;
        expect(named(block, "proxy_connect_timeout").map(({ args }) => args[0])).toEqual(["500ms"]);
      }
    }
    expect(seen).toBeGreaterThan(100);
  });

  it("waits no longer where main would, for the same process", () => {
    const { environment, plan } = plain("three");
    const created = named(every(parse(nginxConf(environment, plan))), "location").filter(({ args }) =>
      args.at(-1)?.includes("/createRoom"),
    );
    expect(created).toHaveLength(1);
    const block = created[0]?.block ?? [];
    expect(named(block, "error_page").some(({ args }) => args.at(-1)?.startsWith("@main"))).toBe(false);
    expect(named(block, "proxy_connect_timeout").map(({ args }) => args[0])).toEqual(["500ms"]);
  });

  it("gives each process of a pool its part of the keys, a tenth more or less, on whatever network", () => {
    let pools = 0;
    for (let number = 0; number < 20; number++) {
      const { environment, plan } = plain("seventeen");
      const network = `10.${number * 12}.${((number * 37) % 64) * 4}.0/22`;
      const moved = { ...environment, docker: { ...environment.docker, network } };
      for (const { block = [] } of named(every(parse(nginxConf(moved, plan))), "upstream")) {
        if (named(block, "hash").length === 0) continue;
        pools += 1;
        const servers = named(block, "server").map(({ args }) => args);
        for (const args of servers) expect(args).toContain(`weight=${WEIGHT}`);
        const shares = sharesOf(servers.map(([server]) => server as string));
        for (const share of shares.values()) expect(Math.abs(share * servers.length - 1)).toBeLessThan(0.1);
      }
    }
    expect(pools).toBeGreaterThan(50);
  });

  it("matches paths with their case, in the order of the file", () => {
    for (const { directives } of all) {
      for (const { args } of named(directives, "location")) expect(args[0]).not.toBe("~*");
    }
  });

  it("puts every regular expression in quotes, so that no brace or semicolon ends it", () => {
    for (const { directives } of all) {
      for (const { args } of named(directives, "location").filter(({ args: [kind] }) => kind === "~")) {
        expect(args).toHaveLength(2);
        expect(args[1]).toMatch(/^"\^.*"$/);
      }
    }
  });

  it("writes no query string to the access log, where access tokens may stand", () => {
    for (const { plan, directives } of all) {
      const formats = named(directives, "log_format");
      expect(formats.map(({ args }) => args[0])).toEqual([
        "kit",
        ...(plan.nginx.countsRequests ? ["request_counts"] : []),
      ]);
      expect(formats[0]?.args.join(" ")).toContain("$uri");
      expect(formats.map(({ args }) => args.join(" ")).join("\n")).not.toMatch(
        /\$(request\b|request_uri|args|arg_|query_string|is_args|http_referer|http_authorization)/,
      );
      for (const { args } of named(directives, "access_log")) {
        expect(args.join(" ")).toMatch(
          /^(off|\/dev\/stdout kit|\/requests\/(?<half>first|second) request_counts buffer=16k flush=1s if=\$kit_\k<half>_half)$/,
        );
      }
    }
  });

  it("listens on ports that need no privilege", () => {
    for (const { directives } of all) {
      const ports = named(directives, "listen").map(({ args }) => Number((args[0] as string).split(":").at(-1)));
      expect(ports.length).toBeGreaterThan(0);
      for (const port of ports) expect(port).toBeGreaterThanOrEqual(1024);
    }
  });

  it("writes below /tmp alone", () => {
    for (const { directives } of all) {
      const paths = directives.filter(({ name }) => name.endsWith("_temp_path") || name === "pid");
      expect(paths.length).toBeGreaterThan(4);
      for (const { args } of paths) expect(args[0]).toMatch(/^\/tmp\//);
    }
  });

  it("has no secret", () => {
    for (const { text } of all) expect(secretsIn(text)).toEqual([]);
  });

  it("has the environment's own directives in place of the kit's", () => {
    const written = all.filter(({ environment }) => Object.keys(environment.nginx.settings).length > 0);
    expect(written.length).toBeGreaterThan(0);
    for (const { environment, directives } of written) {
      const http = named(directives, "http")[0]?.block ?? [];
      for (const [name, value] of Object.entries(environment.nginx.settings)) {
        expect(named(http, name).map(({ args }) => args.join(" "))).toEqual([String(value)]);
      }
    }
  });

  it("says each directive of the http block once, but for those that add up", () => {
    for (const { directives } of all) {
      const http = (named(directives, "http")[0]?.block ?? []).filter(({ block }) => block === undefined);
      const adding = [
        "proxy_set_header",
        "add_header",
        "limit_conn_zone",
        "log_format",
        "js_import",
        "js_shared_dict_zone",
        "access_log",
      ];
      const names = http.map(({ name }) => name).filter((name) => !adding.includes(name));
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    }
  });
});

describe("limits", () => {
  it("are on every server of every upstream", () => {
    for (const { plan, directives } of all) {
      const { byRole, main, polls, standIn } = plan.nginx.limits;
      const limits: Readonly<Record<string, number | undefined>> = {
        ...Object.fromEntries(Object.entries(byRole).map(([role, { value }]) => [role, value])),
        main: main.value,
        main_stand_in: standIn.value,
        main_stand_in_polls: polls.value,
        // What Nginx itself asks.
        whoami: 50,
        presence_writer: 2,
      };
      for (const { args, block = [] } of named(directives, "upstream")) {
        expect(named(block, "zone")).toHaveLength(1);
        for (const server of named(block, "server")) {
          expect([args[0], server.args]).toEqual([
            args[0],
            expect.arrayContaining([`max_conns=${limits[args[0] ?? ""]}`]),
          ]);
        }
      }
    }
  });

  it("can be told from dead processes: no name of an upstream looks like an address", () => {
    for (const { directives } of all) {
      const full = named(directives, "map").find(({ args }) => args[1] === "$kit_full")?.block ?? [];
      const pattern = new RegExp(unquoted(full.find(({ name }) => name.startsWith('"~'))?.name ?? "").slice(1));
      for (const { args, block = [] } of named(directives, "upstream")) {
        expect(args[0]).toMatch(pattern);
        for (const server of named(block, "server")) expect(server.args[0]).not.toMatch(pattern);
      }
    }
  });

  it("hold where a location has limits or error pages of its own, since it inherits none then", () => {
    let own = 0;
    for (const { directives } of all) {
      const server = publicServer(directives).block ?? [];
      const most = named(server, "limit_conn").map(({ args }) => args);
      expect(most).toHaveLength(1);
      for (const { block = [] } of named(server, "location")) {
        const limits = named(block, "limit_conn").map(({ args }) => args);
        if (limits.length > 0) expect(limits).toContainEqual(most[0]);
        const pages = named(block, "error_page").map(({ args }) => args);
        if (pages.length > 0) expect(pages).toContainEqual(["429", "=", "@overloaded"]);
        own += limits.length + pages.length;
      }
    }
    expect(own).toBeGreaterThan(100);
  });
});

describe("the question whose a token is", () => {
  it("is asked where the plan has room for the answers, by locations that the user balances, and nowhere else", () => {
    const asking = all.filter(({ plan }) => plan.nginx.tokenOwners !== undefined);
    expect(asking.map(({ plan }) => plan.synapse.layout.value).sort()).toEqual(["eight", "seventeen"]);
    for (const one of all) {
      const { plan, tree, directives } = one;
      const isAsking = asking.includes(one);
      expect(named(tree, "load_module").length).toBe(
        isAsking || plan.nginx.countsRequests || plan.nginx.watchesPresence ? 1 : 0,
      );
      const zones = named(directives, "js_shared_dict_zone").map(({ args }) => args[0] as string);
      expect(zones.filter((zone) => zone.includes("owners"))).toEqual(
        isAsking ? [`zone=kit_token_owners:${plan.nginx.tokenOwners?.value.toNginx()}`] : [],
      );
      const locations = named(publicServer(directives).block ?? [], "location");
      const questions = locations.filter(({ block = [] }) => named(block, "auth_request").length > 0);
      expect(questions.some(({ args }) => args[1]?.includes("/sync$"))).toBe(isAsking);
      for (const { args } of questions) expect(args[1]).toMatch(/sync\$|initialSync\$|events\$/i);
    }
  });

  it("cannot be asked from outside", () => {
    for (const { directives } of all) {
      for (const location of named(publicServer(directives).block ?? [], "location")) {
        if (!location.args[1]?.startsWith("/.kit/")) continue;
        expect(location.args[0]).toBe("=");
        expect(named(location.block ?? [], "internal")).toHaveLength(1);
      }
    }
  });
});

describe("the watch over the writer of presence", () => {
  it("is kept where others answer syncs, and changes syncs alone", () => {
    const watching = all.filter(({ plan }) => plan.nginx.watchesPresence);
    expect(new Set(watching.map(({ plan }) => plan.synapse.layout.value))).toEqual(new Set(["eight", "seventeen"]));
    for (const one of all) {
      const { directives } = one;
      const isWatching = watching.includes(one);
      const looks = named(directives, "js_periodic").filter(({ args }) => args[0] === "presence.look");
      expect(looks.length).toBe(isWatching ? 1 : 0);
      const locations = named(publicServer(directives).block ?? [], "location");
      const changed = locations.filter(({ block = [] }) => named(block, "if").some(({ args }) => args[0] === "(-f"));
      expect(changed.map(({ args }) => unquoted(args[1] ?? ""))).toEqual(
        isWatching ? ["^/_matrix/client/(r0|v3)/sync$"] : [],
      );
    }
  });

  it("asks the process that writes presence", () => {
    for (const { environment, plan, directives } of all.filter((one) => one.plan.nginx.watchesPresence)) {
      const writer = plan.synapse.processes.find(({ roles }) => roles.includes("presence"));
      const address = addressesOf(environment.docker.network, plan).get(writer?.container.name ?? "")?.frontend;
      const upstream = named(directives, "upstream").find(({ args }) => args[0] === "presence_writer");
      expect(named(upstream?.block ?? [], "server").map(({ args }) => args[0])).toEqual([
        `${address}:${PORTS.synapse}`,
      ]);
    }
  });
});

describe("the counts of requests", () => {
  const counting = all.filter(({ plan }) => plan.nginx.countsRequests);
  const logsOf = (block: readonly Directive[]): string[] =>
    named(block, "access_log").map(({ args }) => args[0] as string);

  it("are kept where Prometheus is there to ask for them, and cost nothing where it is not", () => {
    for (const { plan } of all) expect([plan.monitoring !== undefined, true]).toContain(plan.nginx.countsRequests);
    expect(counting.length).toBeGreaterThan(5);
    const quiet = all.filter((one) => !counting.includes(one));
    expect(quiet.length).toBeGreaterThan(3);
    for (const { text, plan } of quiet) {
      expect(text).not.toMatch(/js_periodic counts|kit_counts|\/requests/);
      expect(plan.nginx.container.parts["request counts"]?.toBytes() ?? 0).toBe(0);
    }
  });

  it("stand beside the access log, and leave out the server that Prometheus asks", () => {
    for (const { directives } of counting) {
      const http = named(directives, "http")[0]?.block ?? [];
      expect(logsOf(http)).toEqual(["/dev/stdout", "/requests/first", "/requests/second"]);
      // One of its own would be in place of all of them.
      expect(logsOf(every(publicServer(directives).block ?? []))).toEqual([]);
      expect(named(http, "server").map(({ block = [] }) => logsOf(block))).toEqual([[], ["off"]]);
    }
  });

  it.each([
    ["1.24.0", false],
    ["1.25.5", false],
    ["1.26.0", true],
    ["1.30.6", true],
    ["1.30.6-alpine", true],
    ["1.30.6-alpine-slim", false],
  ])("need an Nginx whose njs can do it: %s", (version, expected) => {
    const one = prepared("old", `${WATCHED}images: {nginx: 'nginx:${version}'}\n`);
    expect(one.plan.nginx.countsRequests).toBe(expected);
    const text = confOf(one);
    expect(text.includes("js_content counts.show")).toBe(expected);
    expect(text.includes("nginx_connections_active $connections_active")).toBe(!expected);
    expect(text.includes("load_module")).toBe(expected);
  });

  it("call sends and long polls by their routes, whoever serves them", () => {
    for (const { directives } of counting) {
      const kinds = named(directives, "map").find(({ args }) => args[1] === "$kit_kind")?.block ?? [];
      const kindOf = (request: string): string =>
        kinds.find(({ name }) => name !== "default" && new RegExp(unquoted(name).slice(1)).test(request))?.args[0] ??
        "other";
      expect(kindOf("PUT /_matrix/client/v3/rooms/!a:b/send/m.room.message/1")).toBe("send");
      expect(kindOf("PUT /_matrix/client/v3/rooms/!a:b/state/send/x")).toBe("other");
      expect(kindOf("GET /_matrix/client/v3/sync")).toBe("poll");
      expect(kindOf("POST /_matrix/client/unstable/org.matrix.simplified_msc3575/sync")).toBe("poll");
      expect(kindOf("PUT /_matrix/federation/v1/send/1")).toBe("federation");
      expect(kindOf("GET /_matrix/client/v1/media/download/a/b")).toBe("media");
      expect(kindOf("GET /_matrix/client/versions")).toBe("other");
    }
  });
});

describe("the admin API", () => {
  const paths = [
    "/_synapse/admin/v1/register",
    "/_synapse/admin/v2/users/@a:example.org",
    "/_synapse/admin/v1/quarantine_media/!a:example.org",
    "/_synapse/admin/v1/media/x",
  ];

  it("is closed by default, media part and all", () => {
    const closed = all.filter(({ environment }) => environment.nginx.adminApiFrom.length === 0);
    expect(closed.length).toBeGreaterThan(10);
    for (const { directives } of closed) {
      for (const path of paths) {
        const location = locationFor(publicServer(directives), path);
        expect(location?.block?.map(({ name }) => name)).toEqual(["return"]);
        expect(location?.block?.[0]?.args[0]).toMatch(/^40[34]$/);
      }
    }
  });

  it("is open to the networks named and to nobody else where an environment says so", () => {
    const open = all.filter(({ environment }) => environment.nginx.adminApiFrom.length > 0);
    expect(open.length).toBeGreaterThan(3);
    for (const { environment, directives } of open) {
      for (const path of paths) {
        const block = locationFor(publicServer(directives), path)?.block ?? [];
        const guard = block.filter(({ name }) => ["allow", "deny"].includes(name));
        expect(guard.map(({ name, args }) => `${name} ${args[0]}`)).toEqual([
          ...environment.nginx.adminApiFrom.map((network) => `allow ${network}`),
          "deny all",
        ]);
        expect(named(block, "proxy_pass")).toHaveLength(1);
      }
    }
  });
});

describe("the public server", () => {
  const body = (one: Prepared, path: string): Record<string, unknown> | undefined => {
    const location = locationFor(publicServer(every(parse(confOf(one)))), path);
    const answer = location?.block?.find(({ name }) => name === "return");
    return answer?.args[0] === "200" ? JSON.parse(unquoted(answer.args[1] as string)) : undefined;
  };

  it("tells clients where the server is", () => {
    for (const one of all) {
      expect(body(one, "/.well-known/matrix/client")).toEqual({
        "m.homeserver": { base_url: one.environment.publicBaseurl },
      });
    }
  });

  it.each([
    ["https://matrix.example.org", "matrix.example.org:443"],
    ["https://matrix.example.org:8448", "matrix.example.org:8448"],
    ["http://matrix.example.org", "matrix.example.org:80"],
  ])("tells other servers where it is, port and all: %s", (url, server) => {
    const one = prepared("known", `server_name: example.org\npublic_baseurl: ${url}\n`);
    expect(body(one, "/.well-known/matrix/server")).toEqual({ "m.server": server });
  });

  it("tells other servers nothing when federation is closed", () => {
    const one = prepared("known", "server_name: example.org\nexpected: {federation: closed}\n");
    expect(body(one, "/.well-known/matrix/server")).toBeUndefined();
  });

  it.each(LAYOUT_NAMES)("takes uploads as large as Synapse does, whoever keeps the media: %s", (layout) => {
    const one = plain(layout);
    const location = locationFor(publicServer(every(parse(confOf(one)))), "/_matrix/media/v3/upload");
    const limit = named(location?.block ?? [], "client_max_body_size")[0]?.args[0];
    expect(limit).toBe(one.environment.synapse.maxUploadSize.toNginx());
  });

  it.each(["/", "/metrics", "/_synapse/metrics", "/_synapse/replication/x", "/nginx_status", "/health"])(
    "passes on nothing of %s",
    (path) => {
      for (const { directives } of all) {
        const block = locationFor(publicServer(directives), path)?.block ?? [];
        expect(named(block, "proxy_pass")).toEqual([]);
      }
    },
  );
});
