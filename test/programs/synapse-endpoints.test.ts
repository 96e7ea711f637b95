import { ROLES } from "../../configs/catalogue/roles";
import { MAIN, type Route, routes } from "../../constructs/nginx/routes";
import { rowFor } from "../catalogue/request";
import { type Box, boxOf, boxWithLayout, yamlOf } from "../support/programs-boxes";
import { ProgramContainer } from "../support/programs-container";
import {
  ENDPOINTS_PROGRAM,
  endpointKey,
  fillTemplate,
  type Registered,
  type RegisteredEndpoints,
  STAYS_ON_MAIN,
  WRITERS_OWN,
} from "../support/registered-endpoints";

/** `synapse` in the image. */
const UID = 991;
const LAYOUTS = ["two", "three", "eight", "seventeen"] as const;
/** One worker with every role, those too that no layout of the kit has. */
const ALL = `synapse:
  workers: {all: {roles: [${ROLES.map(({ name }) => name).join(", ")}]}}
  settings: {experimental_features: {msc4306_enabled: true}}
`;
/** Opens the admin API, so that its media routes are in the table. */
const ADMIN = "nginx: {admin_api_from: [10.0.0.0/8]}\n";

/** Roles whose endpoints exist only with providers that the probe does not configure. */
const UNPROBED = ["saml2/authn_response"];

let container: ProgramContainer;
let endpoints: RegisteredEndpoints;
beforeAll(async () => {
  container = await ProgramContainer.start("synapse", UID);
  endpoints = JSON.parse(container.exec(["python3", "-c", ENDPOINTS_PROGRAM, "msc4306"]));
}, 300_000);
afterAll(() => container?.remove());

const tableOf = ({ environment, plan }: Box): Route[] => routes(environment, plan);

const SUBSCRIPTION =
  "^/_matrix/client/unstable/io.element.msc4306/rooms/(?P<room_id>[^/]*)/thread/(?P<thread_root_id>[^/]*)/subscription$";
/** Main's where no worker is the writer. */
const SUBSCRIPTIONS = ["GET", "PUT", "DELETE"].map((method) => `${method} ${SUBSCRIPTION}`);
/** Experimental, and with main in any case. */
const LISTING = "GET ^/_matrix/client/unstable/io.element.msc4308/thread_subscriptions$";

const CASES: readonly (readonly [name: string, table: readonly Route[], more: readonly string[]])[] = [
  ...LAYOUTS.map((layout) => [layout, tableOf(boxWithLayout(layout, ADMIN)), [...SUBSCRIPTIONS, LISTING]] as const),
  ["by hand", tableOf(boxOf("all", yamlOf(64, 16, `${ALL}${ADMIN}`))), [LISTING]],
];

const pathsOf = ({ templates }: Registered): string[] => templates.map((template) => fillTemplate(template));

const routed = (table: readonly Route[], method: string, path: string): string =>
  rowFor(table, { method, uri: path })?.role ?? MAIN;

it("knows every line of what Synapse's own script prints", () => {
  const settings = {
    server_name: "example.com",
    report_stats: false,
    suppress_key_server_warning: true,
    macaroon_secret_key: "x",
    form_secret: "x",
    signing_key: "ed25519 a_test b/tdgJsIC2XA6vVQZPMk8hpW50BklVXHu0jqCiOO/hI",
    database: { name: "sqlite3", args: { database: "/tmp/map.db" } },
    media_store_path: "/tmp/media",
  };
  const script = ["python3", "-m", "synapse._scripts.generate_workers_map", "--config-path", "/dev/stdin"];
  const printed = container
    .exec(script, JSON.stringify(settings))
    .split("\n")
    .filter((line) => line.includes("^/"));
  expect(printed.length).toBeGreaterThan(80);
  // The script puts `.*` in the place of a named group, and no method where all of them are served.
  const known = new Set(
    endpoints.worker.flatMap(({ method, pattern }) => {
      const path = pattern.replace(/\(\?P<[^>]+?>(.+?)\)/g, ".*");
      return [path, `${method.padEnd(6)} ${path}`];
    }),
  );
  expect(printed.filter((line) => !known.has(line))).toEqual([]);
});

describe.each(CASES)("layout %s", (_, table, more) => {
  it("routes nothing to a worker that Synapse does not know", () => {
    const known = [...endpoints.worker, ...endpoints.media];
    const unknown = table
      .filter(({ role }) => role !== MAIN)
      .flatMap((route) => {
        const pattern = new RegExp(route.pattern);
        if (endpoints.pages.some((page) => pattern.test(page) || pattern.test(`${page}/callback`))) return [];
        if (UNPROBED.some((part) => route.pattern.includes(part))) return [];
        const fits = (method?: string) =>
          known.some((one) => (!method || one.method === method) && pathsOf(one).some((path) => pattern.test(path)));
        if (route.methods.length === 0) return fits() ? [] : [route.pattern];
        return route.methods.filter((method) => !fits(method)).map((method) => `${method} ${route.pattern}`);
      })
      .filter((one) => !WRITERS_OWN.test(one));
    expect(unknown).toEqual([]);
  });

  it("sends nothing to a worker that main alone serves", () => {
    const served = new Set([...endpoints.worker, ...endpoints.media].map(endpointKey));
    const wrong = endpoints.main
      .filter((one) => !served.has(endpointKey(one)))
      .flatMap((one) =>
        pathsOf(one)
          .filter((path) => routed(table, one.method, path) !== MAIN)
          .map((path) => `${one.method} ${path}`),
      );
    expect(wrong.filter((one) => !WRITERS_OWN.test(one))).toEqual([]);
  });

  it("keeps on main only what is meant to stay there", () => {
    const kept = [...endpoints.worker, ...endpoints.media]
      .filter((one) => pathsOf(one).some((path) => routed(table, one.method, path) === MAIN))
      .map(endpointKey);
    expect([...new Set(kept)].sort()).toEqual([...Object.keys(STAYS_ON_MAIN), ...more].sort());
  });
});
