import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { LAYOUTS, type LayoutProcess } from "../../configs/catalogue/layouts";
import { roleOf } from "../../configs/catalogue/roles";
import { explainerOf } from "../../constructs/nginx/explain";
import { type Route, routes } from "../../constructs/nginx/routes";
import { prepareSize } from "../../host/prepare";
import { rowFor } from "../catalogue/request";
import { type NginxEntry, nginxEntries, synapseEntriesWith } from "../support/access-logs";
import { docker, EngineProject } from "../support/engine-project";
import { LightLoad, type Probe, type Shot, shoot } from "../support/light-load";
import { MatrixClient } from "../support/matrix-client";
import { type Chore, chores } from "../support/silent-chores";

const DEPLOY_MS = 15 * 60_000;
const PORT = 18013;
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

/** The layout with the most processes: each role that any other gives to a worker has one here too. */
const layout = LAYOUTS.seventeen;
const project = new EngineProject("e2e-faults");
const guest = new MatrixClient(`http://127.0.0.1:${PORT}`);

let table: readonly Route[];
let probes: readonly Probe[];
/** Who serves each probe while everything is up. */
let home: ReadonlyMap<Probe, string>;
let work: readonly Chore[];

const C = "/_matrix/client/v3";

/** Users and rooms that Synapse does not know, one for each process of the pools that they choose. */
interface Strangers {
  readonly users: readonly string[];
  readonly rooms: readonly string[];
}

/**
 * A cheap request for every role, several where a pool serves it. Unknown users are refused with 401 and unknown rooms
 * with 403 by the process that gets the request, which is all that matters here. Writes are real where whoever stands in
 * might have to wait for another process.
 */
const probesFor = (strangers: Strangers, alice: MatrixClient, room: string, event: string): Probe[] => {
  const probe = (client: MatrixClient, method: string, path: string, body?: unknown, since?: string): Probe => ({
    client,
    method,
    path,
    query: { timeout: "0", ...(since === undefined ? {} : { since }) },
    ...(body === undefined ? {} : { body }),
  });
  const user = encodeURIComponent("@alice:localhost");
  const identifier = { type: "m.id.user", user: "alice" };
  return [
    ...strangers.users.flatMap((name) => {
      const stranger = guest.withToken(`syt_${Buffer.from(name).toString("base64url")}_a_b`);
      return [
        probe(stranger, "GET", `${C}/sync`, undefined, "s1"),
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
    probe(alice, "GET", `${C}/login`),
    probe(alice, "POST", `${C}/login`, { type: "m.login.password", identifier, password: PASSWORD, device_id: "KIT" }),
    probe(alice, "GET", `${C}/login/sso/redirect`),
    probe(alice, "POST", `${C}/user_directory/search`, { search_term: "alice" }),
    probe(alice, "PUT", `${C}/rooms/${room}/typing/${user}`, { typing: false }),
    probe(alice, "PUT", `${C}/sendToDevice/org.example.kit/once`, { messages: {} }),
    probe(alice, "POST", `${C}/rooms/${room}/receipt/m.read/${event}`, {}),
    probe(alice, "GET", `${C}/pushrules/`),
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

const rowOf = ({ method, path, query }: Probe): Route => {
  const row = rowFor(table, { method, uri: `${path}?${new URLSearchParams(query)}` });
  if (!row) throw new Error(`no row for ${path}`);
  return row;
};

interface Served extends Shot {
  /** Undefined where no process did. */
  readonly process: string | undefined;
  readonly nginx: NginxEntry | undefined;
}

const withLogs = async (shots: readonly Shot[], since: string): Promise<Served[]> => {
  const marks = shots.filter(({ status }) => status > 0 && status < 500).map(({ mark }) => mark);
  const byMark = new Map((await synapseEntriesWith(project.name, since, marks)).map((entry) => [entry.mark, entry]));
  const byId = new Map(nginxEntries(project.name, since).map((entry) => [entry.requestId, entry]));
  return shots.map((shot) => {
    const synapse = byMark.get(shot.mark);
    return { ...shot, process: synapse?.process, nginx: byId.get(synapse?.requestId ?? "") };
  });
};

const now = (): string => new Date(Date.now() - 1000).toISOString();

const deploy = async (): Promise<Strangers> => {
  writeFileSync(
    project.file,
    `server_name: localhost
public_baseurl: http://127.0.0.1:${PORT}
hardware: { ram: 32GB, cpus: 16 }
listen: { address: 127.0.0.1, port: ${PORT} }
docker: { network: 10.123.140.0/22 }
monitoring: { enabled: false }
compressor: { enabled: false }
expected: { federation: closed, users: 100 }
synapse:
  workers: ${layout.name}
  registration: open
  rate_limits:
    rc_message: ${LIMIT}
    rc_login: { address: ${LIMIT}, account: ${LIMIT} }
  settings: { bcrypt_rounds: 4 }
`,
  );
  const { code, stderr } = await project.kit(["deploy", project.name]);
  if (code !== 0) throw new Error(stderr);
  const { environment, plan } = await prepareSize(project.name, project.dir);
  table = routes(environment, plan);
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
};

beforeAll(async () => {
  const strangers = await deploy();
  const { body } = await guest.register("alice", PASSWORD);
  const alice = guest.withToken(body.access_token);
  const room = encodeURIComponent((await alice.request("POST", `${C}/createRoom`, {})).body.room_id);
  const sent = await alice.request("PUT", `${C}/rooms/${room}/send/m.room.message/1`, { body: "1" });
  probes = probesFor(strangers, alice, room, encodeURIComponent(sent.body.event_id));
  const since = now();
  const shots = await Promise.all(probes.map(shoot));
  home = new Map((await withLogs(shots, since)).map(({ probe, process }) => [probe, process as string]));
  work = await chores(project.name, guest, alice);
}, DEPLOY_MS);
afterAll(() => project.removeAll(), DEPLOY_MS);

test("every role has a probe, and every process of a pool has one", () => {
  const roles = new Set(probes.map((probe) => rowOf(probe).role));
  expect([...roles].sort()).toEqual([...new Set(table.map(({ role }) => role))].sort());
  for (const { processes } of table) expect([...home.values()]).toEqual(expect.arrayContaining([...processes]));
});

test("every process that serves nobody has a chore", () => {
  const idle = layout.processes.map(({ name }) => name).filter((name) => ![...home.values()].includes(name));
  expect(work.map(({ process }) => process)).toEqual(expect.arrayContaining(idle));
});

const isLeaning = ({ roles }: LayoutProcess): boolean => roles.some((role) => roleOf(role).fallsBackToMain);

/**
 * Who is killed together, to save time: one that main stands in for and one that nobody does. They share neither a role
 * nor who stands in, so whatever fails is the fault of one of them.
 */
const rounds = (): string[][] => {
  const [main, ...workers] = layout.processes as [LayoutProcess, ...LayoutProcess[]];
  const apart = workers.filter((process) => !isLeaning(process));
  const leaning = workers.filter(isLeaning).map((process, index) => [process, ...apart.slice(index, index + 1)]);
  return [[main], ...leaning].map((round) => round.map(({ name }) => name));
};

test("every process has its turn", () => {
  expect(rounds().flat().sort()).toEqual(layout.processes.map(({ name }) => name).sort());
});

const container = (name: string): string => `${project.name}-synapse-${name}`;

const until = async (isSo: () => boolean, limitMs = Number.POSITIVE_INFINITY): Promise<void> => {
  const limit = Date.now() + limitMs;
  while (!isSo() && Date.now() < limit) await sleep(100);
};

const isHealthy = (name: string): boolean =>
  docker("inspect", "--format", "{{.State.Health.Status}}", container(name)) === "healthy";

const said = ({ probe, status, process }: Served) => `${probe.method} ${probe.path}: ${status} of ${process}`;

describe.each(rounds().map((names) => ({ names })))("$names killed and started again", ({ names }) => {
  let killed: number;
  let started: number;
  let healthy: number;
  let shots: Served[];

  beforeAll(async () => {
    const own = probes.filter((probe) => names.includes(home.get(probe) as string));
    const since = now();
    const load = new LightLoad(probes);
    await sleep(1000);
    docker("kill", ...names.map(container));
    killed = Date.now();
    const undone = work.filter(({ process }) => names.includes(process));
    await Promise.all([
      sleep(DOWN_MS),
      until(() => load.hasAnswers(own, killed + NOTICED_MS), ANSWERED_MS),
      ...undone.map((chore) => chore.ask()),
    ]);
    for (const chore of undone) expect([chore.what, await chore.isDone()]).toEqual([chore.what, false]);
    const running = docker("inspect", "--format", "{{.State.Running}}", ...names.map(container));
    expect(running).not.toContain("true");
    started = Date.now();
    docker("start", ...names.map(container));
    await until(() => names.every(isHealthy));
    healthy = Date.now();
    await until(() => load.hasAnswers(own, healthy + NOTICED_MS), ANSWERED_MS);
    shots = await withLogs(await load.stop(), since);
  }, 300_000);

  const whileDown = () => shots.filter((shot) => shot.started > killed + NOTICED_MS && shot.started < started);

  test("nobody else's requests fail", () => {
    const foreign = shots.filter(({ probe }) => !names.includes(home.get(probe) as string));
    expect(foreign.length).toBeGreaterThan(100);
    expect(foreign.filter(({ status }) => status === 0 || status >= 500).map(said)).toEqual([]);
  });

  describe.each(names)("%s", (name) => {
    const ownOf = (list: readonly Served[]) => list.filter(({ probe }) => home.get(probe) === name);
    const ownProbes = (fallback: boolean) =>
      probes.filter((probe) => home.get(probe) === name && rowOf(probe).fallback === fallback);
    /** Each probe once, as text. */
    const named = (list: readonly Probe[]) => [...new Set(list)].map(({ method, path }) => `${method} ${path}`).sort();
    const probesOf = (list: readonly Served[]) => named(list.map(({ probe }) => probe));

    test("main, or another of the pool, stands in within a second where the catalogue says so", () => {
      const falling = ownOf(whileDown()).filter(({ probe }) => rowOf(probe).fallback);
      // Answered before anybody could wait for it to come back.
      expect(probesOf(falling.filter(({ answered }) => answered < started))).toEqual(named(ownProbes(true)));
      // Nginx did try the silent one.
      expect(falling.some(({ nginx }) => (nginx?.tries.length ?? 0) > 1)).toBe(falling.length > 0);
      for (const shot of falling) {
        const { processes } = rowOf(shot.probe);
        expect([said(shot), shot.status < 500]).toEqual([said(shot), true]);
        expect(["main", ...processes].filter((process) => process !== name)).toContain(shot.process);
        // The silent one, and whatever it takes a busy machine to notice the time.
        for (const seconds of shot.nginx?.tries.slice(0, -1) ?? []) expect(seconds).toBeLessThan(0.9);
      }
    });

    test("fails for its own endpoints where nobody can stand in", () => {
      const failing = ownOf(whileDown()).filter(({ probe }) => !rowOf(probe).fallback);
      expect(probesOf(failing.filter(({ answered }) => answered < started))).toEqual(named(ownProbes(false)));
      for (const shot of failing) {
        expect([said(shot), [502, 504].includes(shot.status)]).toEqual([said(shot), true]);
      }
    });

    test("gets its requests again once it is back", () => {
      const back = ownOf(shots).filter((shot) => shot.started > healthy + NOTICED_MS);
      expect(probesOf(back)).toEqual(named([...ownProbes(true), ...ownProbes(false)]));
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
});
