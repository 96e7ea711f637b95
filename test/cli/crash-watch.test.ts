import { CrashWatch } from "../../cli/crash-watch";
import type { Message } from "../../cli/terraform";
import { Docker } from "../../host/docker";
import { FakeDocker } from "../support/fake-docker";

let docker: FakeDocker;
afterEach(() => docker.remove());

const waiting = (addr = "docker_container.synapse_main", action = "create", type = "apply_progress"): Message => ({
  type,
  "@message": "",
  hook: { resource: { addr }, action, elapsed_seconds: 10 },
});

const seen = async (restarts: string, ...messages: Message[]): Promise<string[]> => {
  docker = new FakeDocker(`case "$*" in *inspect*) ${restarts};; *logs*) echo one; echo two >&2;; esac`);
  const reasons: string[] = [];
  const watch = new CrashWatch(new Docker(), "chat", ({ message }) => reasons.push(message));
  for (const message of messages) await watch.look(message);
  return reasons;
};

test("a container that is started again and again is told of, with its log", async () => {
  expect(await seen("echo 3 starting", waiting())).toEqual([
    "synapse-main keeps crashing: 3 restarts in 10 s; its last words:\n    one\n    two\n" +
      "Once the cause is mended, run the same command again: it goes on where it stopped",
  ]);
  expect(docker.calls[0]).toBe(
    "container inspect --format {{.RestartCount}} {{.State.Health.Status}} chat-synapse-main",
  );
});

test.each(["echo 0 starting", "echo 2 unhealthy", "echo 3 healthy", "echo 'No such container' >&2; exit 1"])(
  "nothing is said after: %s",
  async (answer) => {
    expect(await seen(answer, waiting())).toEqual([]);
  },
);

test("the engine is asked only of services that are waited for", async () => {
  const others = [
    waiting("docker_container.seed_chat_nginx_0123456789"),
    waiting("docker_container.synapse_media_owner"),
    waiting("docker_network.backend"),
    waiting("docker_container.nginx", "delete"),
    waiting("docker_container.nginx", "create", "apply_start"),
    { type: "version", "@message": "" },
  ];
  expect([await seen("echo 9 starting", ...others), docker.calls]).toEqual([[], []]);
});
