import type { AlertReceiver, AlertWay, Environment } from "../../configs/environment";
import type { ConfigFile } from "../file";
import { ownSecretFiles, ownSecretPath } from "../own-secret-file";
import { programText } from "../program";

type MatrixWay = Extract<AlertWay, { readonly kind: "matrix" }>;

/** Receivers that are a room, by name. */
const rooms = (env: Environment): (readonly [name: string, way: MatrixWay])[] =>
  env.monitoring.alerts.receivers.flatMap(({ name, way }: AlertReceiver) =>
    way.kind === "matrix" ? [[name, way] as const] : [],
  );

/** Path that Alertmanager sends to for a receiver. */
export const pathFor = (receiver: string): string => `/${receiver}`;

/** Files of the container that writes into rooms. */
export const matrixNotifierFiles = (env: Environment): ConfigFile[] => [
  { path: "matrix_notifier.py", content: programText("matrix_notifier.py") },
  {
    path: "rooms.json",
    content: `${JSON.stringify(
      Object.fromEntries(
        rooms(env).map(([name, { homeserver, roomId, accessToken }]) => [
          pathFor(name),
          { homeserver, room_id: roomId, access_token_file: ownSecretPath(accessToken) },
        ]),
      ),
      null,
      2,
    )}\n`,
  },
  ...ownSecretFiles(rooms(env).map(([, { accessToken }]) => accessToken)),
];
