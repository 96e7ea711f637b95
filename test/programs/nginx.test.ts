import { MOST_WORKERS } from "../../configs/catalogue/check";
import { ROLES } from "../../configs/catalogue/roles";
import { WORKER_LAYOUTS } from "../../configs/environment";
import { type Box, boxes, boxOf, boxWithLayout, customBoxes, yamlOf } from "../support/programs-boxes";
import { type CaseOutcome, filesOf, ProgramContainer } from "../support/programs-container";

/** `nginx` in the image. */
const UID = 101;

const VARIATIONS: Readonly<Record<string, string>> = {
  "federation-closed": "expected: {federation: closed}",
  "federation-open": "expected: {federation: open}",
  "admin-from": "nginx: {admin_api_from: [10.0.0.0/8, 192.0.2.7, 'fd00::/8']}",
  "url-with-port": "public_baseurl: http://127.0.0.1:8008",
  "url-https-port": "public_baseurl: https://matrix.example.com:8448",
  "large-uploads": "synapse: {max_upload_size: 2GB}",
  "authentication-service":
    "synapse: {settings: {matrix_authentication_service: {enabled: true, endpoint: 'http://mas.example.com/'}}}",
  "own-directives": "nginx: {settings: {gzip: false, keepalive_timeout: 20s}}",
};

/** As many processes as an environment may have, most of them in every pool. */
const LARGEST = `server_name: example.com
hardware: {ram: 1TB, cpus: 128}
synapse:
  workers:
    all: {roles: [${ROLES.filter(({ singleton }) => singleton === false)
      .map(({ name }) => name)
      .join(", ")}], count: ${MOST_WORKERS}}
  settings: {experimental_features: {msc4306_enabled: true}}
`;

const cases: Box[] = [
  ...boxes(),
  boxOf("largest", LARGEST),
  ...customBoxes(),
  ...WORKER_LAYOUTS.map((layout) => boxWithLayout(layout)),
  ...Object.entries(VARIATIONS).flatMap(([name, more]) => [
    boxOf(`${name}-eight`, yamlOf(32, 8, `${more}\n`)),
    boxOf(`${name}-none`, yamlOf(2, 1, `${more}\n`)),
  ]),
];

let container: ProgramContainer;
let outcomes: ReadonlyMap<string, CaseOutcome>;
beforeAll(async () => {
  container = await ProgramContainer.start("nginx", UID);
  container.add(cases.flatMap((box) => filesOf(box, "nginx")));
  outcomes = container.each(
    cases.map((box) => box.name),
    `nginx -t -c /config/nginx.conf -g "daemon off;"`,
  );
}, 300_000);
afterAll(() => container?.remove());

it("covers every layout", () => {
  expect(new Set(cases.map((box) => box.plan.synapse.layout.value))).toEqual(new Set([...WORKER_LAYOUTS, "custom"]));
});

it.each(cases.map((box) => box.name))("nginx accepts the file of %s without a warning", (name) => {
  expect(outcomes.get(name)).toEqual({
    code: 0,
    output: [
      "nginx: the configuration file /config/nginx.conf syntax is ok",
      "nginx: configuration file /config/nginx.conf test is successful",
    ].join("\n"),
  });
});
