// One deployment under test: put there by the kit on fresh volumes, paused while others are measured.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dump, load } from "js-yaml";
import { docker, listed, pause, removeEnvironment } from "./engine.mjs";
import { CLI, start, sum } from "./lib.mjs";
import { coresBetween, Meter } from "./meter.mjs";

const LOAD = fileURLToPath(new URL("matrix-load.mjs", import.meta.url));
/** Connections, caches and polls settle in that time. */
const WARM_UP_SECONDS = 8;
const ANSWERS_WITHIN_MS = 60_000;
const unlimited = { per_second: 10_000, burst_count: 100_000 };
const RATE_LIMITS = {
  rc_message: unlimited,
  rc_registration: unlimited,
  rc_joins: { local: unlimited },
  rc_joins_per_room: unlimited,
  rc_room_creation: unlimited,
};
/** Ports and networks of this machine that nothing else may have: of the first arm, and so on. */
const portOf = (place) => 18421 + place;
const networkOf = (place) => `10.126.${216 + 4 * place}.0/22`;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A layout's name as it is, or a topology of bench/layouts/. */
const workersOf = (layout) => {
  try {
    return load(readFileSync(new URL(`layouts/${layout}.yaml`, import.meta.url), "utf8"));
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return layout;
  }
};

/** CPUs for what is measured, and for the load: those that are left, or all when none is. */
const placesFor = (cores) => ({
  arm: `0-${cores - 1}`,
  load: cores < cpus().length ? `${cores}-${cpus().length - 1}` : `0-${cores - 1}`,
});

export class Arm {
  #environment;
  #url;
  #place;
  #containers;
  #meter;
  #rooms;
  #cores;

  /** @param place - a number from 0 that no other arm has */
  constructor(layout, place) {
    this.layout = layout;
    this.#environment = `benchl-${layout}`;
    this.#place = place;
    this.#url = `http://127.0.0.1:${portOf(place)}`;
  }

  /** Synapse processes beside main. */
  get workers() {
    return this.#containers.filter((name) => /-synapse-(?!main$)/.test(name)).length;
  }

  /** Deploys, makes accounts and rooms, and pauses. */
  async deploy({ senders, members }) {
    removeEnvironment(this.#environment);
    const dir = mkdtempSync(join(tmpdir(), "synapse-kit-bench-"));
    try {
      mkdirSync(join(dir, "configs", "environments"), { recursive: true });
      const file = {
        server_name: "localhost",
        public_baseurl: this.#url,
        listen: { port: portOf(this.#place) },
        docker: { network: networkOf(this.#place) },
        expected: { federation: "closed" },
        // Neither is what is measured, and both would be a load of their own.
        monitoring: { enabled: false },
        compressor: { enabled: false },
        synapse: {
          workers: workersOf(this.layout),
          registration: "open",
          rate_limits: RATE_LIMITS,
          // Accounts are many and their passwords are worth nothing.
          settings: { bcrypt_rounds: 4 },
        },
      };
      writeFileSync(join(dir, "configs", "environments", `${this.#environment}.yaml`), dump(file));
      await start(process.execPath, [CLI, "deploy", this.#environment], { cwd: dir });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
    this.#containers = listed(this.#environment, "ps", "--format", "{{.Names}}");
    this.#meter = new Meter(this.#environment, this.#containers);
    const prepared = await this.#load({ do: "prepare", senders, members });
    this.#rooms = prepared.rooms;
    await pause(this.#containers);
  }

  /** Which CPUs everything runs on from now on: so many for the arm, the others for the load. */
  async pin(cores) {
    docker("unpause", ...this.#containers);
    docker("update", "--cpuset-cpus", placesFor(cores).arm, ...this.#containers);
    this.#cores = cores;
    await pause(this.#containers);
  }

  /**
   * One window of load on this arm alone.
   * @param rate - messages a second; without it every sender waits for the answer before its next message
   */
  async measure({ rate, seconds }) {
    docker("unpause", ...this.#containers);
    try {
      await this.#untilItAnswers();
      let from;
      let to;
      const job = { do: "measure", rooms: this.#rooms, rate, warm_up_seconds: WARM_UP_SECONDS, seconds };
      const seen = await this.#load(job, (line) => {
        if (line === "begin") from = this.#meter.cpu();
        if (line === "end") to = this.#meter.cpu();
      });
      const { services, machine } = coresBetween(from, to);
      const cores = sum(services);
      return {
        ...seen,
        messages_per_second: seen.messages / seen.seconds,
        cores: services,
        cpu_ms_per_message: (1000 * cores * seen.seconds) / seen.messages,
        /** Of everybody else on the machine, the engine and the kernel's own work among them. */
        other_cores: machine - cores - seen.generator.cores,
        memory_mib: this.#meter.memory(),
      };
    } finally {
      await pause(this.#containers);
    }
  }

  remove() {
    removeEnvironment(this.#environment);
  }

  async #load(job, onLine) {
    const node = [process.execPath, LOAD];
    const [program, ...args] =
      this.#cores === undefined ? node : ["taskset", "--cpu-list", placesFor(this.#cores).load, ...node];
    return JSON.parse(await start(program, args, { input: JSON.stringify({ url: this.#url, ...job }), onLine }));
  }

  async #untilItAnswers() {
    const last = Date.now() + ANSWERS_WITHIN_MS;
    for (;;) {
      const response = await fetch(`${this.#url}/_matrix/client/versions`).catch(() => undefined);
      await response?.text();
      if (response?.ok) return;
      if (Date.now() > last) throw new Error(`${this.#environment} does not answer`);
      await sleep(250);
    }
  }
}
