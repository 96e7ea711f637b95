import type { Settings, SettingValue } from "../../configs/environment";
import { isSecretFile, takesPath } from "../../configs/secret-file";
import { secretPlaceholder } from "../../configs/secrets";
import { CONFIG_DIR, type ConfigFile } from "../file";

/** One file a secret, whatever folder it comes from. */
const nameIn = (path: string): string => `secret-${encodeURIComponent(path)}`;

type Visit = (path: readonly (string | number)[], file: string) => SettingValue;

const replaced = (value: SettingValue, visit: Visit, path: readonly (string | number)[] = []): SettingValue => {
  if (isSecretFile(value)) return visit(path, value.secret_file);
  if (Array.isArray(value)) return value.map((item, index) => replaced(item, visit, [...path, index]));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaced(inner, visit, [...path, key])]));
};

/**
 * Settings with what stands for each `{secret_file: …}`: the path of a file in the container where the key takes one,
 * else the secret's placeholder.
 */
export const withOwnSecrets = (settings: Settings): Settings =>
  replaced(settings, (path, file) =>
    takesPath(path) ? `${CONFIG_DIR}/${nameIn(file)}` : secretPlaceholder(`text:${file}`),
  ) as Settings;

/** The files that such settings name. */
export const ownSecretFiles = (settings: Settings): ConfigFile[] => {
  const files = new Set<string>();
  replaced(settings, (path, file) => {
    if (takesPath(path)) files.add(file);
    return null;
  });
  return [...files].sort().map((file) => ({ path: nameIn(file), content: secretPlaceholder(`file:${file}`) }));
};
