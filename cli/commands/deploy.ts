import { UserError } from "../../configs/user-error";
import { buildImages } from "../../host/build-images";
import { readDetected, writeDetected } from "../../host/detected";
import type { Docker } from "../../host/docker";
import { type Changes, changesOf, describeChanges, type ServiceChange } from "../changes";
import { checkConfigs } from "../check-configs";
import { explainFailure } from "../failure";
import { removeLeftovers } from "../leftovers";
import { printProgress } from "../progress";
import { openSession, type Session } from "../project";

const dataVolumes = (environment: string): string[] => [`${environment}-postgres-data`, `${environment}-synapse-media`];

const exists = async (docker: Docker, volume: string): Promise<boolean> =>
  (await docker.run(["volume", "inspect", volume])).code === 0;

/**
 * The other way round: an environment that has come to rest before, and whose volumes this engine does not have. An
 * empty server with the old signing key would be a twin of the real one, or its end.
 */
const refuseEmptyTwin = async ({ docker, environment }: Session, changes: Changes): Promise<void> => {
  const wasDeployed = readDetected(environment, process.cwd()).server_name !== undefined;
  if (!wasDeployed || changes.created.includes("random_bytes.signing_key")) return;
  for (const volume of dataVolumes(environment.name)) {
    const address = `docker_volume.${volume.slice(environment.name.length + 1).replaceAll("-", "_")}`;
    if (!changes.created.includes(address) || (await exists(docker, volume))) continue;
    throw new UserError(
      `volume ${volume} is gone from this engine, and \`${environment.name}\` was deployed with it: an empty one would ` +
        "take its place. Check `docker.host`; put the volume back from a backup; or, if the data is really not needed, " +
        `run \`synapse-kit destroy ${environment.name} --data\` first. Nothing was changed`,
    );
  }
};

/**
 * Lost state means lost secrets: a new signing key would make the server a stranger to its own rooms. A first
 * deployment that broke off has its secrets, and goes on.
 */
const refuseForeignData = async (docker: Docker, changes: Changes, environment: string): Promise<void> => {
  if (!changes.created.includes("random_bytes.signing_key")) return;
  for (const volume of dataVolumes(environment)) {
    if (!(await exists(docker, volume))) continue;
    throw new UserError(
      `volume ${volume} exists, but the state of \`${environment}\` does not know it: the state, and with it the signing key, ` +
        `seems to be lost. Put the state file back (state/${environment}.tfstate), or move the volume away if its data is ` +
        "not needed; nothing was changed",
    );
  }
};

const refuseLosses = (changes: Changes): void => {
  if (changes.losses.length === 0) return;
  throw new UserError(`the change would remove what is stored (${changes.losses.join(", ")}); nothing was done`);
};

/** The folder of a major carries its number. */
const refuseMajorUpgrade = ({ movedData }: Changes): void => {
  if (!movedData) return;
  const [from, to] = [movedData.from, movedData.to].map((folder) => /\/(\d+)\//.exec(folder)?.[1] ?? folder);
  throw new UserError(
    `the data volume holds PostgreSQL ${from} and \`postgres.version\` asks for ${to}: a major upgrade needs a dump and a ` +
      `restore, set \`postgres.version\` back to ${from}; nothing was changed`,
  );
};

/** The same for an environment that is down: no container is left to tell, so the volume is asked. */
const refuseOtherMajor = async ({ docker, environment, prepared }: Session, changes: Changes): Promise<void> => {
  const starts = changes.services.some(({ service, action }) => service === "postgres" && action === "create");
  if (!starts || changes.created.includes("docker_volume.postgres_data")) return;
  const { stdout } = await docker.run([
    "run",
    "--rm",
    `--name=${environment.name}-check-data`,
    "--network=none",
    `--volume=${environment.name}-postgres-data:/data:ro`,
    "--entrypoint=/bin/busybox",
    prepared.images.references.seeder,
    "find",
    "/data",
    "-path",
    "*/docker/PG_VERSION",
  ]);
  const majors = [...stdout.matchAll(/\/(\d+)\/docker\/PG_VERSION/g)].map((match) => match[1] as string);
  const wanted = String(prepared.plan.postgres.version);
  if (majors.length > 0 && !majors.includes(wanted)) {
    refuseMajorUpgrade({
      ...changes,
      movedData: { from: `/${majors[0]}/`, to: `/${wanted}/` },
    });
  }
};

/** Recorded at each deployment that came to rest; Synapse itself would only refuse once it had been stopped. */
const refuseOtherServerName = ({ environment }: Session): void => {
  const { server_name: before } = readDetected(environment, process.cwd());
  if (before === undefined || before === environment.serverName) return;
  throw new UserError(
    `\`server_name\` is ${environment.serverName}, and this environment was deployed as ${before}: it is part of every user ` +
      "and room id in the database and can never be changed. Set it back, or make another environment; nothing was changed",
  );
};

/** In start order, so that each is healthy before the next is touched. */
const rolling = (session: Session, changes: Changes): ServiceChange[] => {
  const { plan } = session.prepared;
  const order = [
    plan.postgres.container.name,
    ...(plan.pgbouncer ? [plan.pgbouncer.container.name] : []),
    ...(plan.redis ? [plan.redis.container.name] : []),
    ...plan.synapse.processes.map((process) => process.container.name),
    plan.nginx.container.name,
  ];
  return changes.services
    .filter((change) => change.action === "replace")
    .sort((a, b) => order.indexOf(a.service) - order.indexOf(b.service));
};

/**
 * Brings an environment up, or to what its file says now.
 *
 * In phases: new configuration first, checked by the programs that will read it, so that a bad one never stops a
 * service; then what must be replaced, one service after another, since a single apply stops all of them before it
 * starts the first; then everything else; then a plan, which must be empty.
 */
export const deploy = async (name: string): Promise<void> => {
  const started = Date.now();
  const session = await openSession(name, {
    onMessage: printProgress,
    beforeSynthesis: ({ images }, docker) => buildImages(images.local, docker),
  });
  const { environment, docker, terraform } = session;
  refuseOtherServerName(session);
  try {
    console.error(`${environment.name}: comparing with what runs`);
    await terraform.plan();
    let changes = changesOf(await terraform.showPlan());
    for (const line of describeChanges(changes)) console.error(line);
    if (!changes.isEmpty) {
      refuseLosses(changes);
      refuseMajorUpgrade(changes);
      await refuseForeignData(docker, changes, environment.name);
      await refuseEmptyTwin(session, changes);
      await refuseOtherMajor(session, changes);
      if (await removeLeftovers(docker, changes, environment.name)) {
        await terraform.plan();
        changes = changesOf(await terraform.showPlan());
      }
      const replaced = rolling(session, changes);
      if (replaced.length > 0) {
        console.error("phase 1: new configuration beside the old");
        if (changes.seeders.length > 0) await terraform.applyTargets(changes.seeders);
        await checkConfigs(session, replaced);
      }
      if (changes.together) {
        console.error(`phase 2: ${changes.together.why}, so they stop together`);
        await terraform.destroyTargets(changes.together.addresses);
      } else {
        for (const change of replaced) {
          console.error(`phase 2: ${change.service}`);
          await terraform.applyTargets([change.address]);
        }
      }
      console.error("phase 3: everything else");
      // A plan that nothing was applied from yet is still true, and saves the second look at everything.
      await (replaced.length > 0 || changes.together ? terraform.apply() : terraform.applyPlan());
      console.error("phase 4: a plan that must be empty");
      if (await terraform.plan()) {
        const left = describeChanges(changesOf(await terraform.showPlan())).join("\n");
        throw new UserError(`the deployment does not come to rest, a further plan is not empty:\n${left}`);
      }
    }
  } catch (error) {
    throw await explainFailure(error, environment, docker);
  } finally {
    terraform.forgetPlan();
  }
  const { serverName: server_name } = environment;
  writeDetected(environment, process.cwd(), { ...readDetected(environment, process.cwd()), server_name });
  console.error(`done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  console.log(
    [
      `${environment.serverName} runs: ${environment.publicBaseurl}`,
      `  listens on      http://${environment.listen.address}:${environment.listen.port}`,
      `  first user      npx synapse-kit user add ${name} NAME --admin`,
      `  how it is       npx synapse-kit status ${name}`,
      `  what it may use npx synapse-kit size ${name}`,
    ].join("\n"),
  );
};
