import type { Environment } from "../../configs/environment";
import { UserError } from "../../configs/user-error";
import { buildImages } from "../../host/build-images";
import { containersOf } from "../../sizing/plan";
import { type Changes, changesOf, describeChanges, type ServiceChange } from "../changes";
import { checkConfigs } from "../check-configs";
import { explainFailure } from "../failure";
import { removeLeftovers } from "../leftovers";
import { printProgress } from "../progress";
import { openSession, type Session } from "../project";
import { refuseDamage } from "../refusals";
import { untilHealthy } from "../until-healthy";

/** In start order, so that each is healthy before the next is touched. */
const rolling = (session: Session, changes: Changes): ServiceChange[] => {
  const order = containersOf(session.prepared.plan).map(({ name }) => name);
  return changes.services
    .filter((change) => change.action === "replace")
    .sort((a, b) => order.indexOf(a.service) - order.indexOf(b.service));
};

const grafanaUrl = ({ monitoring: { grafana } }: Environment): string => `http://${grafana.address}:${grafana.port}`;

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
  const { environment, prepared, docker, terraform } = session;
  const { monitoring } = prepared.plan;
  if (monitoring?.withoutGrafana) console.error(monitoring.withoutGrafana);
  try {
    console.error(`${environment.name}: comparing with what runs`);
    await terraform.plan();
    let changes = changesOf(await terraform.showPlan());
    for (const line of describeChanges(changes)) console.error(line);
    if (!changes.isEmpty) {
      await refuseDamage(session, changes);
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
      await untilHealthy(docker, environment.name);
    }
  } catch (error) {
    throw await explainFailure(error, session);
  } finally {
    terraform.forgetPlan();
  }
  console.error(`done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  console.log(
    [
      `${environment.serverName} runs: ${environment.publicBaseurl}`,
      `  listens on      http://${environment.listen.address}:${environment.listen.port}`,
      `  first user      npx synapse-kit user add ${name} NAME --admin`,
      `  how it is       npx synapse-kit status ${name}`,
      ...(monitoring?.grafana ? [`  dashboards      ${grafanaUrl(environment)} (docs/monitoring.md)`] : []),
      `  what it may use npx synapse-kit size ${name}`,
    ].join("\n"),
  );
};
