import type { Environment } from "../../../configs/environment";
import { Duration } from "../../../configs/units/duration";
import type { Plan } from "../../../sizing/plan";
import { CAUSES } from "../../alertmanager/inhibitions";
import type { ConfigFile } from "../../file";
import { jobsOf, probesOf } from "../targets";
import { containerAlerts } from "./containers";
import { doorAlerts } from "./doors";
import { federationAlerts } from "./federation";
import { hostAlerts } from "./host";
import { nginxAlerts } from "./nginx";
import { pgbouncerAlerts } from "./pgbouncer";
import { postgresAlerts } from "./postgres";
import { redisAlerts } from "./redis";
import { isAlert, type RuleGroup, rulesYaml } from "./rule";
import { sloGroups } from "./slo";
import { compressorAlerts, stateGrowthAlert } from "./state";
import { synapseAlerts } from "./synapse";
import { watchingAlerts } from "./watching";

/** Until a program that came back serves those who waited for it. `guess` */
const RECOVERY_SECONDS = 30;

/** A cause lasts until what follows from it was looked at again, else its end would let the rest of it through. */
const withLastingCauses = ({ rules, ...group }: RuleGroup, interval: Duration): RuleGroup => {
  // One look at the program, one at the rule.
  const keepFiringFor = Duration.seconds(RECOVERY_SECONDS + 2 * interval.toSeconds());
  return {
    ...group,
    rules: rules.map((rule) => (isAlert(rule) && CAUSES.has(rule.alert) ? { ...rule, keepFiringFor } : rule)),
  };
};

const groupsOf = (env: Environment, plan: Plan): RuleGroup[] => {
  const { monitoring, pgbouncer, redis, compressor } = plan;
  if (!monitoring) return [];
  const targets = jobsOf(env, plan).reduce((sum, job) => sum + job.targets.length, 0);
  const clients = plan.synapse.processes.reduce((sum, { cpMax }) => sum + cpMax.value, 0);
  return [
    { name: "synapse", rules: [...synapseAlerts(redis !== undefined), ...federationAlerts(env)] },
    { name: "postgres", rules: [...postgresAlerts(plan), stateGrowthAlert] },
    ...(pgbouncer ? [{ name: "pgbouncer", rules: pgbouncerAlerts(pgbouncer, clients) }] : []),
    ...(redis ? [{ name: "redis", rules: redisAlerts(redis) }] : []),
    { name: "nginx", rules: [...nginxAlerts(plan.nginx), ...doorAlerts(probesOf(env, plan))] },
    ...(compressor ? [{ name: "compressor", rules: compressorAlerts(env.compressor.schedule) }] : []),
    { name: "host", rules: [...hostAlerts(plan), ...containerAlerts(plan)] },
    { name: "monitoring", rules: watchingAlerts(monitoring.prometheus, targets) },
  ];
};

/** Alerts by what they are about; only for what the plan has. */
export const alertGroups = (env: Environment, plan: Plan): RuleGroup[] =>
  groupsOf(env, plan).map((group) => withLastingCauses(group, env.monitoring.scrapeInterval));

/** Every group of every rule file. */
export const ruleGroups = (env: Environment, plan: Plan): RuleGroup[] => [
  ...sloGroups(env.monitoring),
  ...alertGroups(env, plan),
];

/** Rule files of Prometheus. */
export const ruleFiles = (env: Environment, plan: Plan): ConfigFile[] => [
  { path: "slo.yml", content: rulesYaml(sloGroups(env.monitoring)) },
  { path: "alerts.yml", content: rulesYaml(alertGroups(env, plan)) },
];
