import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { userAdd } from "../../cli/commands/user-add";
import { FakeDocker } from "../support/fake-docker";

const home = process.cwd();
let project: string;
let docker: FakeDocker;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "synapse-kit-user-"));
  mkdirSync(join(project, "configs", "environments"), { recursive: true });
  writeFileSync(join(project, "configs", "environments", "chat.yaml"), "server_name: example.org\n");
  process.chdir(project);
});
afterEach(() => {
  docker.remove();
  process.chdir(home);
  rmSync(project, { recursive: true });
});

const withMain = (state: string) => {
  docker = new FakeDocker(`case "$*" in *version*) echo 28;; *inspect*) ${state};; *) exit 9;; esac`);
};

test("an environment that is down is to be deployed, and no account is tried", async () => {
  withMain("echo 'Error: No such container: chat-synapse-main' >&2; exit 1");
  await expect(userAdd("chat", "alice", {})).rejects.toThrow(
    /^`chat` does not run; `npx synapse-kit deploy chat` starts it$/,
  );
  docker.remove();
  withMain("echo exited");
  await expect(userAdd("chat", "alice", {})).rejects.toThrow("`npx synapse-kit deploy chat` starts it");
  expect(docker.calls.filter((call) => call.startsWith("exec"))).toEqual([]);
});

test("a main process that keeps crashing sends to its log", async () => {
  withMain("echo restarting");
  await expect(userAdd("chat", "alice", {})).rejects.toThrow(
    /^synapse-main of `chat` is restarting; `npx synapse-kit logs chat synapse-main` says why, `npx synapse-kit deploy chat` starts it$/,
  );
});
