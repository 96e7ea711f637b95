// What asking for the owners of tokens costs, on the real Nginx: `node bench/token-owners.mjs [--requests N] [--rounds N]`.
// Nothing but Nginx is at work: a second one answers at once in the place of Synapse. Cases take turns.
import { parseArgs } from "node:util";
import { markdown, shown, spread } from "./lib.mjs";
import { client, cpuSeconds, startNginx, startSynapse, stopAll } from "./nginx.mjs";

const { values } = parseArgs({ options: { requests: { type: "string" }, rounds: { type: "string" } } });
const REQUESTS = Number(values.requests ?? 20_000);
const ROUNDS = Number(values.rounds ?? 5);
/** One connection each, with one request at a time. */
const CLIENTS = 16;
/** A token is used as often before it changes: a sync each 30 s for five minutes. */
const REQUESTS_PER_TOKEN = 10;

const requestWith = (token) =>
  `GET /_matrix/client/v3/sync?since=s1 HTTP/1.1\r\nHost: example.org\r\nAuthorization: Bearer ${token}\r\n\r\n`;

let generation = 0;

const CASES = [
  ["off, Synapse's token", "off", (user) => () => `syt_dXNlcj${user}_abcdefghijklmnopqrst_0AbcDe`],
  ["on, Synapse's token", "on", (user) => () => `syt_dXNlcj${user}_abcdefghijklmnopqrst_0AbcDe`],
  ["off, opaque token", "off", (user, run) => (n) => `mat_user${user}_${run}x${Math.floor(n / REQUESTS_PER_TOKEN)}`],
  [
    `on, opaque token, new each ${REQUESTS_PER_TOKEN} requests`,
    "on",
    (user, run) => (n) => `mat_user${user}_${run}x${Math.floor(n / REQUESTS_PER_TOKEN)}`,
  ],
  ["on, opaque token, known", "on", (user) => () => `mat_user${user}_known`],
  ["on, opaque token, never seen", "on", (user, run) => (n) => `mat_user${user}_${run}y${n}`],
];

const measure = async ({ address, pid }, tokens) => {
  const run = ++generation;
  const cpu = cpuSeconds(pid);
  const from = process.hrtime.bigint();
  const each = Math.floor(REQUESTS / CLIENTS);
  const times = await Promise.all(
    Array.from({ length: CLIENTS }, (_, user) => {
      const tokenOf = tokens(user, run);
      return client(address, each, (n) => requestWith(tokenOf(n)));
    }),
  );
  const seconds = Number(process.hrtime.bigint() - from) / 1e9;
  const sorted = times.flat().sort((a, b) => a - b);
  return {
    microseconds: ((cpuSeconds(pid) - cpu) * 1e6) / sorted.length,
    perSecond: sorted.length / seconds,
    p50: sorted[Math.floor(sorted.length * 0.5)],
    p99: sorted[Math.floor(sorted.length * 0.99)],
  };
};

try {
  startSynapse();
  const servers = Object.fromEntries(
    [
      ["off", "{}", 2],
      ["on", "{matrix_authentication_service: {enabled: true, endpoint: 'http://mas.example.org/'}}", 3],
    ].map(([name, settings, number]) => [
      name,
      // No log, which Docker would be charged for.
      startNginx(name, {
        yaml: `synapse: {workers: eight, settings: ${settings}}\nmonitoring: {enabled: false}`,
        number,
      }),
    ]),
  );
  const figures = new Map(CASES.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, server, tokens] of CASES) figures.get(name).push(await measure(servers[server], tokens));
  }
  const column = (runs, key) => shown(spread(runs.map((run) => run[key])));
  console.log(
    markdown([
      ["look-up, token", "CPU µs a request", "requests/s", "p50 ms", "p99 ms"],
      ...[...figures].map(([name, runs]) => [
        name,
        ...["microseconds", "perSecond", "p50", "p99"].map((key) => column(runs, key)),
      ]),
    ]),
  );
} finally {
  stopAll();
}
