import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { containerIds, docker, EngineProject } from "../support/engine-project";
import { EngineProxy } from "../support/engine-proxy";

const DEPLOY_MS = 10 * 60_000;
const PORT = 18009;

const project = new EngineProject("e2e-fail");
const proxy = new EngineProxy(project.dir);

/** One process is enough: these tests are about what goes wrong around it. */
beforeAll(async () => {
  writeFileSync(
    project.file,
    `server_name: localhost
public_baseurl: http://127.0.0.1:${PORT}
hardware: { ram: 2GB, cpus: 1 }
docker: { host: "unix://${proxy.socket}", network: 10.123.124.0/22 }
listen: { address: 127.0.0.1, port: ${PORT} }
synapse: { workers: none }
monitoring: { enabled: false }
compressor: { enabled: false }
`,
  );
  await proxy.start();
});
afterAll(() => {
  proxy.stop();
  project.removeAll();
}, DEPLOY_MS);

const noTrace = (text: string) => expect(text).not.toMatch(/^\s+at .+:\d+/m);

test(
  "without an engine: says which, and what to do",
  async () => {
    writeFileSync(
      join(project.dir, "none.yaml"),
      'server_name: localhost\ndocker: { host: "unix:///nowhere.sock" }\nimages: local\n',
    );
    const none = await project.kit(["deploy", "./none.yaml"]);
    expect(none).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(
        /^no Docker engine answers on unix:\/\/\/nowhere\.sock \(`docker\.host` in none\.yaml\), whose hardware .+\nStart it, or declare `hardware`.+; nothing was changed\n$/,
      ),
    });
    noTrace(none.stderr);
    const yaml = readFileSync(join(project.dir, "none.yaml"), "utf8");
    writeFileSync(join(project.dir, "none.yaml"), `${yaml}hardware: { ram: 2GB, cpus: 1 }\n`);
    const declared = await project.kit(["deploy", "./none.yaml"]);
    expect(declared).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^no Docker engine answers on unix:\/\/\/nowhere\.sock: .+\nStart it, or let `npm start` install one; nothing was changed\n$/,
      ),
    });
  },
  DEPLOY_MS,
);

test("without Terraform and OpenTofu: says what to install", async () => {
  const bin = join(project.dir, "bin");
  const outcome = await project.kit(["deploy", project.name], { env: { PATH: bin, XDG_CACHE_HOME: project.dir } });
  expect(outcome).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^neither `terraform` nor `tofu` is installed: install Terraform or OpenTofu 1\.7 or newer/,
    ),
  });
  noTrace(outcome.stderr);
});

test(
  "with a full disk, an engine that dies half-way and a taken port: clear words each time, and the next run goes on",
  async () => {
    proxy.intercept = (method, url) =>
      method === "POST" && url.includes("/volumes/create")
        ? { status: 500, message: "create volume: mkdir /var/lib/docker/volumes/x: no space left on device" }
        : "pass";
    const full = await project.kit(["deploy", project.name]);
    expect(full).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("the disk of the Docker engine is full: free some space"),
    });
    noTrace(full.stderr);

    let broken = false;
    proxy.intercept = (method, url) => {
      broken ||= method === "POST" && /\/containers\/create\?.*postgres/.test(url);
      return broken ? "break" : "pass";
    };
    const died = await project.kit(["deploy", project.name]);
    expect(died).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        "does not answer: start it and run the same command again, it goes on where it stopped",
      ),
    });
    noTrace(died.stderr);

    proxy.intercept = () => "pass";
    const squatter: Server = createServer().listen(PORT, "127.0.0.1");
    const taken = await project.kit(["deploy", project.name]);
    squatter.close();
    expect(taken).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        `port 127.0.0.1:${PORT} is taken: stop what listens there, or set \`listen.port\` to another`,
      ),
    });
    noTrace(taken.stderr);

    const done = await project.kit(["deploy", project.name]);
    expect(done).toMatchObject({ code: 0 });
    expect(Object.keys(containerIds(project.name)).sort()).toEqual(["nginx", "postgres", "synapse-main"]);
    expect((await fetch(`http://127.0.0.1:${PORT}/_matrix/client/versions`)).status).toBe(200);
    expect((await project.kit(["plan", project.name, "--detailed-exitcode"])).code).toBe(0);
  },
  DEPLOY_MS,
);

test(
  "refuses another major over the data of this one, and touches nothing",
  async () => {
    const before = containerIds(project.name);
    const text = readFileSync(project.file, "utf8");
    writeFileSync(project.file, `${text}postgres: { version: 17 }\n`);
    const running = await project.kit(["deploy", project.name]);
    expect(running).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("the data volume holds PostgreSQL 18 and `postgres.version` asks for 17"),
    });
    expect(containerIds(project.name)).toEqual(before);
    // Taken down, no container is left to tell: then the new one looks at the volume itself.
    writeFileSync(project.file, text);
    expect(await project.kit(["destroy", project.name])).toMatchObject({ code: 0 });
    writeFileSync(project.file, `${text}postgres: { version: 17 }\n`);
    const down = await project.kit(["deploy", project.name]);
    expect(down).toMatchObject({ code: 1, stderr: expect.stringContaining("the data volume holds PostgreSQL 18") });
    writeFileSync(project.file, text);
    expect(await project.kit(["deploy", project.name])).toMatchObject({ code: 0 });
  },
  DEPLOY_MS,
);

test(
  "refuses another server name over the same database",
  async () => {
    const before = containerIds(project.name);
    const text = readFileSync(project.file, "utf8");
    writeFileSync(project.file, text.replace("server_name: localhost", "server_name: other.example"));
    // As on another machine, with a remote state: nothing but the state tells.
    rmSync(join(project.dir, "state", `${project.name}.detected.json`));
    for (const command of ["plan", "deploy", "destroy"]) {
      const outcome = await project.kit([command, project.name]);
      expect(outcome).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(
          "`server_name` is other.example, and this environment was deployed as localhost",
        ),
      });
      noTrace(outcome.stderr);
      expect(containerIds(project.name)).toEqual(before);
    }
    writeFileSync(project.file, text);
  },
  DEPLOY_MS,
);

/** Users of the running server, as its database has them. */
const users = (): string =>
  docker(
    "exec",
    `${project.name}-postgres`,
    "psql",
    "--username=postgres",
    "--dbname=synapse",
    "--tuples-only",
    "--no-align",
    "--command=select name from users order by name",
  );

const healthy = async (): Promise<string[]> => {
  const { code, stdout } = await project.kit(["status", project.name, "--json"]);
  expect(code).toBe(0);
  return JSON.parse(stdout).services.map(({ service }: { service: string }) => service);
};

test(
  "a bad configuration is refused, and refused again, and stops nothing",
  async () => {
    expect(await project.kit(["user", "add", project.name, "dora"])).toMatchObject({ code: 0 });
    const before = containerIds(project.name);
    const text = readFileSync(project.file, "utf8");
    writeFileSync(project.file, `${text}nginx: { settings: { keepalive_timeout: soon } }\n`);
    for (const _ of ["first", "second"]) {
      const outcome = await project.kit(["deploy", project.name]);
      expect(outcome).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/is refused by Nginx itself[\s\S]*"keepalive_timeout" directive invalid value/),
      });
      expect(containerIds(project.name)).toEqual(before);
    }
    writeFileSync(project.file, text);
  },
  DEPLOY_MS,
);

test(
  "a container that keeps crashing ends the wait for it, with its log; mended, the next run goes on",
  async () => {
    const text = readFileSync(project.file, "utf8");
    // Another program under the right version.
    const wrong = `${project.name}/postgres:18`;
    docker("tag", docker("inspect", "--format", "{{.Config.Image}}", `${project.name}-nginx`), wrong);
    writeFileSync(project.file, `${text}images: { postgres: "${wrong}" }\n`);
    const started = Date.now();
    const outcome = await project.kit(["deploy", project.name]);
    expect(outcome).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^postgres keeps crashing: \d+ restarts in \d+ s; its last words:\n +\S/m),
    });
    noTrace(outcome.stderr);
    // Terraform alone would wait for four minutes.
    expect(Date.now() - started).toBeLessThan(3 * 60_000);
    writeFileSync(project.file, text);
    expect(await project.kit(["deploy", project.name])).toMatchObject({ code: 0 });
    expect(await healthy()).toEqual(["nginx", "postgres", "synapse-main"]);
    expect(users()).toBe("@dora:localhost");
    docker("rmi", wrong);
  },
  DEPLOY_MS,
);

test(
  "a Synapse setting replaces main, with and without workers; a new layout stops all processes together",
  async () => {
    const text = readFileSync(project.file, "utf8");
    const limit = "rate_limits: { rc_message: { per_second: 1, burst_count: 10 } }";
    writeFileSync(project.file, text.replace("workers: none", `workers: none, ${limit}`));
    expect(await project.kit(["deploy", project.name])).toMatchObject({ code: 0 });
    expect(await healthy()).toEqual(["nginx", "postgres", "synapse-main"]);

    writeFileSync(
      project.file,
      text.replace("ram: 2GB", "ram: 4GB").replace("workers: none", `workers: two, ${limit}`),
    );
    const grown = await project.kit(["deploy", project.name]);
    expect(grown).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("the set of Synapse processes changes: they stop together"),
    });
    const all = ["nginx", "pgbouncer", "postgres", "redis", "synapse-client1", "synapse-federation1", "synapse-main"];
    expect(await healthy()).toEqual(all);

    const before = containerIds(project.name);
    writeFileSync(project.file, readFileSync(project.file, "utf8").replace("per_second: 1", "per_second: 2"));
    expect(await project.kit(["deploy", project.name])).toMatchObject({ code: 0 });
    expect(await healthy()).toEqual(all);
    const after = containerIds(project.name);
    expect(all.filter((service) => after[service] !== before[service])).toEqual(all.slice(4));
    expect(users()).toBe("@dora:localhost");
  },
  DEPLOY_MS,
);

test(
  "another network stops everything together, and brings it back with its data",
  async () => {
    writeFileSync(project.file, readFileSync(project.file, "utf8").replace("10.123.124.0/22", "10.123.128.0/22"));
    expect(await project.kit(["deploy", project.name])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("the networks are replaced: they stop together"),
    });
    expect(await healthy()).toHaveLength(7);
    expect(users()).toBe("@dora:localhost");
  },
  DEPLOY_MS,
);

test(
  "a lost data volume is refused, not replaced by an empty one",
  async () => {
    expect(await project.kit(["destroy", project.name])).toMatchObject({ code: 0 });
    const volume = `${project.name}-postgres-data`;
    docker("volume", "rm", volume);
    rmSync(join(project.dir, "state", `${project.name}.detected.json`));
    for (const command of ["deploy", "destroy"]) {
      expect(await project.kit([command, project.name])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`volume ${volume} is gone from this engine`),
      });
      expect(containerIds(project.name)).toEqual({});
      expect(docker("volume", "ls", "--format", "{{.Name}}").split("\n")).not.toContain(volume);
    }
  },
  DEPLOY_MS,
);
