import fc from "fast-check";
import type { Environment } from "../../configs/environment";
import { PORTS } from "../../configs/ports";
import { addressesOf } from "../../constructs/addresses";
import { nginxConf } from "../../constructs/nginx/conf";
import { explainerOf, type RequestToExplain } from "../../constructs/nginx/explain";
import { nginxFiles } from "../../constructs/nginx/files";
import { routes } from "../../constructs/nginx/routes";
import { routingTable } from "../../constructs/nginx/table";
import { serversOf } from "../../constructs/nginx/upstreams";
import { everyRequest, strangeRequests } from "../catalogue/routing-corpus";
import { readRows } from "../catalogue/routing-rows";
import { environment, HOST, LAYOUT_NAMES, planFor } from "../rendering/fixture";
import { ProgramContainer } from "../support/programs-container";

/** `nginx` in the image. */
const UID = 101;
/** All of 127/8 is this container itself: the rendered addresses work as they are. */
const env: Environment = {
  ...environment({ nginx: { adminApiFrom: ["127.0.0.0/8"] } }),
  docker: { network: "127.89.4.0/22" },
};
const STRANGE = 500;
const SEED = 20_261_121;

/** Paths that Nginx reads otherwise than they look. */
const CROOKED = [
  "/_matrix//client/./versions",
  "/_matrix/x/../client/versions",
  "/_matrix/client%2Fversions",
  "/_matrix/client/versions%0A",
  "/_matrix/client/versions%3Fx",
  "/_matrix/client/v3/rooms/%21a%2Fb/messages",
  "/_matrix/client/v3/rooms/%C3%A9/messages",
  "/_matrix/client/v3/rooms/%FF/messages",
  "/_matrix/..%2f_synapse/client/pick_idp",
  "/_synapse/client/%2e%2e/admin/v1/x",
  "/%5Fmatrix/client/versions",
  "/_matrix/%zz",
  "/_matrix/%00",
  "/../_matrix/x",
  "/_matrix/..",
  "/_matrix/x/..",
  "/_matrix/x/.",
  "/.well-known/matrix/client",
  "/.well-known/matrix/server",
  "/.well-known/matrix/support",
];

const tokenOf = (user: string): string => `syt_${Buffer.from(user).toString("base64").replaceAll("=", "")}_abc_1`;

const straight = [...everyRequest(), ...fc.sample(strangeRequests, { numRuns: STRANGE, seed: SEED })];

const requests: readonly RequestToExplain[] = [
  ...straight,
  ...CROOKED.flatMap((uri) => ["GET", "PUT"].map((method) => ({ method, uri }))),
  ...["GET", "PROPFIND", "TRACE"].map((method) => ({ method, uri: "/_matrix/client/v3/sync?Since=s1" })),
].map(({ method, uri }, index) => ({
  method,
  target: uri,
  // Federation is told by its origin, everybody else by the user.
  ...(uri.startsWith("/_matrix/federation") || uri.startsWith("/_matrix/key")
    ? { origin: `server${index % 50}.example.org` }
    : { user: `user${index % 50}` }),
}));

const authorization = ({ user, origin }: RequestToExplain): string =>
  user === undefined ? `X-Matrix origin=\\"${origin}\\",key=\\"ed25519:a\\",sig=\\"x\\"` : `Bearer ${tokenOf(user)}`;

/** For `curl --config`: one block a request, one line of output each. */
const curlConfig = requests
  .map((request) =>
    [
      `url = "http://127.0.0.1:${PORTS.nginx}${request.target}"`,
      ...(request.method === "HEAD" ? ["head"] : [`request = "${request.method}"`]),
      `header = "Authorization: ${authorization(request)}"`,
      "path-as-is",
      "globoff",
      "silent",
      'output = "/dev/null"',
      'write-out = "%{http_code} %header{x-process}\\n"',
    ].join("\n"),
  )
  .join("\nnext\n");

/** The rendered file, with a server for each process that tells its name. */
const confWithProcesses = (layout: (typeof LAYOUT_NAMES)[number]): string => {
  const plan = planFor(layout, env, HOST);
  const processes = [...serversOf(plan, addressesOf(env.docker.network, plan))].map(
    ([name, address]) => `server { listen ${address}; location / { add_header X-Process ${name}; return 200; } }`,
  );
  const conf = nginxConf(env, plan).replace("access_log /dev/stdout kit", "access_log off");
  return conf.replace(/\}\s*$/, `${processes.join("\n")}\n}\n`);
};

const SCRIPT = `
nginx -c /config/nginx.conf -g "daemon off;" &
nginx=$!
until curl --silent --output /dev/null http://127.0.0.1:${PORTS.nginxStatus}/healthz; do kill -0 $nginx || exit 1; sleep 0.1; done
curl --config /config/requests
kill $nginx
wait $nginx
`;

let container: ProgramContainer;
let answers: ReadonlyMap<string, string[]>;
beforeAll(async () => {
  container = await ProgramContainer.start("nginx", UID);
  container.add(
    LAYOUT_NAMES.flatMap((folder) => [
      { folder, path: "nginx.conf", content: confWithProcesses(folder) },
      ...nginxFiles(env, planFor(folder, env, HOST))
        .filter(({ path }) => path !== "nginx.conf")
        .map(({ path, content }) => ({ folder, path, content })),
      { folder, path: "requests", content: curlConfig },
    ]),
  );
  const outcomes = container.each(LAYOUT_NAMES, SCRIPT);
  answers = new Map([...outcomes].map(([layout, { output }]) => [layout, output.split("\n")]));
}, 300_000);
afterAll(() => container?.remove());

it.each(LAYOUT_NAMES)("a real Nginx does what `routes --explain` says: layout %s", (layout) => {
  const plan = planFor(layout, env, HOST);
  const explain = explainerOf(env, plan);
  const said = requests.map((request) => {
    const { status, process } = explain(request);
    return `${request.method} ${request.target}: ${status ?? 200} ${process ?? ""}`.trimEnd();
  });
  const lines = answers.get(layout) ?? [];
  const done = requests.map(({ method, target }, index) => `${method} ${target}: ${lines[index] ?? "?"}`.trimEnd());
  expect(lines).toHaveLength(requests.length);
  expect(done.filter((line, index) => line !== said[index])).toEqual([]);
});

it.each(LAYOUT_NAMES)("a real Nginx does what a script reads in `routes --json`: layout %s", (layout) => {
  const rowFor = readRows(routingTable(routes(env, planFor(layout, env, HOST))));
  const lines = answers.get(layout) ?? [];
  const wrong = straight.filter((request, index) => {
    const process = lines[index]?.split(" ")[1] || undefined;
    const row = rowFor(request);
    return process === undefined ? row !== undefined : !row?.processes.includes(process);
  });
  expect(wrong).toEqual([]);
});

it("tries every process that requests are routed to", () => {
  const plan = planFor("seventeen", env, HOST);
  const names = new Set((answers.get("seventeen") ?? []).map((line) => line.split(" ")[1]));
  const silent = ["persister1", "persister2", "sender1", "sender2"];
  const wanted = plan.synapse.processes.map(({ name }) => name).filter((name) => !silent.includes(name));
  expect([...names].filter(Boolean).sort()).toEqual(wanted.sort());
});
