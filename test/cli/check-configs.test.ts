import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServiceChange } from "../../cli/changes";
import { checkConfigs } from "../../cli/check-configs";
import type { Session } from "../../cli/project";
import { Docker } from "../../host/docker";
import { FakeDocker } from "../support/fake-docker";

const services = ["postgres", "synapse-main", "synapse-sync1", "synapse-sync2", "nginx"];
const changes = services.map(
  (service): ServiceChange => ({
    service,
    address: `docker_container.${service}`,
    action: "replace",
    because: [],
  }),
);
const session = {
  docker: new Docker(),
  environment: { name: "chat" },
  prepared: { images: { references: { nginx: "an-nginx", synapse: "a-synapse" } } },
  terraform: { configVolumes: async () => new Map(services.map((one) => [`chat-${one}`, `chat-${one}-config-1`])) },
} as unknown as Session;

const folder = mkdtempSync(join(tmpdir(), "synapse-kit-check-"));
let docker: FakeDocker;
afterEach(() => docker.remove());
afterAll(() => rmSync(folder, { recursive: true }));

it("lets each program that can read the volume that it will get", async () => {
  docker = new FakeDocker("exit 0");
  await checkConfigs(session, changes);
  const checked = docker.calls.map((call) => /--name=chat-check-(\S+).*--volume=(\S+):\/config:ro.* (\S+)$/.exec(call));
  expect(checked.map((match) => match?.slice(1)).sort()).toEqual([
    ["nginx", "chat-nginx-config-1", "/config/nginx.conf"],
    ["synapse-main", "chat-synapse-main-config-1", "/config/main.yaml"],
    ["synapse-sync1", "chat-synapse-sync1-config-1", "/config/worker.yaml"],
    ["synapse-sync2", "chat-synapse-sync2-config-1", "/config/worker.yaml"],
  ]);
});

it("ends with the program's own last words, once no look is under way", async () => {
  const refused = join(folder, "refused");
  docker = new FakeDocker(
    `case "$*" in *-sync1*) until [ -e ${refused} ]; do sleep 0.1; done; sleep 0.5; docker seen;; ` +
      `*-main*) printf "one\\ntwo\\nthree\\nfour\\n" >&2; touch ${refused}; exit 1;; esac`,
  );
  await expect(checkConfigs(session, changes)).rejects.toThrow(
    /^the new configuration of synapse-main is refused by Synapse itself, so nothing that runs was touched:\n {4}two\n {4}three\n {4}four$/,
  );
  const { calls } = docker;
  expect(calls).toHaveLength(3);
  expect(calls.at(-1)).toBe("seen");
});
