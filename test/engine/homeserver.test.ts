import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { containerIds, docker, EngineProject, logsOf, servedBy } from "../support/engine-project";
import { MatrixClient } from "../support/matrix-client";

/** A first start makes containers and the database schema on two busy cores. */
const DEPLOY_MS = 10 * 60_000;
const PORT = 18008;
const NETWORK = "10.123.120.0/22";

const project = new EngineProject("e2e-dev");
const url = `http://127.0.0.1:${PORT}`;
const guest = new MatrixClient(url);
const password = "correct horse battery staple";
/** Full of what YAML, Terraform and shells read something into. */
const ownSecrets = { smtp: `it's a "secret" \${no} %{thing} $HOME # \\n`, turn: `turn it's \${on}` };

/** The shipped `dev`, on a port and a network of its own, with secrets of its own. */
beforeAll(() => {
  const folder = join(project.dir, "configs", "environments", "secrets");
  mkdirSync(folder, { recursive: true });
  for (const [name, value] of Object.entries(ownSecrets)) writeFileSync(join(folder, name), `${value}\n`);
  project.useShipped(
    "dev",
    (
      text,
    ) => `${text.replace(/^public_baseurl:.*$/m, `public_baseurl: ${url}`).replace(/^(listen|docker):.*(\n .*)*$/gm, "")}
  settings:
    turn_shared_secret_path: {secret_file: secrets/turn}
    email: {smtp_host: localhost, notif_from: kit@localhost, smtp_pass: {secret_file: secrets/smtp}}
listen:
  address: 127.0.0.1
  port: ${PORT}
docker:
  network: ${NETWORK}
`,
  );
});
afterAll(() => project.removeAll(), DEPLOY_MS);

let alice: MatrixClient;
let bob: MatrixClient;
let roomId: string;

const expectServedBy = async (mark: string, service: string): Promise<void> => {
  // Synapse writes the access line once the answer is out.
  for (const last = Date.now() + 10_000; Date.now() < last; ) {
    const services = servedBy(project.name, mark);
    if (services.length > 0) {
      expect(services).toEqual([service]);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no process logged ${mark}`);
};

const messagesOf = async (client: MatrixClient): Promise<string[]> => {
  const { body } = await client.request(
    "GET",
    `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/messages`,
    undefined,
    {
      query: { dir: "b", limit: "50" },
    },
  );
  return body.chunk
    .filter((event: { type: string }) => event.type === "m.room.message")
    .map((event: { content: { body: string } }) => event.content.body);
};

const SERVICES = [
  "alertmanager",
  "blackbox-exporter",
  "compressor",
  "container-exporter",
  "nginx",
  "node-exporter",
  "pgbouncer",
  "pgbouncer-exporter",
  "postgres",
  "postgres-exporter",
  "prometheus",
  "redis",
  "redis-exporter",
  "synapse-client1",
  "synapse-federation1",
  "synapse-main",
];
/** Tells about containers by their ids, so it goes with each that is made anew. */
const FOLLOWER = "container-exporter";

describe("a first deployment", () => {
  test(
    "ends with every service healthy",
    async () => {
      const outcome = await project.kit(["deploy", project.name]);
      expect(outcome).toMatchObject({ code: 0 });
      expect(outcome.stdout).toContain(`localhost runs: ${url}`);
      const status = await project.kit(["status", project.name, "--json"]);
      expect(status.code).toBe(0);
      const { services } = JSON.parse(status.stdout);
      expect(services.map((s: { service: string }) => s.service)).toEqual(SERVICES);
      for (const service of services) {
        expect(service).toMatchObject({ health: "healthy", restarts: 0 });
        expect(service.memory_bytes).toBeLessThan(service.memory_limit_bytes);
      }
    },
    DEPLOY_MS,
  );

  test("leaves nothing to plan", async () => {
    const outcome = await project.kit(["plan", project.name, "--detailed-exitcode"]);
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining("No changes") });
  }, 120_000);

  test("keeps secrets out of the synthesized output, container environments, command lines and logs", () => {
    const state = readFileSync(join(project.dir, "state", `${project.name}.tfstate`), "utf8");
    const secrets = JSON.parse(state)
      .resources.filter((r: { type: string }) => ["random_password", "random_bytes"].includes(r.type))
      .map((r: { instances: [{ attributes: { result?: string; base64?: string } }] }) => {
        const { result, base64 } = r.instances[0].attributes;
        return result ?? base64;
      });
    expect(secrets).toHaveLength(10);
    secrets.push(...Object.values(ownSecrets));
    const synthesized = readFileSync(join(project.dir, "cdktf.out", "stacks", project.name, "cdk.tf.json"), "utf8");
    const ids = Object.values(containerIds(project.name));
    const seen = [
      synthesized,
      docker("inspect", ...ids),
      ...ids.map((id) => docker("top", id, "-eo", "pid,args")),
      ...ids.map((id) => logsOf(id)),
    ];
    for (const secret of secrets) for (const text of seen) expect(text.includes(secret)).toBe(false);
  });

  test("leaves the state to its owner alone", () => {
    expect(statSync(join(project.dir, "state")).mode & 0o777).toBe(0o700);
    expect(statSync(join(project.dir, "state", `${project.name}.tfstate`)).mode & 0o777).toBe(0o600);
  });

  test("gives Synapse's tables their storage parameters, then leaves no process and no noise behind", async () => {
    const { postgres } = containerIds(project.name);
    const ask = (sql: string): string =>
      docker("exec", postgres as string, "psql", "-U", "postgres", "-d", "synapse", "-At", "-c", sql);
    let options = "";
    for (let attempt = 0; attempt < 30 && options === ""; attempt++) {
      options = ask("SELECT reloptions FROM pg_class WHERE oid = 'public.stream_positions'::regclass").trim();
      if (options === "") await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    expect(options).toContain("fillfactor=50");
    // It ends after the last of its tables.
    const processes = () => docker("top", postgres as string, "-eo", "pid,args");
    for (const last = Date.now() + 20_000; Date.now() < last && processes().includes("provision.sh"); )
      await new Promise((resolve) => setTimeout(resolve, 500));
    expect(processes()).not.toContain("provision.sh");
    // Two health checks long.
    await new Promise((resolve) => setTimeout(resolve, 7000));
    expect(logsOf(postgres as string, "--since", "7s")).not.toContain("FATAL");
  }, 60_000);

  test("hardens every container", () => {
    for (const container of JSON.parse(docker("inspect", ...Object.values(containerIds(project.name))))) {
      const { HostConfig, Config, NetworkSettings } = container;
      expect(HostConfig).toMatchObject({
        ReadonlyRootfs: true,
        CapAdd: null,
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges:true"],
        Init: true,
        RestartPolicy: { Name: "unless-stopped" },
        LogConfig: { Type: "json-file" },
      });
      expect(HostConfig.Memory).toBeGreaterThan(0);
      expect(HostConfig.MemorySwap).toBe(HostConfig.Memory);
      expect(Config.User).toMatch(/^[1-9]\d*:[1-9]\d*$/);
      const ofHost = HostConfig.Binds.filter((bind: string) => bind.startsWith("/"));
      const looksAtHost = ["node-exporter", FOLLOWER].includes(Config.Labels["synapse-kit.service"]);
      expect([ofHost.length > 0, ofHost.every((bind: string) => bind.endsWith(":ro"))]).toEqual([looksAtHost, true]);
      const published = Object.values(NetworkSettings.Ports).flatMap((bindings) => bindings ?? []);
      const isNginx = Config.Labels["synapse-kit.service"] === "nginx";
      expect(published).toEqual(isNginx ? [{ HostIp: "127.0.0.1", HostPort: String(PORT) }] : []);
    }
  });
});

describe("a client, through Nginx", () => {
  test("registers and logs in, at the worker", async () => {
    const registered = await guest.register("alice", password);
    expect(registered).toMatchObject({ status: 200, body: { user_id: "@alice:localhost" } });
    await expectServedBy(registered.mark, "synapse-client1");
    const login = await guest.login("alice", password);
    expect(login.status).toBe(200);
    await expectServedBy(login.mark, "synapse-client1");
    alice = guest.withToken(login.body.access_token);
    bob = guest.withToken((await guest.register("bob", password)).body.access_token);
  }, 60_000);

  test("is made by `user add`, without a password on any command line", async () => {
    const outcome = await project.kit(["user", "add", project.name, "carol", "--admin", "--password-stdin"], {
      input: `${password}\n`,
    });
    expect(outcome).toMatchObject({ code: 0, stdout: "@carol:localhost\n" });
    expect(await guest.login("carol", password)).toMatchObject({ status: 200 });
    const again = await project.kit(["user", "add", project.name, "carol", "--password-stdin"], { input: password });
    expect(again).toMatchObject({ code: 1, stderr: "user `carol` was not made: User ID already taken.\n" });
  }, 60_000);

  test("creates a room, invites, joins", async () => {
    const created = await alice.request("POST", "/_matrix/client/v3/createRoom", {
      preset: "private_chat",
      name: "kit",
    });
    expect(created.status).toBe(200);
    await expectServedBy(created.mark, "synapse-client1");
    roomId = created.body.room_id;
    const room = encodeURIComponent(roomId);
    const invited = await alice.request("POST", `/_matrix/client/v3/rooms/${room}/invite`, {
      user_id: "@bob:localhost",
    });
    expect(invited.status).toBe(200);
    const joined = await bob.request("POST", `/_matrix/client/v3/join/${room}`, {});
    expect(joined.status).toBe(200);
    await expectServedBy(joined.mark, "synapse-client1");
  }, 60_000);

  test("sends, and the other one syncs it", async () => {
    const sent = await alice.request(
      "PUT",
      `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/send/m.room.message/txn1`,
      {
        msgtype: "m.text",
        body: "first message",
      },
    );
    expect(sent.status).toBe(200);
    await expectServedBy(sent.mark, "synapse-client1");
    const synced = await bob.request("GET", "/_matrix/client/v3/sync", undefined, { query: { timeout: "5000" } });
    expect(synced.status).toBe(200);
    expect(JSON.stringify(synced.body.rooms.join[roomId].timeline.events)).toContain("first message");
    await expectServedBy(synced.mark, "synapse-client1");
    const newsAfter = async (since: string): Promise<string> => {
      const { status, body } = await bob.request("GET", "/_matrix/client/v3/sync", undefined, {
        query: { timeout: "20000", since },
      });
      expect(status).toBe(200);
      // Other news may come first, of presence say.
      return body.rooms?.join?.[roomId]?.timeline ? JSON.stringify(body) : newsAfter(body.next_batch);
    };
    const next = newsAfter(synced.body.next_batch);
    await alice.request("PUT", `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/send/m.room.message/txn2`, {
      msgtype: "m.text",
      body: "second message",
    });
    expect(await next).toContain("second message");
  }, 60_000);

  test("slides through its rooms", async () => {
    const sliding = await bob.request("POST", "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync", {
      lists: { all: { ranges: [[0, 10]], required_state: [], timeline_limit: 1 } },
    });
    expect(sliding.status).toBe(200);
    expect(Object.keys(sliding.body.rooms)).toEqual([roomId]);
    await expectServedBy(sliding.mark, "synapse-client1");
  }, 60_000);

  test("syncs at main while the worker is down that writes its user's presence, too", async () => {
    const worker = `${project.name}-synapse-client1`;
    docker("kill", worker);
    try {
      const query = { timeout: "0" };
      const synced = await bob.request("GET", "/_matrix/client/v3/sync", undefined, { query, timeoutMs: 20_000 });
      expect(synced.status).toBe(200);
      expect(Object.keys(synced.body.rooms.join)).toEqual([roomId]);
      await expectServedBy(synced.mark, "synapse-main");
    } finally {
      docker("start", worker);
    }
    const health = () => docker("inspect", "--format", "{{.State.Health.Status}}", worker);
    while (health() !== "healthy") await new Promise((resolve) => setTimeout(resolve, 200));
  }, 120_000);

  test("uploads and downloads media, at the worker that keeps it", async () => {
    // Larger than any buffer of Nginx, and not compressible.
    const content = new Uint8Array(5 * 1024 ** 2).map((_, i) => (i * 2654435761) >>> 13);
    const uploaded = await alice.request("POST", "/_matrix/media/v3/upload", content, {
      contentType: "application/octet-stream",
    });
    expect(uploaded.status).toBe(200);
    await expectServedBy(uploaded.mark, "synapse-federation1");
    const id = uploaded.body.content_uri.slice("mxc://".length);
    const downloaded = await bob.request<Uint8Array>("GET", `/_matrix/client/v1/media/download/${id}`);
    expect(downloaded.status).toBe(200);
    expect(Buffer.from(downloaded.body).equals(Buffer.from(content))).toBe(true);
    await expectServedBy(downloaded.mark, "synapse-federation1");
  }, 60_000);

  test("reads and writes what each stream writer keeps", async () => {
    const room = encodeURIComponent(roomId);
    const { body: latest } = await alice.request("GET", `/_matrix/client/v3/rooms/${room}/messages`, undefined, {
      query: { dir: "b", limit: "1" },
    });
    const me = encodeURIComponent("@alice:localhost");
    const calls: [string, string, unknown][] = [
      ["PUT", `/_matrix/client/v3/rooms/${room}/typing/${me}`, { typing: true, timeout: 1000 }],
      ["POST", `/_matrix/client/v3/rooms/${room}/receipt/m.read/${encodeURIComponent(latest.chunk[0].event_id)}`, {}],
      ["PUT", "/_matrix/client/v3/sendToDevice/m.test/txn1", { messages: {} }],
      ["PUT", `/_matrix/client/v3/user/${me}/account_data/org.example.kit`, { a: 1 }],
      ["PUT", `/_matrix/client/v3/presence/${me}/status`, { presence: "online" }],
      ["GET", `/_matrix/client/v3/presence/${encodeURIComponent("@bob:localhost")}/status`, undefined],
      ["PUT", "/_matrix/client/v3/pushrules/global/override/kit", { actions: [], conditions: [] }],
      ["POST", "/_matrix/client/v3/keys/upload", {}],
      ["GET", "/_matrix/client/v3/devices", undefined],
    ];
    for (const [method, path, body] of calls) {
      const answer = await alice.request(method, path, body);
      expect([method, path, answer.status]).toEqual([method, path, 200]);
      await expectServedBy(answer.mark, "synapse-client1");
    }
  }, 60_000);

  test("sets a profile and finds users", async () => {
    const me = encodeURIComponent("@alice:localhost");
    expect(
      (await alice.request("PUT", `/_matrix/client/v3/profile/${me}/displayname`, { displayname: "Alice A." })).status,
    ).toBe(200);
    expect((await bob.request("GET", `/_matrix/client/v3/profile/${me}`)).body).toMatchObject({
      displayname: "Alice A.",
    });
    const search = () => bob.request("POST", "/_matrix/client/v3/user_directory/search", { search_term: "alice" });
    let found = await search();
    // The directory follows what happens, a while later.
    for (const last = Date.now() + 20_000; Date.now() < last && found.body.results?.length === 0; ) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      found = await search();
    }
    expect(found.status).toBe(200);
    expect(JSON.stringify(found.body.results)).toContain("@alice:localhost");
    await expectServedBy(found.mark, "synapse-federation1");
  }, 60_000);

  test("answers other servers: version and keys", async () => {
    const version = await guest.request("GET", "/_matrix/federation/v1/version");
    expect(version).toMatchObject({ status: 200, body: { server: { name: "Synapse" } } });
    await expectServedBy(version.mark, "synapse-federation1");
    const keys = await guest.request("GET", "/_matrix/key/v2/server");
    expect(keys.status).toBe(200);
    expect(keys.body.server_name).toBe("localhost");
    await expectServedBy(keys.mark, "synapse-main");
  }, 60_000);

  test("gets well-known from Nginx, and nothing that is not public", async () => {
    expect((await guest.request("GET", "/.well-known/matrix/client")).body).toMatchObject({
      "m.homeserver": { base_url: url },
    });
    expect((await alice.request("GET", "/_synapse/admin/v2/users")).status).toBe(403);
    for (const path of ["/_synapse/metrics", "/_synapse/replication/x", "/metrics", "/"]) {
      expect([path, (await guest.request("GET", path)).status]).toEqual([path, 404]);
    }
  }, 60_000);
});

describe("secrets of the operator's own", () => {
  test("reach Synapse as they stand in their files", () => {
    const main = containerIds(project.name)["synapse-main"] as string;
    const program =
      "import json, yaml; c = yaml.safe_load(open('/config/homeserver.yaml')); " +
      "print(json.dumps([c['email']['smtp_pass'], open(c['turn_shared_secret_path']).read()]))";
    const seen = docker("exec", main, "python3", "-c", program);
    expect(JSON.parse(seen)).toEqual([ownSecrets.smtp, `${ownSecrets.turn}\n`]);
  });
});

describe("a later deployment", () => {
  test(
    "changes nothing when nothing changed",
    async () => {
      const before = containerIds(project.name);
      const outcome = await project.kit(["deploy", project.name]);
      expect(outcome).toMatchObject({ code: 0, stderr: expect.stringContaining("No changes") });
      expect(containerIds(project.name)).toEqual(before);
    },
    DEPLOY_MS,
  );

  test(
    "replaces only what one setting concerns",
    async () => {
      const before = containerIds(project.name);
      project.edit((text) => `${text}nginx:\n  settings:\n    keepalive_timeout: 61s\n`);
      const planned = await project.kit(["plan", project.name, "--json", "--detailed-exitcode"]);
      expect(planned.code).toBe(2);
      const { services } = JSON.parse(planned.stdout);
      expect(services.filter((s: { action: string }) => s.action !== "keep")).toMatchObject([
        { service: FOLLOWER, action: "replace" },
        { service: "nginx", action: "replace", because: ["nginx.conf changes"] },
      ]);
      expect(await project.kit(["deploy", project.name])).toMatchObject({ code: 0 });
      const after = containerIds(project.name);
      expect(
        Object.keys(after)
          .sort()
          .filter((service) => after[service] !== before[service]),
      ).toEqual([FOLLOWER, "nginx"]);
      expect(await messagesOf(bob)).toEqual(["second message", "first message"]);
    },
    DEPLOY_MS,
  );

  test(
    "refuses a configuration that the program itself refuses, and stops nothing",
    async () => {
      const before = containerIds(project.name);
      const text = readFileSync(project.file, "utf8");
      project.edit(() => text.replace("keepalive_timeout: 61s", "keepalive_timeout: soon"));
      const outcome = await project.kit(["deploy", project.name]);
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toContain(
        "the new configuration of nginx is refused by Nginx itself, so nothing that runs was touched",
      );
      expect(outcome.stderr).not.toMatch(/^\s+at /m);
      expect(containerIds(project.name)).toEqual(before);
      project.edit(() => text);
      expect(await project.kit(["deploy", project.name])).toMatchObject({ code: 0 });
      expect(containerIds(project.name)).toEqual(before);
    },
    DEPLOY_MS,
  );

  test(
    "replaces the database and keeps its data",
    async () => {
      const before = containerIds(project.name);
      project.edit((text) =>
        text.replace(/^postgres:$/m, "postgres:\n  settings:\n    log_min_duration_statement: 2s"),
      );
      expect(await project.kit(["deploy", project.name])).toMatchObject({ code: 0 });
      const after = containerIds(project.name);
      expect(
        Object.keys(after)
          .sort()
          .filter((service) => after[service] !== before[service]),
      ).toEqual([FOLLOWER, "postgres"]);
      expect(await messagesOf(bob)).toEqual(["second message", "first message"]);
    },
    DEPLOY_MS,
  );

  test(
    "starts again what was stopped or removed by hand",
    async () => {
      docker("stop", `${project.name}-synapse-client1`);
      docker("rm", "--force", `${project.name}-nginx`);
      expect((await project.kit(["status", project.name])).code).toBe(1);
      expect(await project.kit(["deploy", project.name])).toMatchObject({ code: 0 });
      expect((await project.kit(["status", project.name])).code).toBe(0);
      expect(await messagesOf(bob)).toEqual(["second message", "first message"]);
    },
    DEPLOY_MS,
  );
});

describe("a service that hangs", () => {
  const health = () => docker("inspect", "--format", "{{.State.Health.Status}}", `${project.name}-nginx`);
  const until = async (wanted: string): Promise<void> => {
    for (const last = Date.now() + 90_000; Date.now() < last && health() !== wanted; )
      await new Promise((resolve) => setTimeout(resolve, 500));
    expect(health()).toBe(wanted);
  };

  test("is unhealthy within a minute and a half, and healthy again when it goes on", async () => {
    const signal = (name: string) =>
      docker(
        "exec",
        `${project.name}-nginx`,
        "sh",
        "-c",
        `kill -${name} $(cat /proc/[0-9]*/stat | awk '$2 == "(nginx)" {print $1}')`,
      );
    await until("healthy");
    signal("STOP");
    try {
      await until("unhealthy");
    } finally {
      signal("CONT");
    }
    await until("healthy");
  }, 240_000);
});

describe("taking it down", () => {
  test(
    "keeps data and secrets; the next deployment brings all back",
    async () => {
      const key = (await guest.request("GET", "/_matrix/key/v2/server")).body.verify_keys;
      expect(await project.kit(["destroy", project.name])).toMatchObject({ code: 0 });
      expect(containerIds(project.name)).toEqual({});
      expect(docker("volume", "ls", "--format", "{{.Name}}").split("\n")).toEqual(
        expect.arrayContaining([`${project.name}-postgres-data`, `${project.name}-synapse-media`]),
      );
      expect(await project.kit(["deploy", project.name])).toMatchObject({ code: 0 });
      expect((await guest.login("alice", password)).status).toBe(200);
      expect(await messagesOf(bob)).toEqual(["second message", "first message"]);
      expect((await guest.request("GET", "/_matrix/key/v2/server")).body.verify_keys).toEqual(key);
    },
    DEPLOY_MS,
  );

  test(
    "removes data only after the typed name",
    async () => {
      const outcome = await project.kit(["destroy", project.name, "--data"], { input: "yes\n" });
      expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining("not confirmed: nothing was removed") });
      expect(Object.keys(containerIds(project.name)).sort()).toEqual(SERVICES);
    },
    DEPLOY_MS,
  );

  test(
    "with the typed name removes everything, and a deployment over a foreign volume is refused",
    async () => {
      expect(await project.kit(["destroy", project.name, "--data"], { input: `${project.name}\n` })).toMatchObject({
        code: 0,
      });
      expect(docker("volume", "ls", "--format", "{{.Name}}")).not.toContain(`${project.name}-`);
      docker("volume", "create", `${project.name}-postgres-data`);
      const outcome = await project.kit(["deploy", project.name]);
      expect(outcome).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`volume ${project.name}-postgres-data exists, but the state`),
      });
      expect(containerIds(project.name)).toEqual({});
    },
    DEPLOY_MS,
  );
});
