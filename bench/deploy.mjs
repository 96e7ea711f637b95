// Seconds from `deploy` to healthy for the shipped `dev`, against the same containers made by the `docker` client
// alone: same images, options, files, networks, order and health checks, on fresh volumes in all cases. The plain runs
// are written from `docker inspect` of what the kit deployed: once as a script has them, one command after another, and
// once with everything side by side that can be.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump, load } from "js-yaml";
import { docker, listed, removeEnvironment } from "./engine.mjs";
import { CLI, markdown, output, ROOT, shown, spread, start } from "./lib.mjs";

const NAME = "bench-dev";
const PORT = 18308;
const NETWORK = "10.126.208.0/22";
const IDLE_SECONDS = 60;
const POLL_MS = 250;
const HEALTHY_WITHIN_MS = 240_000;
const MEDIA_OWNER = "synapse-media-owner";

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const since = (from) => Number(process.hrtime.bigint() - from) / 1e9;

const newProject = () => {
  const dir = mkdtempSync(join(tmpdir(), "synapse-kit-bench-"));
  mkdirSync(join(dir, "configs", "environments"), { recursive: true });
  const environment = load(readFileSync(join(ROOT, "configs", "environments", "dev.yaml"), "utf8"));
  const changed = {
    ...environment,
    public_baseurl: `http://127.0.0.1:${PORT}`,
    listen: { ...environment.listen, port: PORT },
    docker: { ...environment.docker, network: NETWORK },
  };
  writeFileSync(join(dir, "configs", "environments", `${NAME}.yaml`), dump(changed));
  return dir;
};

const answers = async () => {
  const response = await fetch(`http://127.0.0.1:${PORT}/_matrix/client/versions`);
  if (!response.ok) throw new Error(`/_matrix/client/versions answers ${response.status}`);
};

// --- with the kit

const deployKit = async (dir) => {
  const from = process.hrtime.bigint();
  let healthy;
  await start(process.execPath, [CLI, "deploy", NAME], {
    cwd: dir,
    // All services are healthy by then; what follows is the proof that nothing is left to do.
    onLine: (line) => {
      if (line.startsWith("phase 4")) healthy = since(from);
    },
  });
  const ended = since(from);
  await answers();
  return { healthy: healthy ?? ended, ended };
};

const timed = async (dir, ...words) => {
  const from = process.hrtime.bigint();
  await start(process.execPath, [CLI, ...words], { cwd: dir });
  return since(from);
};

// --- recorded from the engine

const seconds = (nanoseconds) => `${nanoseconds / 1e9}s`;
const quoted = (words) => words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
const pairs = (flag, values) => (values ?? []).flatMap((value) => [flag, value]);

const healthOptions = ({ Test, Interval, Timeout, StartPeriod, Retries }) => [
  `--health-cmd=${Test[0] === "CMD" ? quoted(Test.slice(1)) : Test[1]}`,
  `--health-interval=${seconds(Interval)}`,
  `--health-timeout=${seconds(Timeout)}`,
  `--health-start-period=${seconds(StartPeriod)}`,
  `--health-retries=${Retries}`,
];

/** The arguments of `docker create` that give the same container. */
const createArguments = (container, image) => {
  const { Config: config, HostConfig: host, Mounts: mounts } = container;
  const ownEntrypoint = JSON.stringify(config.Entrypoint) !== JSON.stringify(image.Config.Entrypoint);
  const [program, ...rest] = ownEntrypoint ? (config.Entrypoint ?? []) : [];
  return [
    ...(config.User ? ["--user", config.User] : []),
    ...(host.ReadonlyRootfs ? ["--read-only"] : []),
    ...(host.Init ? ["--init"] : []),
    ...(host.RestartPolicy.Name ? ["--restart", host.RestartPolicy.Name] : []),
    ...(host.Memory ? ["--memory", String(host.Memory), "--memory-swap", String(host.MemorySwap)] : []),
    ...(host.MemoryReservation ? ["--memory-reservation", String(host.MemoryReservation)] : []),
    ...(host.CpuShares ? ["--cpu-shares", String(host.CpuShares)] : []),
    ...(host.ShmSize ? ["--shm-size", String(host.ShmSize)] : []),
    ...pairs("--security-opt", host.SecurityOpt),
    ...pairs("--cap-drop", host.CapDrop),
    ...pairs("--cap-add", host.CapAdd),
    ...pairs(
      "--ulimit",
      (host.Ulimits ?? []).map((one) => `${one.Name}=${one.Soft}:${one.Hard}`),
    ),
    ...["--log-driver", host.LogConfig.Type],
    ...pairs(
      "--log-opt",
      Object.entries(host.LogConfig.Config ?? {}).map(([key, value]) => `${key}=${value}`),
    ),
    ...pairs(
      "--tmpfs",
      Object.entries(host.Tmpfs ?? {}).map(([path, options]) => `${path}:${options}`),
    ),
    ...pairs(
      "--volume",
      mounts.map((mount) => `${mount.Name}:${mount.Destination}${mount.RW ? "" : ":ro"}`),
    ),
    ...pairs(
      "--env",
      (config.Env ?? []).filter((entry) => !(image.Config.Env ?? []).includes(entry)),
    ),
    ...pairs(
      "--publish",
      Object.entries(host.PortBindings ?? {}).flatMap(([port, bindings]) =>
        bindings.map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}:${port}`),
      ),
    ),
    ...(config.Healthcheck ? healthOptions(config.Healthcheck) : []),
    ...(config.StopSignal ? ["--stop-signal", config.StopSignal] : []),
    ...(config.StopTimeout ? ["--stop-timeout", String(config.StopTimeout)] : []),
    ...(program ? ["--entrypoint", program] : []),
    container.Image,
    ...rest,
    ...(config.Cmd ?? []),
  ];
};

const networksOf = (container) =>
  Object.entries(container.NetworkSettings.Networks)
    .filter(([name]) => name.startsWith(`${NAME}-`))
    .map(([name, { IPAMConfig, Aliases }]) => ({
      name,
      options: (alias) => [
        ...(IPAMConfig?.IPv4Address ? ["--ip", IPAMConfig.IPv4Address] : []),
        ...pairs(
          alias,
          (Aliases ?? []).filter((one) => !container.Id.startsWith(one)),
        ),
      ],
    }));

/** What the kit deployed, as data: files with secrets stay in this process' memory. */
const record = () => {
  const containers = JSON.parse(docker("inspect", ...listed(NAME, "ps", "--all", "--format", "{{.Names}}")));
  const named = (container) => container.Name.slice(1);
  const isSeeder = (container) => named(container).includes("-seed-");
  const images = new Map();
  const imageOf = (id) => {
    if (!images.has(id)) images.set(id, JSON.parse(docker("image", "inspect", id))[0]);
    return images.get(id);
  };
  return {
    networks: JSON.parse(docker("network", "inspect", ...listed(NAME, "network", "ls", "--format", "{{.Name}}"))).map(
      (net) => [...(net.Internal ? ["--internal"] : []), ...["--subnet", net.IPAM.Config[0].Subnet], net.Name],
    ),
    dataVolumes: listed(NAME, "volume", "ls", "--format", "{{.Name}}").filter((name) => !name.includes("-config-")),
    seeders: containers.filter(isSeeder).map((container) => ({
      name: named(container),
      image: container.Image,
      volume: container.Mounts[0].Name,
      files: output("docker", ["cp", `${named(container)}:/config/.`, "-"], { encoding: "buffer" }),
    })),
    services: containers
      .filter((container) => !isSeeder(container))
      .map((container) => ({
        name: named(container),
        service: named(container).slice(NAME.length + 1),
        create: createArguments(container, imageOf(container.Image)),
        networks: networksOf(container),
      })),
  };
};

// --- with the docker client alone

const untilHealthy = async (name) => {
  const last = Date.now() + HEALTHY_WITHIN_MS;
  while (Date.now() < last) {
    const status = await start("docker", ["inspect", "--format", "{{.State.Health.Status}}", name]);
    if (status.trim() === "healthy") return;
    await sleep(POLL_MS);
  }
  throw new Error(`${name} did not become healthy`);
};

/**
 * @param inTurn - one command after another, as a shell script has them; else everything side by side that the
 * dependencies of the constructs allow
 */
const deployPlain = async ({ networks, dataVolumes, seeders, services }, { inTurn }) => {
  const from = process.hrtime.bigint();
  const run = (...args) => start("docker", args);
  const each = async (items, work) => {
    if (!inTurn) return Promise.all(items.map(work));
    for (const item of items) await work(item);
  };
  const makeVolumes = () => each(dataVolumes, (name) => run("volume", "create", name));
  const makeNetworks = () => each(networks, (options) => run("network", "create", ...options));
  const seed = async ({ name, image, volume, files }) => {
    await run("volume", "create", volume);
    const options = ["--name", name, "--network", "none", "--volume", `${volume}:/config`];
    await run("create", ...options, image, "/bin/busybox", "true");
    await start("docker", ["cp", "-", `${name}:/config`], { input: files });
  };
  await each([makeVolumes, makeNetworks, () => each(seeders, seed)], (work) => work());

  const begin = async ({ name, create, networks: [first, ...others] }) => {
    await run("create", "--name", name, "--network", first.name, ...first.options("--network-alias"), ...create);
    for (const net of others) await run("network", "connect", ...net.options("--alias"), net.name, name);
    await run("start", name);
    return name;
  };
  const named = (service) => services.find((candidate) => candidate.service === service);
  const owner = named(MEDIA_OWNER);
  const own = () => run("run", "--name", owner.name, "--network", "none", ...owner.create);
  const workers = services.filter(
    ({ service }) => /^synapse-/.test(service) && !["synapse-main", MEDIA_OWNER].includes(service),
  );
  // Nobody waits for Nginx, and Nginx for nobody; the end is when all are healthy.
  const begun = [];
  const nginx = async () => begun.push(await begin(named("nginx")));
  const healthy = async (service) => untilHealthy(await begin(service));
  const base = ["postgres", "pgbouncer", "redis"].map(named);
  if (inTurn) {
    await own();
    for (const service of base) begun.push(await begin(service));
    await nginx();
    await Promise.all(begun.splice(0).map(untilHealthy));
  } else {
    await Promise.all([own(), nginx(), ...base.map(healthy)]);
  }
  await healthy(named("synapse-main"));
  await each(workers, async (worker) => begun.push(await begin(worker)));
  await Promise.all(begun.map(untilHealthy));
  const seconds = since(from);
  await answers();
  return seconds;
};

// --- the whole

const idleMemory = (dir) =>
  JSON.parse(output(process.execPath, [CLI, "status", NAME, "--json"], { cwd: dir })).services.map((one) => ({
    service: one.service,
    idle_mib: Math.round(one.memory_bytes / 1024 ** 2),
    limit_mib: Math.round(one.memory_limit_bytes / 1024 ** 2),
  }));

export const benchDeploy = async ({ pairs: count = 3 } = {}) => {
  const kit = [];
  const plain = [];
  const script = [];
  const rest = {};
  let recorded;
  const withKit = async (isLast) => {
    const dir = newProject();
    try {
      kit.push(await deployKit(dir));
      console.error(
        `deploy: healthy after ${kit.at(-1).healthy.toFixed(1)} s, ended after ${kit.at(-1).ended.toFixed(1)} s`,
      );
      recorded ??= record();
      if (!isLast) return;
      rest.second_deploy_seconds = spread([
        await timed(dir, "deploy", NAME),
        await timed(dir, "deploy", NAME),
        await timed(dir, "deploy", NAME),
      ]);
      rest.plan_seconds = spread([
        await timed(dir, "plan", NAME),
        await timed(dir, "plan", NAME),
        await timed(dir, "plan", NAME),
      ]);
      await sleep(IDLE_SECONDS * 1000);
      rest.memory = idleMemory(dir);
    } finally {
      removeEnvironment(NAME);
      rmSync(dir, { recursive: true, force: true });
    }
  };
  const withDocker = async () => {
    for (const [times, inTurn] of [
      [plain, false],
      [script, true],
    ]) {
      try {
        times.push(await deployPlain(recorded, { inTurn }));
        console.error(`plain docker${inTurn ? ", in turn" : ""}: healthy after ${times.at(-1).toFixed(1)} s`);
      } finally {
        removeEnvironment(NAME);
      }
    }
  };
  removeEnvironment(NAME);
  for (let pair = 0; pair < count; pair += 1) {
    const isLast = pair === count - 1;
    // The first must be the kit's, which the plain one is recorded from; then they take turns.
    if (pair % 2 === 0) {
      await withKit(isLast);
      await withDocker();
    } else {
      await withDocker();
      await withKit(isLast);
    }
  }
  const healthy = kit.map((one) => one.healthy);
  return {
    deploy_to_healthy_seconds: spread(healthy),
    deploy_to_end_seconds: spread(kit.map((one) => one.ended)),
    plain_docker_to_healthy_seconds: spread(plain),
    docker_script_to_healthy_seconds: spread(script),
    ratio_to_script: spread(healthy.map((value, i) => value / script[i])),
    ratio_to_healthy: spread(healthy.map((value, i) => value / plain[i])),
    ratio_to_end: spread(kit.map((one, i) => one.ended / plain[i])),
    ...rest,
  };
};

export const deployTables = (figures) =>
  `${markdown([
    ["shipped `dev`, fresh volumes", "seconds"],
    ["`deploy` until all is healthy", shown(figures.deploy_to_healthy_seconds)],
    ["`deploy` until it ends, an empty plan as proof", shown(figures.deploy_to_end_seconds)],
    [
      "the same containers by a script of `docker` commands in turn, until all is healthy",
      shown(figures.docker_script_to_healthy_seconds),
    ],
    ["ratio to the script, until healthy", shown(figures.ratio_to_script)],
    [
      "the same containers by `docker`, all at once that can be, until all is healthy",
      shown(figures.plain_docker_to_healthy_seconds),
    ],
    ["ratio to that, until healthy", shown(figures.ratio_to_healthy)],
    ["ratio of the pairs, until the end", shown(figures.ratio_to_end)],
    ["second `deploy`, nothing to do", shown(figures.second_deploy_seconds)],
    ["`plan`, nothing to do", shown(figures.plan_seconds)],
  ])}

${markdown([
  ["service, idle", "MiB", "limit MiB", "%"],
  ...figures.memory.map((one) => [
    one.service,
    String(one.idle_mib),
    String(one.limit_mib),
    String(Math.round((100 * one.idle_mib) / one.limit_mib)),
  ]),
])}`;
