import { setTimeout as sleep } from "node:timers/promises";
import type { MatrixClient } from "./matrix-client";

const C = "/_matrix/client/v3";
const PASSWORD = "correct horse battery staple";
/** Nobody listens there. */
const NO_GATEWAY = "http://127.0.0.1:9/_matrix/push/v1/notify";
/** Nothing that exists: what is sent there fails. */
const NO_SERVER = "nowhere.invalid";
/** Between two messages. */
const PAUSE_MS = 200;

export interface Person {
  readonly id: string;
  readonly token: string;
  readonly client: MatrixClient;
}

/** What people do with a homeserver, each step told apart by what it must answer: 200. */
export class People {
  private constructor(
    readonly alice: Person,
    readonly bob: Person,
    /** A public room of both. */
    readonly room: string,
  ) {}

  static async meet(guest: MatrixClient): Promise<People> {
    const register = async (name: string): Promise<Person> => {
      const { body } = await guest.register(name, PASSWORD);
      return { id: body.user_id, token: body.access_token, client: guest.withToken(body.access_token) };
    };
    const alice = await register("alice");
    const bob = await register("bob");
    const { room_id: room } = await must(alice, "POST", "createRoom", { preset: "public_chat" });
    await must(bob, "POST", `join/${encodeURIComponent(room)}`, {});
    return new People(alice, bob, room);
  }

  private inRoom(path: string): string {
    return `rooms/${encodeURIComponent(this.room)}/${path}`;
  }

  async say(text: string): Promise<string> {
    const path = this.inRoom(`send/m.room.message/${encodeURIComponent(text)}`);
    return (await must(this.alice, "PUT", path, { msgtype: "m.text", body: text })).event_id;
  }

  /** A state group each. */
  async setState(key: string, value: string): Promise<void> {
    await must(this.alice, "PUT", this.inRoom(`state/kit.state/${encodeURIComponent(key)}`), { value });
  }

  /**
   * What the metrics of pushers, receipts, log-ins and federation need once.
   * @param gateway - that takes pushes; another fails beside it
   */
  async doABitOfEverything(guest: MatrixClient, gateway: string): Promise<void> {
    for (const url of [gateway, NO_GATEWAY]) {
      await must(this.bob, "POST", "pushers/set", {
        ...{ kind: "http", app_id: "kit", pushkey: url, app_display_name: "kit", device_display_name: "kit" },
        ...{ lang: "en", data: { url } },
      });
    }
    const event = await this.say("bob: news");
    await must(this.bob, "POST", this.inRoom(`receipt/m.read/${encodeURIComponent(event)}`), {});
    await guest.login("alice", PASSWORD);
    // The invitation is refused; that it was tried is what counts.
    await this.alice.client.request("POST", `${C}/${this.inRoom("invite")}`, { user_id: `@nobody:${NO_SERVER}` });
    await must(this.bob, "GET", "sync");
  }

  /** Does something while they talk without a pause. */
  async whileTalking(something: () => Promise<void>): Promise<void> {
    let isOver = false;
    const talk = (async () => {
      while (!isOver) {
        await this.say(`bob: ${Date.now()}`);
        await sleep(PAUSE_MS);
      }
    })();
    try {
      await something();
    } finally {
      isOver = true;
      await talk;
    }
  }

  /** Texts in the room, oldest first, of the last hundred. */
  async messages(): Promise<string[]> {
    const { chunk } = await must(this.alice, "GET", this.inRoom("messages"), undefined, { dir: "b", limit: "100" });
    return chunk.map(({ content }: { content: { body?: string } }) => content.body ?? "").reverse();
  }
}

const must = async (
  { client }: Person,
  method: string,
  path: string,
  body?: unknown,
  query?: Record<string, string>,
  // biome-ignore lint/suspicious/noExplicitAny: answers of many endpoints
): Promise<any> => {
  const answer = await client.request(method, `${C}/${path}`, body, query && { query });
  if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
};
