import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { localTag, readManifest } from "../../host/images";
import { containerIds, docker, EngineProject } from "../support/engine-project";
import { MatrixClient } from "../support/matrix-client";
import { SshServer } from "../support/ssh-server";

const DEPLOY_MS = 10 * 60_000;
const PORT = 18012;
const STATE_PORT = 18011;

const project = new EngineProject("e2e-remote");
const stateServer = `${project.name}-terraform-state`;
const ssh = new SshServer();
const matrix = new MatrixClient(`http://127.0.0.1:${PORT}`);
let env: NodeJS.ProcessEnv;

const postgresImage = (): string => {
  const image = readManifest().find(({ name }) => name === "postgres-18");
  if (!image) throw new Error("the manifest has no postgres-18");
  return localTag(image);
};

const stateQuery = (sql: string): string =>
  docker("exec", stateServer, "psql", "-U", "postgres", "-h", "127.0.0.1", "-Atc", sql);

/** The engine is reached by SSH, and the state lies in a database: nothing of the deployment is on this machine. */
beforeAll(async () => {
  const host = await ssh.start();
  docker(
    "run",
    "--detach",
    `--name=${stateServer}`,
    "--env=POSTGRES_HOST_AUTH_METHOD=trust",
    `--publish=127.0.0.1:${STATE_PORT}:5432`,
    postgresImage(),
  );
  for (const last = Date.now() + 60_000; Date.now() < last; ) {
    try {
      stateQuery("SELECT 1");
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
  env = { PATH: ssh.path, PG_CONN_STR: `postgres://postgres@127.0.0.1:${STATE_PORT}/postgres?sslmode=disable` };
  writeFileSync(
    project.file,
    `server_name: localhost
public_baseurl: http://127.0.0.1:${PORT}
hardware: auto
docker: { host: "${host}", network: 10.123.152.0/22 }
listen: { address: 127.0.0.1, port: ${PORT} }
state: { backend: pg, config: { schema_name: kit } }
synapse: { workers: none }
monitoring: { enabled: false }
compressor: { enabled: false }
`,
  );
}, DEPLOY_MS);
afterAll(() => {
  ssh.stop();
  project.removeAll();
}, DEPLOY_MS);

test(
  "an engine behind SSH and a state in Postgres: deployed, and nothing left to plan",
  async () => {
    const size = JSON.parse((await project.kit(["size", project.name, "--json"], { env })).stdout);
    expect(size.host.source).toMatch(/^detected on ssh:\/\/kit@127\.0\.0\.1:\d+$/);
    expect(await project.kit(["deploy", project.name], { env })).toMatchObject({ code: 0 });
    expect((await matrix.request("GET", "/_matrix/client/versions")).status).toBe(200);
    expect(Object.keys(containerIds(project.name)).sort()).toEqual(["nginx", "postgres", "synapse-main"]);
    expect(await project.kit(["plan", project.name, "--detailed-exitcode"], { env })).toMatchObject({ code: 0 });
    expect(await project.kit(["status", project.name], { env })).toMatchObject({ code: 0 });
    expect(ssh.commands).toContain("docker system dial-stdio");
  },
  DEPLOY_MS,
);

test("keeps the state where the file says, and nowhere else", () => {
  expect(existsSync(join(project.dir, "state", `${project.name}.tfstate`))).toBe(false);
  expect(stateQuery("SELECT data::json->>'version' FROM kit.states")).toBe("4");
  const synthesized = readFileSync(join(project.dir, "cdktf.out", "stacks", project.name, "cdk.tf.json"), "utf8");
  expect(synthesized).not.toContain(String(STATE_PORT));
}, 60_000);

test("makes a user over the same way", async () => {
  const outcome = await project.kit(["user", "add", project.name, "alice", "--password-stdin"], {
    env,
    input: "correct horse battery staple",
  });
  expect(outcome).toMatchObject({ code: 0, stdout: "@alice:localhost\n" });
  expect((await matrix.login("alice", "correct horse battery staple")).status).toBe(200);
}, 60_000);

test(
  "refuses another state, which would know of nothing that runs",
  async () => {
    const text = readFileSync(project.file, "utf8");
    project.edit(() => text.replace(/^state: .*$/m, "state: { backend: local }"));
    const before = containerIds(project.name);
    const outcome = await project.kit(["deploy", project.name], { env });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(
      "`state` names another place than the one that this folder worked with: move the state there first",
    );
    expect(outcome.stderr).not.toMatch(/^\s+at /m);
    expect(containerIds(project.name)).toEqual(before);
    project.edit(() => text);
  },
  DEPLOY_MS,
);

test(
  "takes everything away again",
  async () => {
    const outcome = await project.kit(["destroy", project.name, "--data"], { env, input: `${project.name}\n` });
    expect(outcome).toMatchObject({ code: 0 });
    expect(containerIds(project.name)).toEqual({});
    expect(stateQuery("SELECT json_array_length(data::json->'resources') FROM kit.states")).toBe("0");
  },
  DEPLOY_MS,
);
