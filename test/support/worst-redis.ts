import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { PORTS } from "../../configs/ports";
import { addressesOf } from "../../constructs/addresses";
import { redisBytesIn } from "../../sizing/settings-reader";
import { docker, logsOf } from "./engine-project";
import { MemoryGauge } from "./memory-gauge";
import type { WorstBox } from "./worst-box";
import type { WorstCase } from "./worst-case";

const LOAD_MS = 8000;
const VALUE_BYTES = 10_000;
/** As large as what one event of the largest size makes of a line of replication. */
const MESSAGE_BYTES = 64 * 1024;
const PUBLISHERS = 2;
/** Health checks, and the connection that asks. */
const SPARE = 4;
/** A publisher sends the next when so many of its messages are not answered. */
const IN_FLIGHT = 16;

const command = (...parts: readonly string[]): string =>
  `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join("")}`;

/** A connection that says something and counts the lines of the answers, none of which holds a line's end. */
class RedisConnection {
  readonly socket: Socket;
  private text = "";
  lines = 0;
  errors: string[] = [];

  constructor(host: string, password: string) {
    this.socket = connect(PORTS.redis, host);
    this.socket.setEncoding("utf8").on("data", (chunk: string) => {
      this.text += chunk;
      const complete = this.text.split("\r\n");
      this.text = complete.pop() ?? "";
      this.lines += complete.length;
      this.errors.push(...complete.filter((line) => line.startsWith("-")));
    });
    this.socket.on("error", () => this.socket.destroy());
    this.say("AUTH", password);
  }

  say(...parts: readonly string[]): void {
    this.socket.write(command(...parts));
  }

  async untilLines(count: number): Promise<void> {
    while (this.lines < count && !this.socket.destroyed) await sleep(5);
  }
}

/**
 * Keys up to `maxmemory`, and on every connection that is left a subscriber that reads nothing, while two publish what
 * they can. Redis drops subscribers; they come back at once.
 */
export const redisWorstCase = async (box: WorstBox): Promise<WorstCase> => {
  const { plan } = box;
  const redis = plan.redis;
  if (!redis) throw new Error("no Redis in this plan");
  const container = box.container("redis");
  const host = addressesOf(box.options.network, plan).get("redis")?.backend as string;
  const conf = docker("exec", container, "cat", "/config/redis.conf");
  const password = /^requirepass "?([^"\n]+)"?$/m.exec(conf)?.[1] as string;
  const since = new Date().toISOString();
  const gauge = new MemoryGauge(container);
  const failures: string[] = [];
  let running = true;
  const open: RedisConnection[] = [];

  const writer = new RedisConnection(host, password);
  open.push(writer);
  const keys = Math.ceil((redisBytesIn(plan, "maxmemory").toBytes() * 1.5) / VALUE_BYTES);
  const value = "v".repeat(VALUE_BYTES);
  for (let key = 0; key < keys; key++) {
    writer.say("SET", `key${key}`, value);
    await writer.untilLines(key - IN_FLIGHT);
  }
  await writer.untilLines(keys + 1);

  const subscribe = async (): Promise<void> => {
    while (running) {
      const one = new RedisConnection(host, password);
      open.push(one);
      one.say("SUBSCRIBE", "replication");
      // One line for the password, and the six of the answer.
      await one.untilLines(7);
      one.socket.pause();
      while (running && !one.socket.destroyed && one.socket.readyState === "open") {
        await sleep(50);
        // A paused socket does not notice its end.
        one.socket.write("\r\n");
      }
      one.socket.destroy();
    }
  };
  const subscribers = Number(redis.settings.maxclients?.value) - PUBLISHERS - SPARE;
  const subscribing = Array.from({ length: subscribers }, subscribe);

  const message = "m".repeat(MESSAGE_BYTES);
  const publish = async (): Promise<void> => {
    const one = new RedisConnection(host, password);
    open.push(one);
    for (let count = 0; running; count++) {
      one.say("PUBLISH", "replication", message);
      await one.untilLines(count - IN_FLIGHT);
      if (one.socket.destroyed) return void failures.push("a publisher was dropped");
    }
    failures.push(...one.errors);
  };
  const publishing = Array.from({ length: PUBLISHERS }, publish);
  await sleep(LOAD_MS);
  running = false;
  await Promise.all([...subscribing, ...publishing]);
  gauge.stop();
  failures.push(...writer.errors);
  for (const { socket } of open) socket.destroy();
  const log = logsOf(container, "--since", since);
  return {
    service: "redis",
    what: `${keys} keys of 10 kB, ${subscribers} silent subscribers`,
    limit: redis.container.memory.value,
    planned: redis.container.parts,
    peak: gauge.peak,
    kills: gauge.kills,
    failures: [...failures, ...log.split("\n").filter((line) => /out of memory|OOM|crash|Can't save/i.test(line))],
  };
};
