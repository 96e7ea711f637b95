import { changesOf, describeChanges, type PlanJson, type ResourceChange } from "../../cli/changes";

const change = (
  address: string,
  actions: ResourceChange["change"]["actions"],
  before: ResourceChange["change"]["before"] = {},
  after: ResourceChange["change"]["after"] = {},
): ResourceChange => {
  const [type, name] = address.split(".") as [string, string];
  return {
    address,
    type,
    name,
    change: {
      actions,
      before: actions[0] === "create" && actions.length === 1 ? null : before,
      after: actions.at(-1) === "delete" && actions.length === 1 ? null : after,
    },
  };
};
const plan = (...resource_changes: ResourceChange[]): PlanJson => ({ resource_changes });

test("nothing to do is empty", () => {
  const changes = changesOf(plan(change("docker_container.postgres", ["no-op"])));
  expect(changes).toMatchObject({ isEmpty: true, losses: [], seeders: [] });
  expect(describeChanges(changes)).toEqual(["No changes: what runs is what the environment says."]);
});

test("a changed file replaces its service, and is named without its content", () => {
  const upload = (content: string) => ({
    upload: [
      { file: "/config/nginx.conf", content },
      { file: "/config/same", content: "x" },
    ],
  });
  const changes = changesOf(
    plan(
      change(
        "docker_container.nginx",
        ["delete", "create"],
        { name: "dev-nginx", labels: [1] },
        { name: "dev-nginx", labels: [2] },
      ),
      change("docker_container.seed_dev_nginx_0123456789", ["delete"], upload("old secret")),
      change("docker_container.seed_dev_nginx_abcdef0123", ["create"], null, upload("new secret")),
      change("docker_volume.config_dev_nginx_abcdef0123", ["create"]),
      change("docker_container.postgres", ["no-op"]),
    ),
  );
  expect(changes).toMatchObject({
    isEmpty: false,
    seeders: ["docker_container.seed_dev_nginx_abcdef0123"],
    losses: [],
    created: [],
    services: [
      { service: "nginx", action: "replace", because: ["nginx.conf changes"] },
      { service: "postgres", action: "keep", because: [] },
    ],
  });
  expect(JSON.stringify(changes)).not.toContain("secret");
});

test("memory changes in place, a stopped container is started", () => {
  const { services } = changesOf(
    plan(
      change(
        "docker_container.synapse_main",
        ["update"],
        { memory: 512, must_run: true },
        { memory: 640, must_run: true },
      ),
      change("docker_container.redis", ["update"], { must_run: false }, { must_run: true }),
    ),
  );
  expect(services).toMatchObject([
    { service: "synapse-main", action: "update", because: ["memory 512 → 640"] },
    { service: "redis", action: "start" },
  ]);
});

test.each(["docker_volume.postgres_data", "random_password.postgres_password", "random_bytes.signing_key"])(
  "fails: %s would be lost",
  (address) => {
    for (const actions of [["delete"], ["delete", "create"]] as const) {
      const changes = changesOf(plan(change(address, actions)));
      expect(changes.losses).toEqual([address]);
      expect(describeChanges(changes).join()).toContain("WOULD BE LOST");
    }
  },
);

test("config volumes that go are no loss", () => {
  expect(changesOf(plan(change("docker_volume.config_dev_nginx_0123456789", ["delete"]))).losses).toEqual([]);
});

test("the note of the server name is neither made, lost, nor a service", () => {
  for (const actions of [["create"], ["delete"], ["delete", "create"]] as const) {
    const changes = changesOf(plan(change("terraform_data.server_name", actions)));
    expect(changes).toMatchObject({ isEmpty: false, services: [], losses: [], created: [] });
    expect(describeChanges(changes)).toEqual([]);
  }
});

test("a data volume that the engine has lost is seen, other drift is not", () => {
  const lost = change("docker_volume.postgres_data", ["delete"]);
  const changes = changesOf({
    resource_changes: [change("docker_volume.postgres_data", ["create"])],
    resource_drift: [
      lost,
      change("docker_volume.synapse_media", ["update"]),
      change("docker_volume.config_dev_nginx_0123456789", ["delete"]),
      change("docker_container.nginx", ["delete"]),
    ],
  });
  expect(changes.vanished).toEqual(["docker_volume.postgres_data"]);
  expect(describeChanges(changes)).toContain("  postgres-data IS GONE from this engine, with what it stored");
  expect(changesOf(plan(lost)).vanished).toEqual([]);
});

test("another major's data folder is seen", () => {
  const env = (major: number) => ({ env: [`PGDATA=/var/lib/postgresql/${major}/docker`] });
  expect(
    changesOf(plan(change("docker_container.postgres", ["delete", "create"], env(17), env(18)))).movedData,
  ).toEqual({
    from: "/var/lib/postgresql/17/docker",
    to: "/var/lib/postgresql/18/docker",
  });
  expect(
    changesOf(plan(change("docker_container.postgres", ["delete", "create"], env(17), env(17)))).movedData,
  ).toBeUndefined();
});

describe("Synapse processes that must not run side by side", () => {
  const MAIN = "docker_container.synapse-main";
  const WORKER = "docker_container.synapse-sync1";
  const replaced = (address: string, before: object = {}, after: object = {}): ResourceChange =>
    change(
      address,
      ["delete", "create"],
      { name: address.replace("docker_container.", "dev-"), labels: [1], ...before },
      { name: address.replace("docker_container.", "dev-"), labels: [2], ...after },
    );
  const upload = (content: string) => ({ upload: [{ file: "/config/homeserver.yaml", content }] });
  const seeders = (before: string | undefined, after: string): ResourceChange[] => [
    ...(before === undefined
      ? []
      : [change("docker_container.seed_dev_synapse_main_0123456789", ["delete"], upload(before))]),
    change("docker_container.seed_dev_synapse_main_abcdef0123", ["create"], null, upload(after)),
  ];
  const both = [replaced(MAIN), replaced(WORKER)];
  const writers = (text: string): string => `server_name: x\n${text}`;
  const togetherOf = (...changes: ResourceChange[]) => changesOf(plan(...changes)).together;

  test.each<[what: string, changes: ResourceChange[], why: string]>([
    [
      "a stream gets another writer",
      [...both, ...seeders(writers("stream_writers: {typing: [a1]}"), writers("stream_writers: {typing: [b1]}"))],
      "jobs move between Synapse processes",
    ],
    [
      "a stream comes back to main",
      [...both, ...seeders(writers("stream_writers: {typing: [a1]}"), writers("stream_writers: {}"))],
      "jobs move between Synapse processes",
    ],
    [
      "senders change places",
      [...both, ...seeders("federation_sender_instances: [a1, b1]", "federation_sender_instances: [b1, a1]")],
      "jobs move between Synapse processes",
    ],
    [
      "background jobs move",
      [...both, ...seeders("run_background_tasks_on: a1", "run_background_tasks_on: b1")],
      "jobs move between Synapse processes",
    ],
    [
      "what was written before is not known",
      [...both, ...seeders(undefined, "stream_writers: {typing: [a1]}")],
      "jobs move between Synapse processes",
    ],
    [
      "a process comes",
      [replaced(MAIN), change(WORKER, ["create"], null, {}), ...seeders("a: 1", "a: 2")],
      "the set of Synapse processes changes",
    ],
    [
      "a process gets another's address",
      [
        replaced(MAIN),
        replaced(
          WORKER,
          { networks_advanced: [{ ipv4_address: "10.0.0.11" }] },
          { networks_advanced: [{ ipv4_address: "10.0.0.12" }] },
        ),
        replaced(
          "docker_container.synapse-rooms1",
          { networks_advanced: [{ ipv4_address: "10.0.0.12" }] },
          { networks_advanced: [{ ipv4_address: "10.0.0.11" }] },
        ),
        ...seeders("a: 1", "a: 2"),
      ],
      "addresses move between Synapse processes",
    ],
  ])("stop together when %s", (_, changes, why) => {
    const standing = changes.filter(
      ({ address, change: { before } }) => address.startsWith("docker_container.synapse-") && before !== null,
    );
    expect(togetherOf(...changes)).toEqual({ why, addresses: standing.map(({ address }) => address) });
  });

  test.each<[what: string, changes: ResourceChange[]]>([
    [
      "a setting changes that is nobody's job",
      [...both, ...seeders("a: 1\nstream_writers: {}", "a: 2\nstream_writers: {}")],
    ],
    ["only the image changes", both],
    ["main stays", [replaced(WORKER), ...seeders("stream_writers: {typing: [a1]}", "stream_writers: {}")]],
  ])("are replaced one after another when %s", (_, changes) => {
    expect(togetherOf(...changes)).toBeUndefined();
  });
});
