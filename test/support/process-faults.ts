import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { LAYOUTS, type Layout } from "../../configs/catalogue/layouts";
import type { WorkerLayoutName } from "../../configs/environment";
import { explainerOf } from "../../constructs/nginx/explain";
import { type Route, routes } from "../../constructs/nginx/routes";
import { prepareSize } from "../../host/prepare";
import { rowFor } from "../catalogue/request";
import { type NginxEntry, nginxEntries, synapseEntriesWith } from "./access-logs";
import { docker, EngineProject } from "./engine-project";
import { LightLoad, type Probe, type Shot, shoot } from "./light-load";
import { MatrixClient } from "./matrix-client";
import { type Chore, chores } from "./silent-chores";

const DEPLOY_MS = 15 * 60_000;
/** What it may take until nobody notices any more. */
const NOTICED_MS = 1000;
/** How long each process stays down at least. */
const DOWN_MS = 2500;
/** Far more than any answer takes, and less than a process waits for another one that is down. */
const ANSWERED_MS = 30_000;
/** How long what nobody waits for may take. */
const CHORE_MS = 90_000;
const LIMIT = "{ per_second: 1000, burst_count: 1000 }";
const PASSWORD = "correct horse battery staple";

const C = "/_matrix/client/v3";

/** Users and rooms that Synapse does not know, one for each process of the pools that they choose. */
interface Strangers {
  readonly users: readonly string[];
  readonly rooms: readonly string[];
}

interface Scene {
  readonly guest: MatrixClient;
  readonly alice: MatrixClient;
  readonly strangers: Strangers;
  /** Token of a sync of hers. */
  readonly since: string;
  /** Ids of a room of hers and of an event in it, encoded. */
  readonly room: string;
  readonly event: string;
}

/**
 * A cheap request for every role, several where a pool serves it. Unknown users are refused with 401 and unknown rooms
 * with 403 by the process that gets the request, which is all that matters here. Writes are real where whoever stands in
 * might have to wait for another process.
 */
const probesFor = ({ guest, alice, strangers, since, room, event }: Scene): Probe[] => {
  const probe = (
    client: MatrixClient,
    method: string,
    path: string,
    body?: unknown,
    query: Readonly<Record<string, string>> = {},
  ): Probe => ({ client, method, path, query: { timeout: "0", ...query }, ...(body === undefined ? {} : { body }) });
  const user = encodeURIComponent("@alice:localhost");
  const identifier = { type: "m.id.user", user: "alice" };
  return [
    ...strangers.users.flatMap((name) => {
      const stranger = guest.withToken(`syt_${Buffer.from(name).toString("base64url")}_a_b`);
      return [
        probe(stranger, "GET", `${C}/sync`, undefined, { since: "s1" }),
        probe(stranger, "GET", `${C}/initialSync`),
        probe(stranger, "POST", "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync", {}),
      ];
    }),
    ...strangers.rooms.flatMap((name) => {
      const unknown = encodeURIComponent(name);
      return [
        probe(alice, "GET", `${C}/rooms/${unknown}/messages`),
        probe(alice, "GET", `${C}/rooms/${unknown}/state/m.room.create/`),
        probe(alice, "PUT", `${C}/rooms/${unknown}/state/org.example.kit/`, {}),
        probe(alice, "GET", `${C}/rooms/${unknown}/joined_members`),
      ];
    }),
    // Each is news, which the writer of presence is told.
    ...["online", "unavailable"].flatMap((presence) => [
      probe(alice, "GET", `${C}/sync`, undefined, { since, set_presence: presence }),
      probe(alice, "GET", `${C}/sync`, undefined, { set_presence: presence }),
    ]),
    probe(alice, "GET", `${C}/login`),
    probe(alice, "POST", `${C}/login`, { type: "m.login.password", identifier, password: PASSWORD, device_id: "KIT" }),
    probe(alice, "GET", `${C}/login/sso/redirect`),
    probe(alice, "POST", `${C}/user_directory/search`, { search_term: "alice" }),
    probe(alice, "PUT", `${C}/rooms/${room}/typing/${user}`, { typing: false }),
    probe(alice, "PUT", `${C}/sendToDevice/org.example.kit/once`, { messages: {} }),
    probe(alice, "POST", `${C}/rooms/${room}/receipt/m.read/${event}`, {}),
    probe(alice, "GET", `${C}/pushrules/`),
    probe(alice, "PUT", `${C}/pushrules/global/override/.m.rule.master/enabled`, { enabled: false }),
    probe(alice, "GET", `${C}/presence/${user}/status`),
    probe(alice, "GET", `${C}/user/${user}/rooms/${room}/tags`),
    probe(alice, "PUT", `${C}/user/${user}/rooms/${room}/tags/u.kit`, {}),
    probe(alice, "GET", `${C}/devices`),
    probe(alice, "PUT", `${C}/devices/KIT`, { display_name: "kit" }),
    probe(alice, "GET", "/_matrix/client/v1/media/config"),
    probe(guest, "PUT", "/_matrix/federation/v1/send/1", {}),
    probe(guest, "GET", "/_matrix/federation/v1/version"),
    probe(alice, "GET", `${C}/pushers`),
    probe(guest, "GET", "/_matrix/key/v2/server"),
  ];
};

interface Served extends Shot {
  /** Undefined where no process did. */
  readonly process: string | undefined;
  readonly nginx: NginxEntry | undefined;
}

const now = (): string => new Date(Date.now() - 1000).toISOString();

/** Where the server of a layout is, and how it is asked. */
class FaultyServer {
  readonly project: EngineProject;
  readonly guest: MatrixClient;
  table: readonly Route[] = [];

  constructor(
    readonly layout: Layout,
    private readonly port: number,
    private readonly network: string,
  ) {
    this.project = new EngineProject(`e2e-faults-${layout.name}`);
    this.guest = new MatrixClient(`http://127.0.0.1:${port}`);
  }

  async deploy(): Promise<Strangers> {
    const { project, port } = this;
    writeFileSync(
      project.file,
      `server_name: localhost
public_baseurl: http://127.0.0.1:${port}
hardware: { ram: 32GB, cpus: 16 }
listen: { address: 127.0.0.1, port: ${port} }
docker: { network: ${this.network} }
monitoring: { enabled: false }
compressor: { enabled: false }
expected: { federation: closed, users: 100 }
synapse:
  workers: ${this.layout.name}
  registration: open
  rate_limits:
    rc_message: ${LIMIT}
    rc_login: { address: ${LIMIT}, account: ${LIMIT} }
    rc_presence: { per_user: ${LIMIT} }
  settings: { bcrypt_rounds: 4 }
`,
    );
    const { code, stderr } = await project.kit(["deploy", project.name]);
    if (code !== 0) throw new Error(stderr);
    const { environment, plan } = await prepareSize(project.name, project.dir);
    this.table = routes(environment, plan);
    const explain = explainerOf(environment, plan);
    const numbers = Array.from({ length: 100 }, (_, n) => n);
    /** The first of these for each process. */
    const oneEach = (names: readonly string[], processOf: (name: string) => string | null): string[] => [
      ...new Map(names.map((name) => [processOf(name), name])).values(),
    ];
    return {
      users: oneEach(
        numbers.map((n) => `stranger${n}`),
        (user) => explain({ method: "GET", target: `${C}/sync?since=s1`, user }).process,
      ),
      rooms: oneEach(
        numbers.map((n) => `!unknown${n}:localhost`),
        (room) => explain({ method: "GET", target: `${C}/rooms/${encodeURIComponent(room)}/messages` }).process,
      ),
    };
  }

  rowOf({ method, path, query }: Probe): Route {
    const row = rowFor(this.table, { method, uri: `${path}?${new URLSearchParams(query)}` });
    if (!row) throw new Error(`no row for ${path}`);
    return row;
  }

  container(process: string): string {
    return `${this.project.name}-synapse-${process}`;
  }

  isHealthy(process: string): boolean {
    return docker("inspect", "--format", "{{.State.Health.Status}}", this.container(process)) === "healthy";
  }

  isRunning(process: string): boolean {
    return docker("inspect", "--format", "{{.State.Running}}", this.container(process)) === "true";
  }

  async withLogs(shots: readonly Shot[], since: string): Promise<Served[]> {
    const { name } = this.project;
    const marks = shots.filter(({ status }) => status > 0 && status < 500).map(({ mark }) => mark);
    const byMark = new Map((await synapseEntriesWith(name, since, marks)).map((entry) => [entry.mark, entry]));
    const byId = new Map(nginxEntries(name, since).map((entry) => [entry.requestId, entry]));
    return shots.map((shot) => {
      const synapse = byMark.get(shot.mark);
      return { ...shot, process: synapse?.process, nginx: byId.get(synapse?.requestId ?? "") };
    });
  }
}

const until = async (isSo: () => boolean, limitMs = Number.POSITIVE_INFINITY): Promise<void> => {
  const limit = Date.now() + limitMs;
  while (!isSo() && Date.now() < limit) await sleep(100);
};

const said = ({ probe, status, process }: Served) => `${probe.method} ${probe.path}: ${status} of ${process}`;
/** Whoever answers a login, main makes the device (handlers/register.py): it waits until main is back. */
const waitsFor = (process: string, { method, path }: Probe): boolean =>
  process === "main" && method === "POST" && path === `${C}/login`;

/** Probes without an answer among these, as text. */
const unanswered = (probes: readonly Probe[], shots: readonly Served[]): string[] => {
  const answered = new Set(shots.map(({ probe }) => probe));
  return probes
    .filter((probe) => !answered.has(probe))
    .map(({ method, path, query }) => `${method} ${path}?${new URLSearchParams(query)}`);
};

/**
 * Tests of a layout of the kit: it is deployed, and each of its processes is killed in turn under light load.
 * @param port - of 127.0.0.1
 * @param network - of Docker, not any other's
 */
export const faultTests = (layoutName: Exclude<WorkerLayoutName, "none">, port: number, network: string): void => {
  const layout = LAYOUTS[layoutName];
  const server = new FaultyServer(layout, port, network);
  let probes: readonly Probe[];
  /** Who serves each probe while everything is up. */
  let home: ReadonlyMap<Probe, string>;
  let work: readonly Chore[];

  beforeAll(async () => {
    const strangers = await server.deploy();
    const { guest } = server;
    const { body } = await guest.register("alice", PASSWORD);
    const alice = guest.withToken(body.access_token);
    const room = encodeURIComponent((await alice.request("POST", `${C}/createRoom`, {})).body.room_id);
    const sent = await alice.request("PUT", `${C}/rooms/${room}/send/m.room.message/1`, { body: "1" });
    const synced = await alice.request("GET", `${C}/sync`, undefined, { query: { timeout: "0" } });
    const event = encodeURIComponent(sent.body.event_id);
    probes = probesFor({ guest, alice, strangers, since: synced.body.next_batch, room, event });
    const since = now();
    const shots = await Promise.all(probes.map(shoot));
    home = new Map((await server.withLogs(shots, since)).map(({ probe, process }) => [probe, process as string]));
    work = await chores(server.project.name, layout, guest, alice);
  }, DEPLOY_MS);
  afterAll(() => server.project.removeAll(), DEPLOY_MS);

  test("every role has a probe, and every process of a pool has one", () => {
    expect([...home].filter(([, process]) => process === undefined)).toEqual([]);
    const roles = new Set(probes.map((probe) => server.rowOf(probe).role));
    expect([...roles].sort()).toEqual([...new Set(server.table.map(({ role }) => role))].sort());
    for (const { processes } of server.table) {
      expect([...home.values()]).toEqual(expect.arrayContaining([...processes]));
    }
  });

  test("every process that serves nobody has a chore", () => {
    const idle = layout.processes.map(({ name }) => name).filter((name) => ![...home.values()].includes(name));
    expect(work.map(({ process }) => process)).toEqual(expect.arrayContaining(idle));
  });

  describe.each(layout.processes.map(({ name }) => name))("%s killed and started again", (name) => {
    let killed: number;
    let started: number;
    let healthy: number;
    let shots: Served[];

    const ownOf = (list: readonly Served[]) => list.filter(({ probe }) => home.get(probe) === name);
    const foreignOf = (list: readonly Served[]) => list.filter(({ probe }) => home.get(probe) !== name);
    const ownProbes = (fallback: boolean) =>
      probes.filter((probe) => home.get(probe) === name && server.rowOf(probe).fallback === fallback);
    const whileDown = () => shots.filter((shot) => shot.started > killed + NOTICED_MS && shot.started < started);
    /** Those that were answered before anybody could wait for it to come back. */
    const atOnce = (list: readonly Served[]) => list.filter(({ answered }) => answered < started);

    beforeAll(async () => {
      const since = now();
      const load = new LightLoad(probes);
      await sleep(1000);
      docker("kill", server.container(name));
      killed = Date.now();
      const undone = work.filter(({ process }) => process === name);
      await Promise.all([
        sleep(DOWN_MS),
        until(() => load.hasAnswers(probes, killed + NOTICED_MS), ANSWERED_MS),
        ...undone.map((chore) => chore.ask()),
      ]);
      for (const chore of undone) expect([chore.what, await chore.isDone()]).toEqual([chore.what, false]);
      expect(server.isRunning(name)).toBe(false);
      started = Date.now();
      docker("start", server.container(name));
      await until(() => server.isHealthy(name));
      healthy = Date.now();
      await until(() => load.hasAnswers(probes, healthy + NOTICED_MS), ANSWERED_MS);
      shots = await server.withLogs(await load.stop(), since);
    }, 300_000);

    test("nobody else's requests fail, or wait for it", () => {
      const foreign = foreignOf(shots);
      expect(foreign.length).toBeGreaterThan(100);
      expect(foreign.filter(({ status }) => status === 0 || status >= 500).map(said)).toEqual([]);
      const others = probes.filter((probe) => home.get(probe) !== name && !waitsFor(name, probe));
      expect(unanswered(others, atOnce(whileDown()))).toEqual([]);
    });

    test("main, or another of the pool, stands in within a second where the catalogue says so", () => {
      const falling = ownOf(whileDown()).filter(({ probe }) => server.rowOf(probe).fallback);
      expect(unanswered(ownProbes(true), atOnce(falling))).toEqual([]);
      // Nginx did try the silent one.
      expect(falling.some(({ nginx }) => (nginx?.tries.length ?? 0) > 1)).toBe(falling.length > 0);
      for (const shot of falling) {
        const { processes } = server.rowOf(shot.probe);
        expect([said(shot), shot.status < 500]).toEqual([said(shot), true]);
        expect(["main", ...processes].filter((process) => process !== name)).toContain(shot.process);
        // The silent one, and whatever it takes a busy machine to notice the time.
        for (const seconds of shot.nginx?.tries.slice(0, -1) ?? []) expect(seconds).toBeLessThan(0.9);
      }
    });

    test("fails for its own endpoints where nobody can stand in", () => {
      const failing = ownOf(whileDown()).filter(({ probe }) => !server.rowOf(probe).fallback);
      expect(unanswered(ownProbes(false), atOnce(failing))).toEqual([]);
      for (const shot of failing) {
        expect([said(shot), [502, 504].includes(shot.status)]).toEqual([said(shot), true]);
      }
    });

    test("gets its requests again once it is back", () => {
      const back = ownOf(shots).filter((shot) => shot.started > healthy + NOTICED_MS);
      expect(unanswered([...ownProbes(true), ...ownProbes(false)], back)).toEqual([]);
      expect(back.filter(({ process }) => process !== name).map(said)).toEqual([]);
    });

    test(
      "does what was left undone",
      async () => {
        for (const chore of work.filter(({ process }) => process === name)) {
          const limit = Date.now() + CHORE_MS;
          while (!(await chore.isDone()) && Date.now() < limit) await sleep(500);
          expect([chore.what, await chore.isDone()]).toEqual([chore.what, true]);
        }
      },
      2 * CHORE_MS,
    );
  });
};
