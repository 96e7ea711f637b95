import type { AlertReceiver, AlertWay, Environment, WebhookAddress } from "../../configs/environment";
import { PORTS } from "../../configs/ports";
import { isSecretFile, type SecretFile } from "../../configs/secret-file";
import type { Plan } from "../../sizing/plan";
import { addressesOf } from "../addresses";
import { pathFor } from "../matrix-notifier/files";
import { ownSecretPath } from "../own-secret-file";
import { MAIL } from "./mail";

/** Gets what nobody is told of; it is still to be seen in Alertmanager and by `status`. */
export const NOBODY = "nobody";
export const DEAD_MAN = "dead-man";

const webhook = (url: WebhookAddress): object => (typeof url === "string" ? { url } : { url_file: ownSecretPath(url) });

type Way<K extends AlertWay["kind"]> = Extract<AlertWay, { readonly kind: K }>;

const email = ({ to, from, smarthost, login, requireTls }: Way<"email">): object => ({
  to,
  from,
  smarthost,
  require_tls: requireTls,
  send_resolved: true,
  headers: { Subject: MAIL.subject },
  text: MAIL.text,
  // Alertmanager's own, unless it is empty.
  html: "",
  ...(login ? { auth_username: login.username, auth_password_file: ownSecretPath(login.password) } : {}),
});

const receiver = (env: Environment, plan: Plan, { name, way }: AlertReceiver): object => {
  switch (way.kind) {
    case "webhook":
      return { name, webhook_configs: [{ ...webhook(way.url), send_resolved: true }] };
    case "email":
      return { name, email_configs: [email(way)] };
    case "matrix": {
      const notifier = plan.monitoring?.matrixNotifier?.name as string;
      const address = addressesOf(env.docker.network, plan).get(notifier)?.backend;
      const url = `http://${address}:${PORTS.matrixNotifier}${pathFor(name)}`;
      return { name, webhook_configs: [{ url, send_resolved: true }] };
    }
  }
};

/** The `receivers` of alertmanager.yml. No secret stands in it: each is a file beside it. */
export const receiversOf = (env: Environment, plan: Plan): object[] => {
  const { receivers, deadMan } = env.monitoring.alerts;
  return [
    { name: NOBODY },
    ...(deadMan === undefined
      ? []
      : [{ name: DEAD_MAN, webhook_configs: [{ ...webhook(deadMan), send_resolved: false }] }]),
    ...receivers.map((one) => receiver(env, plan, one)),
  ];
};

/** What Alertmanager's container needs of the operator's secret files; those of rooms are the notifier's. */
export const receiverSecrets = ({ monitoring: { alerts } }: Environment): SecretFile[] => {
  const ofReceivers = alerts.receivers.flatMap(({ way }): unknown[] => {
    if (way.kind === "webhook") return [way.url];
    return way.kind === "email" ? [way.login?.password] : [];
  });
  return [alerts.deadMan, ...ofReceivers].filter(isSecretFile);
};
