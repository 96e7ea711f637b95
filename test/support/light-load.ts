import { setTimeout as sleep } from "node:timers/promises";
import type { MatrixClient } from "./matrix-client";

/** A request that is repeated, of one role and one key. */
export interface Probe {
  readonly client: MatrixClient;
  readonly method: string;
  /** Encoded, as sent. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** One sending of a probe. */
export interface Shot {
  readonly probe: Probe;
  /** Milliseconds. */
  readonly started: number;
  readonly answered: number;
  /** 0 where the connection broke. */
  readonly status: number;
  readonly mark: string;
}

/** Between the answer to a probe and its next sending. */
const PAUSE_MS = 500;
/** Who waits longer for an answer than this is not waited for: the next one may be lucky. */
const PATIENCE_MS = 1000;

export const shoot = async (probe: Probe): Promise<Shot> => {
  const started = Date.now();
  const { client, method, path, query, body } = probe;
  const { status, mark } = await client.request(method, path, body, { query }).catch(() => ({ status: 0, mark: "" }));
  return { probe, started, answered: Date.now(), status, mark };
};

/** Repeats every probe by itself until it is stopped, also while some wait for their answers. */
export class LightLoad {
  private readonly shots: Shot[] = [];
  private readonly answers: Promise<void>[] = [];
  private isStopping = false;
  private readonly loops: Promise<void>[];

  constructor(probes: readonly Probe[]) {
    this.loops = probes.map((probe) => this.loop(probe));
  }

  /** Whether each of these probes was sent after a moment and has its answer. */
  hasAnswers(probes: readonly Probe[], since: number): boolean {
    const answered = new Set(this.shots.filter(({ started }) => started > since).map(({ probe }) => probe));
    return probes.every((probe) => answered.has(probe));
  }

  /** @returns every shot, once the last answers are there */
  async stop(): Promise<readonly Shot[]> {
    this.isStopping = true;
    await Promise.all(this.loops);
    await Promise.all(this.answers);
    return this.shots;
  }

  private async loop(probe: Probe): Promise<void> {
    while (!this.isStopping) {
      const answer = shoot(probe).then((shot) => {
        this.shots.push(shot);
      });
      this.answers.push(answer);
      await Promise.race([answer, sleep(PATIENCE_MS)]);
      await sleep(PAUSE_MS);
    }
  }
}
