import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MAIN, type Route, routes } from "../../constructs/nginx/routes";
import { boxWithLayout } from "../support/programs-boxes";
import { ProgramContainer } from "../support/programs-container";

/** `synapse` in the image. */
const UID = 991;
const LAYOUTS = ["two", "three", "eight", "seventeen"] as const;
/** Opens the admin API, so that its media routes are in the table. */
const ADMIN = "nginx: {admin_api_from: [10.0.0.0/8]}\n";

interface Registered {
  readonly method: string;
  readonly pattern: string;
  /** Paths that fit, one for each way through the pattern. */
  readonly paths: readonly string[];
}

interface Endpoints {
  readonly main: readonly Registered[];
  readonly worker: readonly Registered[];
  readonly media: readonly Registered[];
  readonly pages: readonly string[];
}

/** What a worker would serve and main gets all the same: at least one path of the pattern goes there. */
const STAYS_ON_MAIN: Readonly<Record<string, string>> = {
  "GET ^/_matrix/client/(api/v1|r0|v3|unstable)/events$": "only below /unstable, which the workers document leaves out",
  "GET ^/_matrix/client/(api/v1|r0|v3|unstable)/initialSync$": "only below /unstable, as /events",
  "GET ^/_matrix/client/(api/v1|r0|v3|unstable)/rooms/(?P<room_id>[^/]*)/initialSync$":
    "only below /unstable, as /events",
  "GET ^/_matrix/client/(r0|v3|unstable)/sync$": "only below /unstable, as /events",
  "GET ^/_matrix/client/(v1|unstable)/register/m.login.registration_token/validity$":
    "only below /unstable, as /events",
  "POST ^/_matrix/client/(r0|v3|unstable)/delete_devices$": "only below /unstable, as /events",
  "GET ^/_matrix/client/(api/v1|r0|v3|unstable)/events/(?P<event_id>[^/]*)$":
    "deprecated, rare, not in the workers document",
  "GET ^/_matrix/client/(api/v1|r0|v3|unstable)/login/(cas|sso)/redirect$":
    "only /login/cas/redirect, an old name that is not in the workers document",
  "GET ^/_matrix/client/unstable/im.nheko.summary/rooms/(?P<room_identifier>[^/]*)/summary$":
    "the older of two experimental names, not in the workers document",
  "PUT ^/_matrix/client/(api/v1|r0|v3|unstable)/createRoom/(?P<txn_id>[^/]*)$":
    "the form with a transaction is not in the specification",
  "PUT ^/_matrix/client/(api/v1|r0|v3|unstable)/rooms/(?P<room_id>[^/]*)/(?P<membership_action>join|invite|leave|ban|unban|kick)/(?P<txn_id>[^/]*)$":
    "the form with a transaction is not in the specification",
  "POST ^/_matrix/client/(v1|unstable)/appservice/(?P<appservice_id>[^/]*)/ping$": "once a start of a bridge",
  "GET ^/_matrix/federation/unstable/rooms/(?P<room_id>[^/]*)/complexity$": "rare, not in the workers document",
  "GET ^/_matrix/federation/v1/openid/userinfo$": "rare, not in the workers document",
  "POST ^/_matrix/federation/v1/3pid/onbind$": "rare, not in the workers document",
  "POST ^/_matrix/federation/v1/user/keys/claim$": "not in the workers document",
  "POST ^/_matrix/federation/v1/user/keys/query$": "not in the workers document",
};

/** A generic worker refuses what the writer of the stream takes, so that it is listed for main alone. */
const WRITERS_OWN = /^(PUT|DELETE) \S*\/pushrules\//;

/** Roles whose endpoints exist only with providers that the probe does not configure. */
const UNPROBED = ["saml2/authn_response"];

let container: ProgramContainer;
let endpoints: Endpoints;
beforeAll(async () => {
  container = await ProgramContainer.start("synapse", UID);
  const script = readFileSync(join(__dirname, "synapse_endpoints.py"), "utf8");
  endpoints = JSON.parse(container.exec(["python3", "-c", script]));
}, 300_000);
afterAll(() => container?.remove());

const tableOf = (layout: (typeof LAYOUTS)[number]): Route[] => {
  const { environment, plan } = boxWithLayout(layout, ADMIN);
  return routes(environment, plan);
};

const takes = (route: Route, method: string): boolean =>
  route.methods.length === 0 || (route.methods as readonly string[]).includes(method);

/** As Nginx does: the first pattern decides; what its rows do not take goes to main. */
const routed = (table: readonly Route[], method: string, path: string): string => {
  const pattern = table.find((route) => new RegExp(route.pattern).test(path))?.pattern;
  const row = table.find((route) => route.pattern === pattern && takes(route, method));
  return row?.role ?? MAIN;
};

const key = ({ method, pattern }: Registered): string => `${method} ${pattern}`;

describe.each(LAYOUTS)("layout %s", (layout) => {
  const table = tableOf(layout);

  it("routes nothing to a worker that Synapse does not know", () => {
    const known = [...endpoints.worker, ...endpoints.media];
    const unknown = table
      .filter(({ role }) => role !== MAIN)
      .flatMap((route) => {
        const pattern = new RegExp(route.pattern);
        if (endpoints.pages.some((page) => pattern.test(page) || pattern.test(`${page}/callback`))) return [];
        if (UNPROBED.some((part) => route.pattern.includes(part))) return [];
        const fits = (method?: string) =>
          known.some((one) => (!method || one.method === method) && one.paths.some((path) => pattern.test(path)));
        if (route.methods.length === 0) return fits() ? [] : [route.pattern];
        return route.methods.filter((method) => !fits(method)).map((method) => `${method} ${route.pattern}`);
      })
      .filter((one) => !WRITERS_OWN.test(one));
    expect(unknown).toEqual([]);
  });

  it("sends nothing to a worker that main alone serves", () => {
    const served = new Set([...endpoints.worker, ...endpoints.media].map(key));
    const wrong = endpoints.main
      .filter((one) => !served.has(key(one)))
      .flatMap(({ method, paths }) =>
        paths.filter((path) => routed(table, method, path) !== MAIN).map((path) => `${method} ${path}`),
      );
    expect(wrong.filter((one) => !WRITERS_OWN.test(one))).toEqual([]);
  });

  it("keeps on main only what is meant to stay there", () => {
    const kept = [...endpoints.worker, ...endpoints.media]
      .filter(({ method, paths }) => paths.some((path) => routed(table, method, path) === MAIN))
      .map(key);
    expect([...new Set(kept)].sort()).toEqual(Object.keys(STAYS_ON_MAIN).sort());
  });
});
