import { doersOf, type Layout } from "../../configs/catalogue/layouts";
import type { RoleName } from "../../configs/catalogue/roles";
import { docker } from "./engine-project";
import type { MatrixClient } from "./matrix-client";

/** Work that a process does by itself: nobody asks it, and nobody is told when it is down. */
export interface Chore {
  readonly what: string;
  readonly process: string;
  /** Makes some of it. */
  ask(): Promise<void>;
  isDone(): Promise<boolean>;
}

const C = "/_matrix/client/v3";

/** A room with who keeps its events. */
interface Room {
  readonly id: string;
  readonly persister: string;
}

class Scene {
  private count = 0;

  constructor(
    private readonly environment: string,
    readonly guest: MatrixClient,
    readonly alice: MatrixClient,
  ) {}

  sql(query: string): string {
    const psql = ["psql", "-U", "postgres", "-d", "synapse", "-At", "-c", query];
    return docker("exec", `${this.environment}-postgres`, ...psql);
  }

  /** @returns its id @throws when it is not taken */
  async say(client: MatrixClient, room: string): Promise<string> {
    this.count += 1;
    const path = `${C}/rooms/${encodeURIComponent(room)}/send/m.room.message/chore${this.count}`;
    const { status, body } = await client.request("PUT", path, { msgtype: "m.text", body: "hello" });
    if (status !== 200) throw new Error(`not sent: ${status}`);
    return body.event_id;
  }

  async room(): Promise<Room> {
    const { body } = await this.alice.request("POST", `${C}/createRoom`, { preset: "public_chat" });
    const name = this.sql(`SELECT DISTINCT instance_name FROM events WHERE room_id = '${body.room_id}'`);
    return { id: body.room_id, persister: name === "master" ? "main" : name };
  }

  /** One for each process that writes events. */
  async rooms(persisters: readonly string[]): Promise<Room[]> {
    const rooms = new Map<string, Room>();
    while (rooms.size < persisters.length) {
      const room = await this.room();
      rooms.set(room.persister, room);
    }
    return [...rooms.values()];
  }

  async joined(username: string, room: string): Promise<MatrixClient> {
    const { body } = await this.guest.register(username, "correct horse battery staple");
    const client = this.guest.withToken(body.access_token);
    const { status } = await client.request("POST", `${C}/join/${encodeURIComponent(room)}`, {});
    if (status !== 200) throw new Error(`not joined: ${status}`);
    return client;
  }
}

/** A message waits for whoever writes its room; other rooms do not. */
const persisting = (scene: Scene, { id, persister }: Room, others: readonly Room[]): Chore => {
  let isTaken = false;
  return {
    what: "messages that waited",
    process: persister,
    ask: async () => {
      scene.say(scene.alice, id).then(
        () => {
          isTaken = true;
        },
        () => undefined,
      );
      for (const other of others) await scene.say(scene.alice, other.id);
    },
    isDone: async () => isTaken,
  };
};

/** No server is there to send to; the sender goes through all events alike, and keeps how far it came. */
const sending = (scene: Scene, process: string, { id }: Room): Chore => {
  let sent: string;
  return {
    what: "events for other servers",
    process,
    ask: async () => {
      const event = await scene.say(scene.alice, id);
      sent = scene.sql(`SELECT stream_ordering FROM events WHERE event_id = '${event}'`);
    },
    isDone: async () => {
      const query = `SELECT stream_id >= ${sent} FROM federation_stream_position WHERE type = 'events' AND instance_name = '${process}'`;
      if (scene.sql(query) === "t") return true;
      // It looks when there is something new.
      await scene.say(scene.alice, id);
      return false;
    },
  };
};

const indexing = (scene: Scene, process: string, { id }: Room): Chore => ({
  what: "a newcomer in the user directory",
  process,
  ask: async () => {
    await scene.joined("newcomer", id);
  },
  isDone: async () => {
    const { body } = await scene.alice.request("POST", `${C}/user_directory/search`, { search_term: "newcomer" });
    return body.results.length > 0;
  },
});

/** Nobody listens where the pusher pushes: it notes since when it fails. */
const pushing = async (scene: Scene, process: string, { id }: Room): Promise<Chore> => {
  const bob = await scene.joined("bob", id);
  const names = Object.fromEntries(
    ["app_id", "app_display_name", "device_display_name", "pushkey"].map((key) => [key, "kit"]),
  );
  const data = { url: "http://127.0.0.1:9/_matrix/push/v1/notify" };
  const { status } = await scene.alice.request("POST", `${C}/pushers/set`, {
    ...names,
    kind: "http",
    lang: "en",
    data,
  });
  if (status !== 200) throw new Error(`no pusher: ${status}`);
  return {
    what: "a push",
    process,
    ask: async () => {
      await scene.say(bob, id);
    },
    isDone: async () => scene.sql("SELECT failing_since IS NOT NULL FROM pushers") === "t",
  };
};

/** Chores of those processes of a layout that have some. */
export const chores = async (
  environment: string,
  { processes }: Layout,
  guest: MatrixClient,
  alice: MatrixClient,
): Promise<Chore[]> => {
  const scene = new Scene(environment, guest, alice);
  const namesOf = (role: RoleName): string[] => doersOf(processes, role).map(({ name }) => name);
  const rooms = await scene.rooms(namesOf("event_persister"));
  const [first] = rooms as [Room, ...Room[]];
  // Where the same process takes messages and writes them, nobody is left to wait.
  const creators = namesOf("event_creator");
  const apart = rooms.filter(({ persister }) => !creators.includes(persister));
  const [pusher] = namesOf("pusher") as [string, ...string[]];
  return [
    ...apart.map((room) =>
      persisting(
        scene,
        room,
        rooms.filter((other) => other !== room),
      ),
    ),
    ...namesOf("federation_sender").map((process) => sending(scene, process, first)),
    ...namesOf("user_directory").map((process) => indexing(scene, process, first)),
    await pushing(scene, pusher, first),
  ];
};
