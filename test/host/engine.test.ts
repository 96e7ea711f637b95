import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnvironment } from "../../configs/parse-environment";
import { engineOf } from "../../host/engine";
import { FakeDocker } from "../support/fake-docker";

const environment = (host?: string) =>
  parseEnvironment(
    `server_name: example.org\n${host === undefined ? "" : `docker: {host: "${host}"}\n`}`,
    "chat",
    "chat.yaml",
  );

const before = { ...process.env };
let folder: string;
let docker: FakeDocker;
const inspected = (tls: object) =>
  JSON.stringify([{ Name: "far", Endpoints: { docker: { Host: "ssh://far" } }, TLSMaterial: tls }]);
const fake = (tls: object = {}) => {
  docker = new FakeDocker(
    `case "$3" in far) echo '${inspected(tls)}';; *) echo "context \\"$3\\": context not found" >&2; exit 1;; esac`,
  );
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "synapse-kit-engine-"));
  process.env.DOCKER_CONFIG = folder;
  delete process.env.DOCKER_HOST;
  delete process.env.DOCKER_CONTEXT;
  fake();
});
afterEach(() => {
  docker.remove();
  rmSync(folder, { recursive: true });
  process.env = { ...before };
});
const use = (context: string) =>
  writeFileSync(join(folder, "config.json"), JSON.stringify({ currentContext: context }));

describe("the engine's address", () => {
  it("is what the file says, before all else", async () => {
    process.env.DOCKER_HOST = "tcp://other:1";
    use("far");
    expect(await engineOf(environment("ssh://one"))).toEqual({
      address: "ssh://one",
      namedBy: "`docker.host` in chat.yaml",
    });
  });

  it("is that of DOCKER_HOST, then of DOCKER_CONTEXT, then of the current context, as for Docker's client", async () => {
    use("nope");
    process.env.DOCKER_CONTEXT = "far";
    expect(await engineOf(environment())).toEqual({ address: "ssh://far", namedBy: "the Docker context `far`" });
    process.env.DOCKER_HOST = "unix:///two.sock";
    expect(await engineOf(environment())).toEqual({ address: "unix:///two.sock", namedBy: "DOCKER_HOST" });
    delete process.env.DOCKER_HOST;
    delete process.env.DOCKER_CONTEXT;
    use("far");
    expect(await engineOf(environment())).toEqual({ address: "ssh://far", namedBy: "the Docker context `far`" });
  });

  it("is Docker's default where nobody names one, and then and with an address no client is started", async () => {
    const standard = { address: "unix:///var/run/docker.sock" };
    expect(await engineOf(environment())).toEqual(standard);
    use("default");
    expect(await engineOf(environment())).toEqual(standard);
    writeFileSync(join(folder, "config.json"), "{}");
    process.env.DOCKER_HOST = "";
    expect(await engineOf(environment())).toEqual(standard);
    use("far");
    process.env.DOCKER_HOST = "tcp://other:1";
    await engineOf(environment());
    await engineOf(environment("ssh://one"));
    expect(docker.calls).toEqual([]);
  });
});

describe("a context that is of no use", () => {
  it("is refused when it does not exist", async () => {
    use("gone");
    await expect(engineOf(environment())).rejects.toThrow(
      /^the Docker context `gone` cannot be used: context "gone": context not found; `docker context ls` shows those that there are$/,
    );
  });

  it("is refused with TLS, which Terraform cannot be given by a context", async () => {
    docker.remove();
    fake({ docker: ["ca.pem"] });
    use("far");
    await expect(engineOf(environment())).rejects.toThrow(
      "the Docker context `far` cannot be used: it has TLS files; set DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH instead",
    );
  });
});
