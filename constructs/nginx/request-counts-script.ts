/** Upper ends of the latency buckets in seconds; 0.2, 0.5 and 1 are objectives of `send`. */
const BUCKETS = [0.05, 0.1, 0.2, 0.5, 1, 2.5, 10];

/** Codes that stand for themselves; others for their class. */
const EXACT_STATUSES = ["429", "499", "502", "503", "504"];

/** What Nginx knows of its connections, and what that means. */
export const CONNECTION_GAUGES = [
  ["active", "Connections of clients that are open."],
  ["reading", "Connections on which Nginx reads the head of a request."],
  ["writing", "Connections on which a request is served."],
  ["waiting", "Connections that are kept open without a request."],
] as const;

/** A metric of one value, in Prometheus' text form. */
export const gauge = (name: string, help: string, value: string): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`;

/** Numbers that the script has to agree on with nginx.conf. */
export interface CountScript {
  /** Name of the shared dictionary. */
  readonly zone: string;
  /** Where requests are written that end in the first, and in the second half of ten seconds. */
  readonly logs: readonly [first: string, second: string];
  /** What a line calls long polls, and Nginx itself. */
  readonly poll: string;
  readonly itself: string;
}

/**
 * `collect` reads what the half before the present one wrote, when every worker has long flushed it and nobody writes it any
 * more: so it may be emptied, and each line is counted once. Lines are `<seconds> <served by> <status> <kind>`.
 *
 * A refusal takes no time, and would make a full server look fast: of what Nginx itself answers, only what somebody waited
 * for in vain (499, 504) has a latency.
 */
export const countScript = ({ zone, logs, poll, itself }: CountScript): string => `// Rendered by synapse-kit.
import fs from 'fs';

const ENDS = ${JSON.stringify(BUCKETS)};
const EXACT = ${JSON.stringify(EXACT_STATUSES)};
const LOGS = ${JSON.stringify(logs)};
const GAUGES = ${JSON.stringify(CONNECTION_GAUGES)};
const MOST_COUNTERS = 1000000;

// Each text once, which is most of the work where many answers take equally long.
function read(text) {
  const lines = text.split('\\n');
  const times = {};
  for (let index = lines.length - 2; index >= 0; index--) {
    const line = lines[index];
    times[line] = (times[line] || 0) + 1;
  }
  const found = {};
  Object.keys(times).forEach((line) => {
    const space = line.indexOf(' ');
    const seconds = Number(line.slice(0, space));
    const rest = line.slice(space + 1);
    const group = found[rest] || { requests: 0, seconds: 0, buckets: ENDS.map(() => 0).concat(0) };
    found[rest] = group;
    const requests = times[line];
    group.requests += requests;
    group.seconds += requests * seconds;
    const bucket = ENDS.findIndex((end) => seconds <= end);
    group.buckets[bucket < 0 ? ENDS.length : bucket] += requests;
  });
  return found;
}

function add(counts, rest, group) {
  const words = rest.split(' ');
  const by = words[0];
  const status = words[1];
  const kind = words[2];
  const name = EXACT.includes(status) ? status : /^[1-5]/.test(status) ? status[0] + 'xx' : 'other';
  counts.incr('r status="' + name + '",served_by="' + by + '"', group.requests, 0);
  if (kind === '${poll}' || (by === '${itself}' && status !== '499' && status !== '504')) return;
  group.buckets.forEach((requests, index) => counts.incr('b ' + kind + ' ' + index, requests, 0));
  counts.incr('s ' + kind, group.seconds, 0);
}

function collect() {
  try {
    const second = Math.floor(Date.now() / 1000) % 10;
    if (second % 5 < 2 || second % 5 > 3) return;
    const log = LOGS[second < 5 ? 1 : 0];
    const text = fs.readFileSync(log, 'utf8');
    if (text === '') return;
    fs.writeFileSync(log, '');
    const found = read(text);
    Object.keys(found).forEach((rest) => add(ngx.shared.${zone}, rest, found[rest]));
  } catch (error) {
    ngx.log(ngx.WARN, 'request counts: ' + error);
  }
}

const metric = (name, type, help) => '# HELP ' + name + ' ' + help + '\\n# TYPE ' + name + ' ' + type + '\\n';

function histogram(counts, kinds) {
  const name = 'nginx_http_request_duration_seconds';
  let text = metric(name, 'histogram', 'Seconds from the first byte of a request to the last of its answer.');
  kinds.forEach((kind) => {
    let sum = 0;
    ENDS.concat('+Inf').forEach((end, index) => {
      sum += counts['b ' + kind + ' ' + index] || 0;
      text += name + '_bucket{kind="' + kind + '",le="' + end + '"} ' + sum + '\\n';
    });
    text += name + '_sum{kind="' + kind + '"} ' + counts['s ' + kind] + '\\n';
    text += name + '_count{kind="' + kind + '"} ' + sum + '\\n';
  });
  return text;
}

function show(r) {
  const counts = {};
  ngx.shared.${zone}.items(MOST_COUNTERS).forEach((item) => { counts[item[0]] = item[1]; });
  const keys = Object.keys(counts).sort();
  let text = metric('nginx_up', 'gauge', 'Whether Nginx answers.') + 'nginx_up 1\\n';
  GAUGES.forEach((one) => {
    const name = 'nginx_connections_' + one[0];
    text += metric(name, 'gauge', one[1]) + name + ' ' + r.variables['connections_' + one[0]] + '\\n';
  });
  text += metric('nginx_http_requests_total', 'counter', 'Requests by answer and by who gave it.');
  keys.filter((key) => key[0] === 'r').forEach((key) => {
    text += 'nginx_http_requests_total{' + key.slice(2) + '} ' + counts[key] + '\\n';
  });
  text += histogram(counts, keys.filter((key) => key[0] === 's').map((key) => key.slice(2)));
  r.headersOut['Content-Type'] = 'text/plain; version=0.0.4';
  r.return(200, text);
}

export default { collect, show };
`;
