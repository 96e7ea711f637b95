import { UserError } from "../../configs/user-error";
import { buildImages } from "../../host/build-images";
import type { Docker } from "../../host/docker";
import { type Changes, changesOf, describeChanges, type ServiceChange } from "../changes";
import { checkConfigs } from "../check-configs";
import { explainFailure } from "../failure";
import { printProgress } from "../progress";
import { openSession, type Session } from "../project";

/** Lost state means lost secrets: a new signing key would make the server a stranger to its own rooms. */
const refuseForeignData = async (docker: Docker, changes: Changes, environment: string): Promise<void> => {
  for (const address of changes.created) {
    const match = /^docker_volume\.(.+)$/.exec(address);
    if (!match?.[1]) continue;
    const volume = `${environment}-${match[1].replaceAll("_", "-")}`;
    const { code } = await docker.run(["volume", "inspect", volume]);
    if (code !== 0) continue;
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
  try {
    console.error(`${environment.name}: comparing with what runs`);
    await terraform.plan();
    const plan = await terraform.showPlan();
    const changes = changesOf(plan);
    for (const line of describeChanges(changes)) console.error(line);
    if (!changes.isEmpty) {
      refuseLosses(changes);
      refuseMajorUpgrade(changes);
      await refuseForeignData(docker, changes, environment.name);
      const replaced = rolling(session, changes);
      if (replaced.length > 0 && changes.seeders.length > 0) {
        console.error("phase 1: new configuration beside the old");
        await terraform.applyTargets(changes.seeders);
        await checkConfigs(session, replaced);
      }
      for (const change of replaced) {
        console.error(`phase 2: ${change.service}`);
        await terraform.applyTargets([change.address]);
      }
      console.error("phase 3: everything else");
      await terraform.apply();
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
  console.error(`done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  console.log(
    [
      `${environment.serverName} runs: ${environment.publicBaseurl}`,
      `  listens on     http://${environment.listen.address}:${environment.listen.port}`,
      `  first user     npx synapse-kit user add ${name} NAME --admin`,
      `  how it is      npx synapse-kit status ${name}`,
      `  what it may use  npx synapse-kit size ${name}`,
    ].join("\n"),
  );
};
