import type { Settings, SettingValue } from "../../configs/environment";
import { isSecretFile, type SecretFile, takesPath } from "../../configs/secret-file";
import { secretPlaceholder } from "../../configs/secrets";
import type { ConfigFile } from "../file";
import { ownSecretFiles, ownSecretPath } from "../own-secret-file";

type Visit = (path: readonly (string | number)[], secret: SecretFile) => SettingValue;

const replaced = (value: SettingValue, visit: Visit, path: readonly (string | number)[] = []): SettingValue => {
  if (isSecretFile(value)) return visit(path, value);
  if (Array.isArray(value)) return value.map((item, index) => replaced(item, visit, [...path, index]));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaced(inner, visit, [...path, key])]));
};

/**
 * Settings with what stands for each `{secret_file: …}`: the path of a file in the container where the key takes one,
 * else the secret's placeholder.
 */
export const withOwnSecrets = (settings: Settings): Settings =>
  replaced(settings, (path, secret) =>
    takesPath(path) ? ownSecretPath(secret) : secretPlaceholder(`text:${secret.secret_file}`),
  ) as Settings;

/** The files that such settings name. */
export const settingsSecretFiles = (settings: Settings): ConfigFile[] => {
  const secrets: SecretFile[] = [];
  replaced(settings, (path, secret) => {
    if (takesPath(path)) secrets.push(secret);
    return null;
  });
  return ownSecretFiles(secrets);
};
