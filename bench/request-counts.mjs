// What counting requests costs, on the real Nginx: `node bench/request-counts.mjs [--requests N] [--rounds N]`.
// Beside it a script for each request, which would be the simpler way. Cases take turns.
import { parseArgs } from "node:util";
import { markdown, round, shown, spread } from "./lib.mjs";
import { client, cpuSeconds, startNginx, startSynapse, stopAll } from "./nginx.mjs";

const { values } = parseArgs({ options: { requests: { type: "string" }, rounds: { type: "string" } } });
const REQUESTS = Number(values.requests ?? 4_000);
const ROUNDS = Number(values.rounds ?? 7);
/** One connection each, with one request at a time. */
const CLIENTS = 16;
/** Lines of the last requests are read within ten seconds, on the time of the same worker. */
const COUNTED_WITHIN_MS = 12_000;

const HEAD = "Host: example.org\r\nAuthorization: Bearer syt_dXNlcj_abcdefghijklmnopqrst_0AbcDe\r\n";
const requestOf = (n) =>
  n % 2
    ? `GET /_matrix/client/v3/rooms/!a/members HTTP/1.1\r\n${HEAD}\r\n`
    : `PUT /_matrix/client/v3/rooms/!a/send/m.x/${n} HTTP/1.1\r\n${HEAD}Content-Length: 2\r\n\r\n{}`;

/** One counter, and two of the histogram, straight from each request. */
const scriptForEach = (file, text) =>
  file === "nginx.conf"
    ? text
        .replace("log_format request_counts", "js_set $kit_each counts.each;\n  log_format request_counts")
        .replace(/(access_log \/requests\/first request_counts) .*;\n.*;\n/, "$1 if=$kit_each;\n")
        .replace(/js_periodic.*;\n/, "")
    : text.replace(
        "export default { ",
        `function each(r) {
  try {
    const v = r.variables;
    const counts = ngx.shared.kit_counts;
    const seconds = Number(v.request_time);
    counts.incr(v.kit_served_by + v.status, 1, 0);
    counts.incr(v.kit_kind + ENDS.findIndex((end) => seconds <= end), 1, 0);
    counts.incr(v.kit_kind, seconds, 0);
  } catch (error) {}
  return '';
}
export default { each, `,
      );

const yaml = (enabled) => `synapse: {workers: eight}\nmonitoring: {enabled: ${enabled}}`;
const log = "/dev/null kit";

try {
  startSynapse();
  const cases = [
    ["not counted", startNginx("off", { yaml: yaml(false), number: 2, log })],
    ["counted", startNginx("on", { yaml: yaml(true), number: 3, log })],
    ["a script for each request", startNginx("each", { yaml: yaml(true), number: 4, log, edit: scriptForEach })],
  ].map(([name, server]) => ({ name, server, before: cpuSeconds(server.pid), serving: [], requests: 0 }));
  for (let turn = 0; turn < ROUNDS; turn++) {
    for (const one of cases) {
      const { pid, address } = one.server;
      const from = cpuSeconds(pid);
      const each = Math.floor(REQUESTS / CLIENTS);
      const times = (await Promise.all(Array.from({ length: CLIENTS }, () => client(address, each, requestOf)))).flat();
      one.serving.push(((cpuSeconds(pid) - from) * 1e6) / times.length);
      one.requests += times.length;
    }
  }
  await new Promise((resolve) => setTimeout(resolve, COUNTED_WITHIN_MS));
  const all = cases.map(({ server, before, requests }) => ((cpuSeconds(server.pid) - before) * 1e6) / requests);
  console.log(
    markdown([
      ["requests", "CPU µs a request, while serving", "all of it", "ratio"],
      ...cases.map(({ name, serving }, index) => [
        name,
        shown(spread(serving)),
        String(round(all[index])),
        String(round(all[index] / all[0])),
      ]),
    ]),
  );
} finally {
  stopAll();
}
