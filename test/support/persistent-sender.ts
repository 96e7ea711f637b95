import { setTimeout as sleep } from "node:timers/promises";
import type { MatrixClient } from "./matrix-client";

/** Between two messages. */
const PAUSE_MS = 200;
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 2000;
/** After which a try counts as failed, though the server may still be at it. */
const TRY_MS = 2000;
/** Each of them is changed again and again. */
const STATE_KEYS = 40;

interface Kind {
  readonly type: string;
  readonly path: (number: number) => string;
}
const KINDS = {
  messages: { type: "m.room.message", path: (number: number) => `send/m.room.message/txn${number}` },
  state: { type: "kit.state", path: (number: number) => `state/kit.state/key${number % STATE_KEYS}` },
} satisfies Record<string, Kind>;

/**
 * Sends numbered messages into a room, or changes of its state, each once the one before was taken. What fails is sent
 * again, a message with the same transaction id, later each time, as Matrix clients do.
 */
export class PersistentSender {
  /** Messages that the server took, over all runs. */
  taken = 0;
  /** Tries that failed in this run: status, or the error of the connection. */
  failures: string[] = [];
  private isStopping = false;
  private running: Promise<void> = Promise.resolve();
  private readonly kind: Kind;

  /** @param patienceMs - after which a message counts as lost, and `stop` fails */
  constructor(
    private readonly client: MatrixClient,
    readonly room: string,
    private readonly patienceMs: number,
    what: keyof typeof KINDS = "messages",
  ) {
    this.kind = KINDS[what];
  }

  start(): void {
    this.isStopping = false;
    this.failures = [];
    this.running = this.run();
    // The error is `stop`'s to give.
    this.running.catch(() => {});
  }

  /** Waits for the message at hand. @throws when a message was refused, or not taken in time */
  async stop(): Promise<void> {
    this.isStopping = true;
    await this.running;
  }

  /** Bodies of all that the room has of the kind, oldest first. */
  async readBack(): Promise<string[]> {
    const found: string[] = [];
    for (let from: string | undefined; ; ) {
      const { status, body } = await this.client.request(
        "GET",
        `/_matrix/client/v3/rooms/${encodeURIComponent(this.room)}/messages`,
        undefined,
        { query: { dir: "f", limit: "100", ...(from === undefined ? {} : { from }) } },
      );
      if (status !== 200) throw new Error(`messages of ${this.room}: ${status}`);
      for (const event of body.chunk) if (event.type === this.kind.type) found.push(event.content.body);
      if (body.end === undefined) return found;
      from = body.end;
    }
  }

  private async run(): Promise<void> {
    while (!this.isStopping) {
      await this.send(this.taken + 1);
      this.taken += 1;
      await sleep(PAUSE_MS);
    }
  }

  private async send(number: number): Promise<void> {
    const started = Date.now();
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(this.room)}/${this.kind.path(number)}`;
    for (let backoff = FIRST_BACKOFF_MS; ; backoff = Math.min(2 * backoff, LONGEST_BACKOFF_MS)) {
      const outcome = await this.client
        .request("PUT", path, { msgtype: "m.text", body: String(number) }, { timeoutMs: TRY_MS })
        .then(({ status }) => status)
        .catch((error: Error) => String(error.cause ?? error));
      if (outcome === 200) return;
      this.failures.push(`message ${number}: ${outcome}`);
      if (typeof outcome === "number" && outcome < 500 && outcome !== 429) throw new Error(this.failures.at(-1));
      if (Date.now() - started > this.patienceMs) throw new Error(`not taken in time: ${this.failures.at(-1)}`);
      await sleep(backoff);
    }
  }
}
