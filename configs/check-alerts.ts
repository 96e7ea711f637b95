import { atKey, type Problem } from "./problems";
import type { EnvironmentFile } from "./schema/environment-file";

const WAYS = ["webhook", "email", "matrix"] as const;

type Alerts = EnvironmentFile["monitoring"]["alerts"];

const wayProblems = (name: string, receiver: Alerts["receivers"][string]): Problem[] => {
  const path = ["monitoring", "alerts", "receivers", name];
  const given = WAYS.filter((way) => receiver[way] !== undefined);
  if (given.length === 0) return [atKey(path, `says nowhere where to: expected one of ${WAYS.join(", ")}`)];
  if (given.length === 1) return [];
  const message = `stands beside \`${given[0]}\`: a receiver is one of ${WAYS.join(", ")}, so give this one a name of its own`;
  return given.slice(1).map((way) => atKey([...path, way], message));
};

const loginProblems = (name: string, { email }: Alerts["receivers"][string]): Problem[] => {
  if (!email || (email.username === undefined) === (email.password === undefined)) return [];
  const [given, other] = email.password === undefined ? ["username", "password"] : ["password", "username"];
  const message = `needs \`${other}\` beside it: say both, or none where the mail server asks for none`;
  return [atKey(["monitoring", "alerts", "receivers", name, "email", given], message)];
};

/** What is wrong with receivers that no single key shows. */
export const alertProblems = ({ monitoring }: EnvironmentFile): Problem[] =>
  Object.entries(monitoring.alerts.receivers).flatMap(([name, receiver]) => [
    ...wayProblems(name, receiver),
    ...loginProblems(name, receiver),
  ]);
