import { boxStatus } from "../../cli/status/box";
import { Docker } from "../../host/docker";
import { FakeDocker } from "../support/fake-docker";

const MIB = 1024 ** 2;

const inspected = (service: string): object => ({
  RestartCount: 0,
  State: { Status: "running", Health: { Status: "healthy" }, StartedAt: "2026-11-21T09:00:00Z" },
  Config: {
    Image: `example/${service}:1.0`,
    Labels: { "synapse-kit.environment": "chat", "synapse-kit.service": service },
  },
  HostConfig: { Memory: 200 * MIB },
});

/** What Prometheus answers to the first question, which is that for memory. */
const memoryOf = (name: string): string =>
  JSON.stringify({ data: { result: [{ metric: { name }, value: [0, String(50 * MIB)] }] } });

let docker: FakeDocker;
beforeEach(() => {
  docker = new FakeDocker(`case "$1" in
ps) echo 1; echo 2 ;;
inspect) echo '${JSON.stringify([inspected("prometheus"), inspected("redis")])}' ;;
exec) echo '${memoryOf("prometheus")}' ;;
stats) for name in "$@"; do echo "$name	7MiB / 200MiB"; done ;;
esac`);
});
afterEach(() => docker.remove());

it("asks the engine for the memory of a service that Prometheus has not heard of yet, and of no other", async () => {
  const { measured, services } = await boxStatus(new Docker(), "chat");
  expect(measured).toBe(true);
  expect(services.map(({ service, memory_bytes }) => [service, memory_bytes])).toEqual([
    ["prometheus", 50 * MIB],
    ["redis", 7 * MIB],
  ]);
  expect(docker.calls.filter((call) => call.startsWith("stats"))).toEqual([
    expect.stringMatching(/MemUsage}} chat-redis$/),
  ]);
});
