import { isSecretFile, referenceProblem } from "../secret-file";
import type { SettingProblem } from "./problem";

type Path = readonly (string | number)[];

/** Keys of Synapse and its modules that hold a secret (`smtp_pass`, `pepper`, `turn_password`, `bind_password` …). */
const HOLDS_SECRET = /(?:^|_)(?:password|pass|pepper|secret|secret_key|private_key|api_key|token)$/;

const inlineProblem = (name: string | number | undefined, value: unknown): string | undefined =>
  typeof name === "string" && HOLDS_SECRET.test(name) && typeof value === "string" && value !== ""
    ? `a secret stays out of this file: write \`${name}: {secret_file: FILE}\`, with the secret in FILE`
    : undefined;

/** Secrets that stand in the file itself, and references to files that are none. */
export const checkSecrets = (settings: Readonly<Record<string, unknown>>): SettingProblem[] => {
  const visit = (path: Path, value: unknown): SettingProblem[] => {
    const wrong = isSecretFile(value) ? referenceProblem(value) : inlineProblem(path.at(-1), value);
    if (wrong !== undefined) return [{ path: ["synapse", "settings", ...path], message: wrong }];
    if (typeof value !== "object" || value === null || isSecretFile(value)) return [];
    return Object.entries(value).flatMap(([key, inner]) =>
      visit([...path, Array.isArray(value) ? Number(key) : key], inner),
    );
  };
  return visit([], settings);
};
