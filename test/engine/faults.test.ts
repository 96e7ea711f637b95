import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { LAYOUTS } from "../../configs/catalogue/layouts";
import { type Route, routes } from "../../constructs/nginx/routes";
import { prepareSize } from "../../host/prepare";
import { rowFor } from "../catalogue/request";
import { type NginxEntry, nginxEntries, synapseEntries } from "../support/access-logs";
import { docker, EngineProject } from "../support/engine-project";
import { LightLoad, type Probe, type Shot, shoot } from "../support/light-load";
import { MatrixClient } from "../support/matrix-client";

const DEPLOY_MS = 10 * 60_000;
const PORT = 18013;
/** How long each process stays down, and is watched after it came back. */
const DOWN_MS = 4000;
const BACK_MS = 3000;
/** What it may take until nobody notices any more. */
const NOTICED_MS = 1000;

const project = new EngineProject("e2e-faults");
const guest = new MatrixClient(`http://127.0.0.1:${PORT}`);

let table: readonly Route[];
let probes: readonly Probe[];
/** Who serves each probe while everything is up. */
let home: ReadonlyMap<Probe, string>;

const C = "/_matrix/client/v3";
const numbers = [1, 2, 3, 4, 5, 6];

/**
 * A cheap request for every role, several where a pool serves it. Unknown users are refused with 401 and unknown rooms
 * with 403 by the process that gets the request, which is all that matters here.
 */
const probesFor = (alice: MatrixClient, room: string, event: string): Probe[] => {
  const probe = (client: MatrixClient, method: string, path: string, body?: unknown, since?: string): Probe => ({
    client,
    method,
    path,
    query: { timeout: "0", ...(since === undefined ? {} : { since }) },
    ...(body === undefined ? {} : { body }),
  });
  const strangers = numbers.map((n) => guest.withToken(`syt_${Buffer.from(`stranger${n}`).toString("base64url")}_a_b`));
  const rooms = numbers.map((n) => encodeURIComponent(`!unknown${n}:localhost`));
  const user = encodeURIComponent("@alice:localhost");
  return [
    ...strangers.flatMap((stranger) => [
      probe(stranger, "GET", `${C}/sync`, undefined, "s1"),
      probe(stranger, "GET", `${C}/initialSync`),
      probe(stranger, "POST", "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync", {}),
    ]),
    ...rooms.flatMap((unknown) => [
      probe(alice, "GET", `${C}/rooms/${unknown}/messages`),
      probe(alice, "GET", `${C}/rooms/${unknown}/state/m.room.create/`),
      probe(alice, "GET", `${C}/rooms/${unknown}/joined_members`),
    ]),
    probe(alice, "GET", `${C}/login`),
    probe(alice, "GET", `${C}/login/sso/redirect`),
    probe(alice, "POST", `${C}/user_directory/search`, { search_term: "alice" }),
    probe(alice, "PUT", `${C}/rooms/${room}/typing/${user}`, { typing: false }),
    probe(alice, "PUT", `${C}/sendToDevice/org.example.kit/once`, { messages: {} }),
    probe(alice, "POST", `${C}/rooms/${room}/receipt/m.read/${event}`, {}),
    probe(alice, "GET", `${C}/pushrules/`),
    probe(alice, "GET", `${C}/presence/${user}/status`),
    probe(alice, "GET", `${C}/user/${user}/rooms/${room}/tags`),
    probe(alice, "GET", `${C}/devices`),
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

const withLogs = (shots: readonly Shot[], since: string): Served[] => {
  const byMark = new Map(synapseEntries(project.name, since).map((entry) => [entry.mark, entry]));
  const byId = new Map(nginxEntries(project.name, since).map((entry) => [entry.requestId, entry]));
  return shots.map((shot) => {
    const synapse = byMark.get(shot.mark);
    return { ...shot, process: synapse?.process, nginx: byId.get(synapse?.requestId ?? "") };
  });
};

const now = (): string => new Date(Date.now() - 1000).toISOString();

beforeAll(async () => {
  writeFileSync(
    project.file,
    `server_name: localhost
public_baseurl: http://127.0.0.1:${PORT}
hardware: { ram: 16GB, cpus: 8 }
listen: { address: 127.0.0.1, port: ${PORT} }
docker: { network: 10.123.140.0/22 }
monitoring: { enabled: false }
compressor: { enabled: false }
expected: { federation: closed, users: 100 }
synapse:
  workers: eight
  registration: open
`,
  );
  const { code, stderr } = await project.kit(["deploy", project.name]);
  if (code !== 0) throw new Error(stderr);
  const { environment, plan } = await prepareSize(project.name, project.dir);
  table = routes(environment, plan);
  const { body } = await guest.register("alice", "correct horse battery staple");
  const alice = guest.withToken(body.access_token);
  const room = encodeURIComponent((await alice.request("POST", `${C}/createRoom`, {})).body.room_id);
  const sent = await alice.request("PUT", `${C}/rooms/${room}/send/m.room.message/1`, { body: "1" });
  probes = probesFor(alice, room, encodeURIComponent(sent.body.event_id));
  const since = now();
  const shots = await Promise.all(probes.map(shoot));
  await sleep(1000);
  home = new Map(withLogs(shots, since).map(({ probe, process }) => [probe, process as string]));
}, DEPLOY_MS);
afterAll(() => project.removeAll(), DEPLOY_MS);

test("every role has a probe, and every process of a pool has one", () => {
  const roles = new Set(probes.map((probe) => rowOf(probe).role));
  expect([...roles].sort()).toEqual([...new Set(table.map(({ role }) => role))].sort());
  for (const { processes } of table) expect([...home.values()]).toEqual(expect.arrayContaining([...processes]));
});

const healthOf = (container: string): string => docker("inspect", "--format", "{{.State.Health.Status}}", container);

const untilHealthy = async (container: string): Promise<void> => {
  while (healthOf(container) !== "healthy") await sleep(200);
};

const said = ({ probe, status, process }: Served) => `${probe.method} ${probe.path}: ${status} of ${process}`;

describe.each(LAYOUTS.eight.processes.map(({ name }) => name))("%s is killed and comes back", (name) => {
  const container = `${project.name}-synapse-${name}`;
  let killed: number;
  let started: number;
  let healthy: number;
  /** Of the probes that the process serves while it is up. */
  let own: Served[];
  let foreign: Served[];

  beforeAll(async () => {
    const since = now();
    const load = new LightLoad(probes);
    await sleep(1000);
    docker("kill", container);
    killed = Date.now();
    await sleep(DOWN_MS);
    expect(docker("inspect", "--format", "{{.State.Running}}", container)).toBe("false");
    started = Date.now();
    docker("start", container);
    await untilHealthy(container);
    healthy = Date.now();
    await sleep(BACK_MS);
    const shots = withLogs(await load.stop(), since);
    own = shots.filter(({ probe }) => home.get(probe) === name);
    foreign = shots.filter(({ probe }) => home.get(probe) !== name);
  }, 180_000);

  const whileDown = (shots: readonly Served[]) =>
    shots.filter((shot) => shot.started > killed + NOTICED_MS && shot.started < started);

  const servesAnything = (fallback: boolean) =>
    [...home].some(([probe, process]) => process === name && rowOf(probe).fallback === fallback);

  test("main, or another of the pool, stands in within a second where the catalogue says so", () => {
    const falling = whileDown(own).filter(({ probe }) => rowOf(probe).fallback);
    expect(falling.length > 0).toBe(servesAnything(true));
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

  test("fails for its own endpoints where nobody can stand in, and for no others", () => {
    const failing = whileDown(own).filter(({ probe }) => !rowOf(probe).fallback);
    expect(failing.length > 0).toBe(servesAnything(false));
    for (const shot of failing) {
      expect([said(shot), [502, 504].includes(shot.status)]).toEqual([said(shot), true]);
    }
    expect(foreign.length).toBeGreaterThan(100);
    expect(foreign.filter(({ status }) => status === 0 || status >= 500).map(said)).toEqual([]);
  });

  test("gets its requests again once it is back", () => {
    const back = own.filter((shot) => shot.started > healthy + NOTICED_MS);
    expect(back.length > 0).toBe([...home.values()].includes(name));
    expect(back.filter(({ process }) => process !== name).map(said)).toEqual([]);
  });
});
