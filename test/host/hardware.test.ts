import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnvironment } from "../../configs/parse-environment";
import { Bytes } from "../../configs/units/bytes";
import { hostFacts } from "../../host/hardware";
import { FakeDocker } from "../support/fake-docker";

const environment = (host: string) =>
  parseEnvironment(`server_name: example.org\ndocker: {host: "${host}"}\n`, "chat", "configs/environments/chat.yaml");

let folder: string;
let docker: FakeDocker | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "synapse-kit-hardware-"));
});
afterEach(() => {
  docker?.remove();
  docker = undefined;
  rmSync(folder, { recursive: true });
});

const answering = async <T>(status: number, body: string, use: (host: string) => Promise<T>): Promise<T> => {
  const socket = join(folder, "engine.sock");
  const server = createServer((_, answer) => answer.writeHead(status).end(body));
  await new Promise<void>((done) => server.listen(socket, done));
  try {
    return await use(`unix://${socket}`);
  } finally {
    server.close();
  }
};

describe("an engine that is named", () => {
  it("says what its machine has", async () => {
    const info = JSON.stringify({ MemTotal: 4 * 1024 ** 3, NCPU: 3 });
    const { facts } = await answering(200, info, (host) => hostFacts(environment(host), {}));
    expect([facts.ram, facts.cpus.toCores()]).toEqual([Bytes.gib(4), 3]);
  });

  it("and does not answer is never replaced by this machine", async () => {
    await expect(hostFacts(environment(`unix://${folder}/none.sock`), {})).rejects.toThrow(
      `no Docker engine answers on unix://${folder}/none.sock (\`docker.host\` in configs/environments/chat.yaml), whose hardware the budget ` +
        "needs: ENOENT\nStart it, or declare `hardware` with `ram` and `cpus` in configs/environments/chat.yaml; nothing was changed",
    );
  });

  it.each([
    [500, "oops", "HTTP status 500"],
    [200, "<html>", "no answer of a Docker engine"],
    [200, "{}", "no answer of a Docker engine"],
  ])("and answers nonsense (%s %s) is refused too", async (status, body, why) => {
    await expect(answering(status, body, (host) => hostFacts(environment(host), {}))).rejects.toThrow(
      `needs: ${why}\n`,
    );
  });

  it("is asked through the client where it is no local socket", async () => {
    docker = new FakeDocker(`echo '{"MemTotal":2147483648,"NCPU":2}'`);
    const { facts } = await hostFacts(environment("ssh://far"), {});
    expect([facts.ram, docker.calls]).toEqual([Bytes.gib(2), ["--host ssh://far info --format {{json .}}"]]);
    docker.remove();
    // Docker 28 without an engine: half an answer, and what is wrong beside it.
    docker = new FakeDocker(`echo '{"MemTotal":0,"NCPU":0}'; echo 'ssh: connect to host far: timed out' >&2; exit 1`);
    await expect(hostFacts(environment("ssh://far"), {})).rejects.toThrow("ssh: connect to host far: timed out");
  });
});

describe("no engine at all, and none named", () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  it("means this machine", async () => {
    process.env.DOCKER_CONFIG = folder;
    process.env.DOCKER_HOST = "";
    delete process.env.DOCKER_CONTEXT;
    const plain = parseEnvironment("server_name: example.org\n", "chat", "chat.yaml");
    const { facts } = await hostFacts(plain, {});
    // Where the tests run an engine may answer on the default socket.
    expect(facts.source).toMatch(/^detected on (this machine|unix:\/\/\/var\/run\/docker\.sock)$/);
  });
});
