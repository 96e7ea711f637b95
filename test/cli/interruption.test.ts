import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { ROOT } from "../support/corpus";

const MAIN = join(ROOT, "dist", "cli", "main.js");

let project: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "synapse-kit-interrupt-"));
  mkdirSync(join(project, "configs", "environments"), { recursive: true });
  writeFileSync(
    join(project, "configs", "environments", "chat.yaml"),
    "server_name: example.org\nhardware: {ram: 4GB, cpus: 2}\nimages: official\n",
  );
  mkdirSync(join(project, "bin"));
  program("docker", "echo 28");
});
afterEach(() => {
  child?.kill("SIGKILL");
  rmSync(project, { recursive: true });
});

const program = (name: string, body: string) =>
  writeFileSync(join(project, "bin", name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });

/** A Terraform that is slow in one command, and when interrupted there ends as told; it keeps what it was asked. */
const terraform = (slow: string, whenInterrupted: string) =>
  program(
    "terraform",
    `[ "$1" = version ] && { echo '{"terraform_version":"1.11.4"}'; exit; }
echo "$2" >> ${project}/asked
[ "$2" = state ] && echo docker_network.frontend
[ "$2" = ${slow} ] || exit 0
trap '${whenInterrupted}' INT
touch ${project}/slow
i=0; while [ $i -lt 300 ]; do sleep 0.1; i=$((i+1)); done`,
  );

/** Runs the kit until a file is there or a text was written, then sends it the signals. */
const interrupted = async (signals: readonly NodeJS.Signals[], args = ["plan", "chat"], until = "slow") => {
  const running = spawn(process.execPath, [MAIN, ...args], {
    cwd: project,
    env: { ...process.env, PATH: `${join(project, "bin")}${delimiter}${process.env.PATH}` },
  });
  child = running;
  let stderr = "";
  running.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const closed = new Promise<number | null>((resolve) => running.on("close", resolve));
  while (!existsSync(join(project, until)) && !stderr.includes(until))
    await new Promise((resolve) => setTimeout(resolve, 20));
  for (const signal of signals) {
    running.kill(signal);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { code: await closed, stderr, asked: readFileSync(join(project, "asked"), "utf8").trim().split("\n") };
};

const WORDS =
  "interrupted: Terraform writes its state and ends\ninterrupted; the state is written, and the same command goes on where it stopped\n";

describe("a Ctrl-C", () => {
  it.each([
    ["fails", "exit 1"],
    ["was done already", "exit 0"],
  ])(
    "lets Terraform end and starts nothing more, when Terraform %s",
    async (_, ending) => {
      terraform("plan", ending);
      expect(await interrupted(["SIGINT"])).toEqual({ code: 130, stderr: WORDS, asked: ["init", "plan"] });
    },
    60_000,
  );

  it("ends the setup, too", async () => {
    terraform("init", "exit 0");
    expect(await interrupted(["SIGINT"])).toEqual({ code: 130, stderr: WORDS, asked: ["init"] });
  }, 60_000);

  it("pressed again does not keep Terraform from writing its state", async () => {
    terraform("plan", "sleep 1; touch cdktf.out/stacks/chat/written; exit 1");
    const { code, stderr } = await interrupted(["SIGINT", "SIGINT", "SIGTERM"]);
    expect([code, existsSync(join(project, "cdktf.out", "stacks", "chat", "written"))]).toEqual([130, true]);
    expect(stderr).toContain("still waiting for Terraform to write its state (process ");
  }, 60_000);

  it("ends a question, too, with nothing removed", async () => {
    terraform("nothing", "exit 1");
    const { code, stderr, asked } = await interrupted(["SIGINT"], ["destroy", "chat", "--data"], "Type chat to go on");
    expect([code, asked]).toEqual([130, ["init", "state"]]);
    expect(stderr).toContain("interrupted; the state is written");
    const configuration = JSON.parse(readFileSync(join(project, "cdktf.out", "stacks", "chat", "cdk.tf.json"), "utf8"));
    expect(configuration.resource.docker_volume.postgres_data.lifecycle.prevent_destroy).toBe(true);
    expect(configuration.resource.docker_container.postgres).toBeDefined();
  }, 60_000);

  it("of a service manager ends with its own code", async () => {
    terraform("plan", "exit 1");
    expect(await interrupted(["SIGTERM"])).toMatchObject({ code: 143 });
  }, 60_000);
});
