import type { Environment } from "../../configs/environment";
import type { Plan } from "../../sizing/plan";
import type { ConfigFile } from "../file";
import { holdersOf } from "../synapse/topology";
import { block, type Directive, line, map } from "./directive";
import { forwardedHeaders } from "./headers";
import { MAIN, type Route } from "./routes";
import { type Servers, upstreamOf } from "./upstreams";
import { OPAQUE_TOKENS, OPAQUE_USER, TOKEN } from "./variables";

const SCRIPT = "token-owners.js";

/** Token of the authentication service; empty for all others. */
const OPAQUE_TOKEN = "$kit_opaque_token";
/** The same, read by the request itself: the question has no arguments, in which old clients put their token. */
const ASKED_TOKEN = "$kit_asked_token";
/** Whose it is; empty where nobody says. */
const OWNER = "$kit_token_owner";

const ZONE = "kit_token_owners";
/** Twice the life of a token. Whose it is never changes, and nobody is let in for it: Synapse looks at each by itself. */
const KEPT_FOR = "10m";

const FIND = "/.kit/token_owner";
const WHOAMI = "/.kit/whoami";
const UPSTREAM = "whoami";
/** A process with more of these at once has no time for them, and the token will do. `guess` */
const MOST_AT_ONCE = 50;
/** Milliseconds where all is well; where not, each request with a token that nobody knows yet waits this long. `guess` */
const CONNECT_TIMEOUT = "1s";
const READ_TIMEOUT = "2s";

/**
 * Never refuses: whatever goes wrong, the request goes on and is balanced by its token. The owner is written as Synapse
 * writes it in tokens of its own, so that devices with either kind meet. Tokens are hashed before they are kept.
 */
const script = (): string => `// Rendered by synapse-kit.
import crypto from 'crypto';

const name = (user) => Buffer.from(/^@([^:]+):/.exec(user)[1]).toString('base64').replace(/=+$/, '');

async function find(r) {
  try {
    const owners = ngx.shared.${ZONE};
    const key = crypto.createHash('sha256').update(r.variables.${ASKED_TOKEN.slice(1)}).digest('base64');
    let owner = owners.get(key);
    if (owner === undefined) {
      const answer = await r.subrequest('${WHOAMI}');
      if (answer.status === 200) {
        owner = name(JSON.parse(answer.responseText).user_id);
        owners.set(key, owner);
      }
    }
    if (owner !== undefined) r.variables.${OWNER.slice(1)} = owner;
  } catch (error) {
    r.warn('token owner: ' + error.name);
  }
  r.return(204);
}

export default { find };
`;

const asks = (plan: Plan): boolean => plan.nginx.tokenOwners !== undefined;

/** Files beside nginx.conf. */
export const tokenOwnerFiles = (plan: Plan): ConfigFile[] => (asks(plan) ? [{ path: SCRIPT, content: script() }] : []);

/** Who answers: the processes that answer such questions of clients, each in turn. */
const answering = (plan: Plan): string[] => {
  const holders = holdersOf(plan, "client_reader").map(({ name }) => name);
  return holders.length > 0 ? holders : [MAIN];
};

/** Directives of the http block. */
export const tokenOwnerSettings = (plan: Plan, servers: Servers): Directive[] => {
  const memory = plan.nginx.tokenOwners;
  if (!memory) return [];
  return [
    line("js_import", "owners", "from", `/config/${SCRIPT}`),
    line("js_shared_dict_zone", `zone=${ZONE}:${memory.value.toNginx()}`, `timeout=${KEPT_FOR}`, "evict"),
    line("js_var", OWNER),
    map(TOKEN, OPAQUE_TOKEN, [OPAQUE_TOKENS, TOKEN], ["default", '""']),
    map(OWNER, OPAQUE_USER, ['""', TOKEN], ["default", OWNER]),
    upstreamOf({ upstream: UPSTREAM, processes: answering(plan), key: "none", limit: MOST_AT_ONCE }, servers),
  ];
};

/** What a location does first whose processes share the users among themselves. */
export const tokenOwnerQuestion = (plan: Plan, rows: readonly Route[]): Directive[] =>
  asks(plan) && rows.some(({ key }) => key === "user")
    ? [line("set", ASKED_TOKEN, OPAQUE_TOKEN), line("auth_request", FIND)]
    : [];

/** Locations of the public server that nobody outside reaches. */
export const tokenOwnerLocations = (env: Environment, plan: Plan): Directive[] => {
  if (!asks(plan)) return [];
  return [
    block(
      "location",
      ["=", FIND],
      [
        line("internal"),
        block("if", [`(${ASKED_TOKEN} = "")`], [line("return", "204")]),
        line("js_content", "owners.find"),
      ],
    ),
    block(
      "location",
      ["=", WHOAMI],
      [
        line("internal"),
        line("proxy_method", "GET"),
        line("proxy_pass_request_body", "off"),
        line("proxy_pass_request_headers", "off"),
        ...forwardedHeaders(env),
        line("proxy_set_header", "Authorization", `"Bearer ${ASKED_TOKEN}"`),
        // Synapse notes address and program of whoever asks as the device's.
        line("proxy_set_header", "User-Agent", "$http_user_agent"),
        line("proxy_connect_timeout", CONNECT_TIMEOUT),
        line("proxy_read_timeout", READ_TIMEOUT),
        line("proxy_next_upstream_timeout", READ_TIMEOUT),
        line("proxy_pass", `http://${UPSTREAM}/_matrix/client/v3/account/whoami`),
      ],
    ),
  ];
};
