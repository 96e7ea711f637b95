import { writeFileSync } from "node:fs";
import { type EngineEvent, EngineEvents } from "../support/engine-events";
import { EngineProject } from "../support/engine-project";
import { MatrixClient } from "../support/matrix-client";
import { PersistentSender } from "../support/persistent-sender";

const DEPLOY_MS = 10 * 60_000;
const PORT = 18014;
const SENDERS = 4;
/** More than any replacement takes; all processes together take the longest. */
const PATIENCE_MS = 3 * 60_000;

const project = new EngineProject("e2e-rolling");
const guest = new MatrixClient(`http://127.0.0.1:${PORT}`);

const limit = "{ per_second: 1000, burst_count: 1000 }";
const write = (workers: string, more = ""): void =>
  writeFileSync(
    project.file,
    `server_name: localhost
public_baseurl: http://127.0.0.1:${PORT}
hardware: { ram: 8GB, cpus: 4 }
listen: { address: 127.0.0.1, port: ${PORT} }
docker: { network: 10.123.144.0/22 }
monitoring: { enabled: false }
compressor: { enabled: false }
expected: { federation: closed, users: 100 }
synapse:
  workers: ${workers}
  registration: open
  rate_limits: { rc_message: ${limit}, rc_registration: ${limit} }
${more}`,
  );

let senders: PersistentSender[];

beforeAll(async () => {
  write("three");
  const { code, stderr } = await project.kit(["deploy", project.name]);
  if (code !== 0) throw new Error(stderr);
  senders = [];
  for (let i = 0; i < SENDERS; i++) {
    const { body } = await guest.register(`sender${i}`, "correct horse battery staple");
    const client = guest.withToken(body.access_token);
    const created = await client.request("POST", "/_matrix/client/v3/createRoom", {});
    senders.push(new PersistentSender(client, created.body.room_id, PATIENCE_MS));
  }
}, DEPLOY_MS);
afterAll(() => project.removeAll(), DEPLOY_MS);

/** Deploys while all senders send, and gives what was said and what happened to the containers. */
const deployUnderLoad = async (): Promise<{ stderr: string; events: EngineEvent[] }> => {
  const watch = new EngineEvents(project.name);
  for (const sender of senders) sender.start();
  const { code, stderr } = await project.kit(["deploy", project.name]);
  await Promise.all(senders.map((sender) => sender.stop()));
  watch.stop();
  if (code !== 0) throw new Error(stderr);
  // Without a second try there would be nothing to double.
  expect(senders.flatMap(({ failures }) => failures).length).toBeGreaterThan(0);
  return { stderr, events: watch.list };
};

/** Neither lost, nor doubled, nor out of order. */
const expectAllMessages = async (): Promise<void> => {
  for (const sender of senders) {
    expect(sender.taken).toBeGreaterThan(10);
    expect(await sender.readBack()).toEqual(Array.from({ length: sender.taken }, (_, i) => String(i + 1)));
  }
};

const ofService = (events: readonly EngineEvent[], service: string, action: EngineEvent["action"]): number => {
  const times = events.filter((event) => event.service === service && event.action === action).map(({ time }) => time);
  // An event that never came compares with nothing.
  return times[0] ?? Number.NaN;
};

describe("another setting for all processes", () => {
  const order = ["synapse-main", "synapse-sync1", "synapse-rooms1", "synapse-federation1"];

  test(
    "replaces them one after another, each once the one before is healthy, and no message suffers",
    async () => {
      write("three", "  global_cache_factor: 1.5\n");
      const { stderr, events } = await deployUnderLoad();
      expect([...stderr.matchAll(/^phase 2: (\S+)$/gm)].map((match) => match[1])).toEqual(order);
      const died = events.filter(({ action }) => action === "die").map(({ service }) => service);
      expect(died).toEqual(order);
      for (const [index, service] of order.entries()) {
        const healthy = ofService(events, service, "healthy");
        expect(healthy).toBeGreaterThan(ofService(events, service, "die"));
        const next = order[index + 1];
        if (next !== undefined) expect(ofService(events, next, "die")).toBeGreaterThan(healthy);
      }
      await expectAllMessages();
    },
    DEPLOY_MS,
  );
});

describe("another writer of events", () => {
  const why = "the set of Synapse processes changes";

  test(
    "stops all processes together, which the plan said before, and no message suffers",
    async () => {
      write("two", "  global_cache_factor: 1.5\n");
      const planned = await project.kit(["plan", project.name]);
      expect(planned).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`${why}: they stop together, then all start again`),
      });
      const { stderr, events } = await deployUnderLoad();
      expect(stderr).toContain(`phase 2: ${why}, so they stop together`);
      const before = ["synapse-main", "synapse-sync1", "synapse-rooms1", "synapse-federation1"];
      const after = ["synapse-main", "synapse-client1", "synapse-federation1"];
      const lastStop = Math.max(...before.map((service) => ofService(events, service, "die")));
      const firstStart = Math.min(...after.map((service) => ofService(events, service, "start")));
      expect(firstStart).toBeGreaterThan(lastStop);
      await expectAllMessages();
    },
    DEPLOY_MS,
  );
});
