import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMirrorUsed, mirrorConfig, toolEnvironment } from "../../cli/tool";

describe("the CLI configuration that Terraform reads", () => {
  const before = { ...process.env };
  let folder: string;
  let own: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "synapse-kit-tool-"));
    own = join(folder, "own.tfrc");
    process.env.XDG_CACHE_HOME = folder;
    delete process.env.TF_CLI_CONFIG_FILE;
  });

  afterEach(() => {
    process.env = { ...before };
    rmSync(folder, { recursive: true });
  });
  const makeMirror = () => {
    mkdirSync(join(folder, "synapse-kit"));
    writeFileSync(mirrorConfig(), "");
  };

  it("is the operator's own where that file is there, mirror or not", () => {
    writeFileSync(own, "");
    process.env.TF_CLI_CONFIG_FILE = own;
    expect([toolEnvironment().TF_CLI_CONFIG_FILE, isMirrorUsed()]).toEqual([own, false]);
    makeMirror();
    expect([toolEnvironment().TF_CLI_CONFIG_FILE, isMirrorUsed()]).toEqual([own, false]);
  });

  it("is the local mirror's where there is one and no other", () => {
    makeMirror();
    expect([toolEnvironment().TF_CLI_CONFIG_FILE, isMirrorUsed()]).toEqual([mirrorConfig(), true]);
    process.env.TF_CLI_CONFIG_FILE = own;
    expect([toolEnvironment().TF_CLI_CONFIG_FILE, isMirrorUsed()]).toEqual([mirrorConfig(), true]);
  });

  it("is left to Terraform where there is neither; a name without a file is dropped", () => {
    expect([toolEnvironment().TF_CLI_CONFIG_FILE, isMirrorUsed()]).toEqual([undefined, false]);
    process.env.TF_CLI_CONFIG_FILE = own;
    expect([toolEnvironment().TF_CLI_CONFIG_FILE, isMirrorUsed()]).toEqual(["", false]);
  });
});

describe("the engine that Terraform's provider takes", () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  it("is the one that was named, whichever way; no context comes before it", () => {
    process.env.DOCKER_HOST = "unix:///other.sock";
    process.env.DOCKER_CONTEXT = "far";
    const env = toolEnvironment({ address: "ssh://far", namedBy: "the Docker context `far`" });
    expect([env.DOCKER_HOST, "DOCKER_CONTEXT" in env]).toEqual(["ssh://far", false]);
  });

  it("is Docker's default where none was named", () => {
    delete process.env.DOCKER_HOST;
    process.env.DOCKER_CONTEXT = "default";
    const env = toolEnvironment({ address: "unix:///var/run/docker.sock" });
    expect(["DOCKER_HOST" in env, "DOCKER_CONTEXT" in env]).toEqual([false, false]);
  });
});
