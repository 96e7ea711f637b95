import type { SecretFile } from "../configs/secret-file";
import { secretPlaceholder } from "../configs/secrets";
import { CONFIG_DIR, type ConfigFile } from "./file";

/** One file a secret, whatever folder it comes from. */
const nameIn = (path: string): string => `secret-${encodeURIComponent(path)}`;

/** Where a container finds the text of one of the operator's own secret files. */
export const ownSecretPath = ({ secret_file }: SecretFile): string => `${CONFIG_DIR}/${nameIn(secret_file)}`;

/** The files themselves, each once, in a fixed order. */
export const ownSecretFiles = (secrets: Iterable<SecretFile>): ConfigFile[] =>
  [...new Set([...secrets].map(({ secret_file }) => secret_file))]
    .sort()
    .map((path) => ({ path: nameIn(path), content: secretPlaceholder(`file:${path}`) }));
