import type { Environment } from "./environment";
import type { YamlDocument } from "./yaml-document";

const isContainer = (value: unknown): value is object => typeof value === "object" && value !== null;

/** `line:column` of every key that a file writes, by its dotted path; `""` is the file itself. */
export const positionsIn = ({ value, find }: YamlDocument): Record<string, string> => {
  const positions: Record<string, string> = {};
  const visit = (inner: unknown, path: readonly string[]): void => {
    const { line, column } = find(path, "key");
    positions[path.join(".")] = `${line}:${column}`;
    if (isContainer(inner)) for (const [key, member] of Object.entries(inner)) visit(member, [...path, key]);
  };
  visit(value, []);
  return positions;
};

/**
 * Where to look for a key, as in `chat.yaml:12:3`: a key that the file leaves out stands where the one around it does.
 * The file alone where there is no text, as with figures from flags.
 */
export const placeOf = (env: Pick<Environment, "file" | "positions">, key: string): string => {
  const { file, positions } = env;
  const known = Object.hasOwn(positions, key) ? positions[key] : undefined;
  if (known !== undefined) return `${file}:${known}`;
  return key === "" ? file : placeOf(env, key.slice(0, Math.max(0, key.lastIndexOf("."))));
};
