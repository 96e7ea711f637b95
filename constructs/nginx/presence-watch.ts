import { PORTS } from "../../configs/ports";
import { Duration } from "../../configs/units/duration";
import type { Plan } from "../../sizing/plan";
import type { ConfigFile } from "../file";
import { holdersOf } from "../synapse/topology";
import { block, type Directive, line } from "./directive";
import { MAIN, type Route } from "./routes";
import type { Servers } from "./upstreams";

const SCRIPT = "presence-watch.js";
/** There while the writer of presence is not; empty. */
const GONE = "/tmp/presence-gone";
const WRITER = "presence_writer";
/** Of every Synapse process. The script asks Nginx, which tells one that is away from one that is merely slow. */
const HEALTH = "/health";
const CONNECTED = "kit-connected";

/** A look must end before the next, which would end it: all three together find a silent process within a second. */
const INTERVAL = Duration.millis(500);
const CONNECT_TIMEOUT = Duration.millis(300);
const READ_TIMEOUT = Duration.millis(100);
/** One look, and another after a reload. */
const MOST_AT_ONCE = 2;

/** A file, since a request finds that out in a microsecond, and starts no script for it. */
const script = (): string => `// Rendered by synapse-kit.
import fs from 'fs';

async function look() {
  try {
    const answer = await ngx.fetch('http://127.0.0.1:${PORTS.nginxStatus}${HEALTH}');
    const connected = answer.headers.get('${CONNECTED}');
    if (connected === null) return;
    const isGone = !/[0-9]$/.test(connected);
    if (isGone === fs.existsSync('${GONE}')) return;
    if (isGone) fs.writeFileSync('${GONE}', '');
    else fs.unlinkSync('${GONE}');
    ngx.log(ngx.WARN, 'writer of presence: ' + (isGone ? 'gone' : 'back'));
  } catch (error) {
    ngx.log(ngx.WARN, 'writer of presence: ' + error);
  }
}

export default { look };
`;

/** Files beside nginx.conf. */
export const presenceWatchFiles = ({ nginx }: Plan): ConfigFile[] =>
  nginx.watchesPresence ? [{ path: SCRIPT, content: script() }] : [];

/** Directives of the http block. */
export const presenceWatchSettings = (plan: Plan, servers: Servers): Directive[] => {
  if (!plan.nginx.watchesPresence) return [];
  const writer = holdersOf(plan, "presence")[0]?.name ?? MAIN;
  return [
    line("js_import", "presence", "from", `/config/${SCRIPT}`),
    block(
      "upstream",
      [WRITER],
      [
        line("zone", WRITER, "64k"),
        line("server", servers.get(writer) as string, "max_fails=0", `max_conns=${MOST_AT_ONCE}`),
      ],
    ),
  ];
};

/** Locations of the server that only this host reaches. */
export const presenceWatchLocations = (plan: Plan): Directive[] => {
  if (!plan.nginx.watchesPresence) return [];
  return [
    block("location", ["@presence"], [line("js_periodic", "presence.look", `interval=${INTERVAL.toString()}`)]),
    block(
      "location",
      ["=", HEALTH],
      [
        line("proxy_connect_timeout", CONNECT_TIMEOUT.toString()),
        line("proxy_read_timeout", READ_TIMEOUT.toString()),
        // A connection that is kept looks well after its other end went.
        line("proxy_set_header", "Connection", "close"),
        // `-` where there was no connection.
        line("add_header", CONNECTED, "$upstream_connect_time", "always"),
        // Two looks a second at a process that is away: the script says it once.
        line("error_log", "/dev/stderr", "crit"),
        line("proxy_pass", `http://${WRITER}`),
      ],
    ),
  ];
};

/**
 * Before a sync is answered, the user's presence is written; where its writer is down the sync waits for it, a minute and
 * more (replication/http/_base.py, 1.163; nothing after 85 s seen), unless presence is left alone. Of two values Synapse
 * takes the first.
 */
export const leavePresence = (): Directive => line("set", "$args", '"set_presence=offline&$args"');

/** What the location of syncs does first: the one path whose query says what to do about presence. */
export const presenceGuard = ({ nginx }: Plan, rows: readonly Route[]): Directive[] =>
  nginx.watchesPresence && rows.some(({ role, pattern }) => role === "sync" && pattern.endsWith("/sync$"))
    ? [block("if", ["(-f", `${GONE})`], [leavePresence()])]
    : [];
