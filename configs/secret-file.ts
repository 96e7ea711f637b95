import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** `{secret_file: secrets/smtp_pass}`: in the place of a value, which stands in a file of its own. */
export interface SecretFile {
  readonly secret_file: string;
}

const KEY = "secret_file";

export const isSecretFile = (value: unknown): value is SecretFile =>
  typeof value === "object" && value !== null && KEY in value;

/** Keys that take a path, whose secret therefore becomes a file in the container: `turn_shared_secret_path`, lists too. */
const TAKES_PATH = /_(?:path|files?)$/;

/** Whether the setting at this path (below `settings`) is the name of a file rather than the secret itself. */
export const takesPath = (path: readonly (string | number)[]): boolean =>
  TAKES_PATH.test(String(path.filter((part) => typeof part === "string").at(-1)));

/** Paths that a placeholder (`secrets.ts`) can hold. */
export const SECRET_PATH = /^[\w./-]+$/;
/** As the largest that Docker itself takes for a secret. */
const LARGEST = 500 * 1024;
/** What no YAML scalar may hold. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** What is wrong with the reference itself. */
export const referenceProblem = (value: SecretFile): string | undefined => {
  const { secret_file: path, ...more } = value;
  if (Object.keys(more).length > 0) return `\`${KEY}\` stands alone, and here with ${Object.keys(more).join(", ")}`;
  return typeof path === "string" && SECRET_PATH.test(path)
    ? undefined
    : `\`${KEY}\`: expected a path of letters, digits, \`.\`, \`_\`, \`-\` and \`/\`, relative to this file, got ${JSON.stringify(path)}`;
};

/**
 * What is wrong with the file that a reference names, or undefined.
 * @param environmentFile - path of the environment's file
 * @param inline - the text becomes a value in the configuration, which takes one line
 */
export const fileProblem = (environmentFile: string, path: string, inline: boolean): string | undefined => {
  let text: string;
  try {
    text = readFileSync(resolve(dirname(environmentFile), path), "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT"
      ? `\`${KEY}\`: there is no file ${path} beside this one: write the secret into it, and keep it out of git`
      : `\`${KEY}\`: ${path} cannot be read: ${message}`;
  }
  if (text.trim() === "") return `\`${KEY}\`: ${path} is empty`;
  if (text.length > LARGEST) return `\`${KEY}\`: ${path} is larger than ${LARGEST} bytes, which is no secret`;
  if (!inline) return undefined;
  if (text.trim().includes("\n")) return `\`${KEY}\`: ${path} has several lines, and the value is one`;
  return CONTROL.test(text) ? `\`${KEY}\`: ${path} holds control characters` : undefined;
};
