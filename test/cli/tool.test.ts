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
