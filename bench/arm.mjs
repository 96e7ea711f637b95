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
  rc_login: { address: unlimited, account: unlimited },
};
/** They are many, and their passwords are worth nothing. */
const CHEAP_ACCOUNTS = { bcrypt_rounds: 4 };

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
  #port;
  #network;
  #more;
  #containers;
  #meter;
  #rooms;
  #cores;

  /**
   * @param at - name, port and network of the environment, which nothing else on this machine may have
   * @param more - further keys of its file
   */
  constructor(layout, { environment, port, network }, more = {}) {
    this.layout = layout;
    this.#environment = environment;
    this.#port = port;
    this.#network = network;
    this.#more = more;
    this.#url = `http://127.0.0.1:${port}`;
  }

  get url() {
    return this.#url;
  }

  /** Synapse processes beside main. */
  get workers() {
    return this.#containers.filter((name) => /-synapse-(?!main$)/.test(name)).length;
  }

  /** Of the images that run, by service. */
  get versions() {
    const images = docker("inspect", "--format", "{{.Config.Image}}", ...this.#containers).split("\n");
    return Object.fromEntries(
      images.map((image) => [image.match(/([a-z]+)[-\d]*:/)[1], image.match(/:\D*(\d+(?:\.\d+)+)/)[1]]),
    );
  }

  /**
   * Deploys, makes accounts and rooms, and pauses.
   * @returns the rooms, as of `prepare`
   */
  async deploy(...loads) {
    removeEnvironment(this.#environment);
    const dir = mkdtempSync(join(tmpdir(), "synapse-kit-bench-"));
    try {
      mkdirSync(join(dir, "configs", "environments"), { recursive: true });
      const file = {
        server_name: "localhost",
        public_baseurl: this.#url,
        listen: { port: this.#port },
        docker: { network: this.#network },
        expected: { federation: "closed" },
        // Neither is what is measured, and both would be a load of their own.
        monitoring: { enabled: false },
        compressor: { enabled: false },
        ...this.#more,
        synapse: {
          workers: workersOf(this.layout),
          registration: "open",
          rate_limits: RATE_LIMITS,
          settings: CHEAP_ACCOUNTS,
          ...this.#more.synapse,
        },
      };
      writeFileSync(join(dir, "configs", "environments", `${this.#environment}.yaml`), dump(file));
      await start(process.execPath, [CLI, "deploy", this.#environment], { cwd: dir });
      /** What `size --json` says of it. */
      this.size = JSON.parse(await start(process.execPath, [CLI, "size", this.#environment, "--json"], { cwd: dir }));
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
    this.#containers = listed(this.#environment, "ps", "--format", "{{.Names}}");
    this.#meter = new Meter(this.#environment, this.#containers);
    await pause(this.#containers);
    return loads.length > 0 ? this.prepare(loads) : [];
  }

  /**
   * Makes accounts and rooms.
   * @param loads - senders, each with a room, and members of each; a label from the second on
   * @returns the rooms of each load; those of the first are what is measured where none are named
   */
  async prepare(loads) {
    this.resume();
    await this.#untilItAnswers();
    const made = [];
    for (const load of loads) made.push((await this.#load({ do: "prepare", ...load })).rooms);
    [this.#rooms] = made;
    await pause(this.#containers);
    return made;
  }

  /** Runs on, paused until now, while another arm is measured. */
  resume() {
    docker("unpause", ...this.#containers);
  }

  /** Which CPUs everything runs on from now on: so many for the arm, the others for the load. */
  async pin(cores) {
    this.resume();
    docker("update", "--cpuset-cpus", placesFor(cores).arm, ...this.#containers);
    this.#cores = cores;
    await pause(this.#containers);
  }

  /**
   * One window of load on this arm alone.
   * @param rate - messages a second; without it every sender waits for the answer before its next message
   * @param peer - another server, whose users send
   */
  async measure({ rate, seconds, rooms = this.#rooms, warmUpSeconds = WARM_UP_SECONDS, pollMs, sendUrl, peer }) {
    const { seen, from, to } = await this.#window({
      do: "measure",
      rooms,
      rate,
      warm_up_seconds: warmUpSeconds,
      seconds,
      poll_ms: pollMs,
      send_url: sendUrl,
      peer,
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
      database_ms: to.database - from.database,
    };
  }

  /** Some operations, one after another, on this arm alone: how many they were, and how many seconds of CPU they took. */
  async operate(job) {
    const { seen, from, to } = await this.#window({ do: "operate", ...job });
    const { services } = coresBetween(from, to);
    return { ...seen, cores: services, seconds: to.at - from.at, database_ms: to.database - from.database };
  }

  remove() {
    removeEnvironment(this.#environment);
  }

  async #window(job) {
    this.resume();
    try {
      await this.#untilItAnswers();
      let from;
      let to;
      // The database is asked outside of the window, since to ask is work.
      const seen = await this.#load(job, (line) => {
        if (line === "begin") from = { database: this.#databaseMs(), ...this.#meter.cpu() };
        if (line === "end") to = { ...this.#meter.cpu(), database: this.#databaseMs() };
      });
      return { seen, from, to };
    } finally {
      await pause(this.#containers);
    }
  }

  /** Milliseconds for which Synapse's connections were busy so far, or idle in a transaction, all together. */
  #databaseMs() {
    const sql = "SELECT active_time + idle_in_transaction_time FROM pg_stat_database WHERE datname = 'synapse'";
    return Number(docker("exec", `${this.#environment}-postgres`, "psql", "-U", "postgres", "-At", "-c", sql));
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
