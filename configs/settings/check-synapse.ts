import { isSecretFile } from "../secret-file";
import { CONTROLLED_SYNAPSE } from "./controlled";
import { SYNAPSE_KEYS, SYNAPSE_NESTED_KEYS } from "./known-synapse";
import { nearest } from "./nearest";
import type { SettingProblem } from "./problem";
import { RETIRED_SYNAPSE } from "./retired-synapse";
import { type Gate, ruleFor } from "./rule";

type Path = readonly (string | number)[];

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const dotted = (path: Path): string => path.join(".");

/** The key of `SYNAPSE_NESTED_KEYS`: list items have no names. */
const sectionOf = (path: Path): string => path.map((part) => (typeof part === "number" ? "*" : part)).join(".");

const knownIn = (path: Path): readonly string[] | undefined =>
  path.length === 0 ? SYNAPSE_KEYS : SYNAPSE_NESTED_KEYS[sectionOf(path)];

const unknownProblem = (path: Path): string | undefined => {
  const name = path.at(-1);
  const known = knownIn(path.slice(0, -1));
  if (typeof name !== "string" || known === undefined || known.includes(name)) return undefined;
  const meant = nearest(name, known);
  const hint = meant ? `did you mean \`${dotted([...path.slice(0, -1), meant])}\`?` : "remove it";
  return `Synapse would ignore \`${dotted(path)}\`, which it does not know: ${hint}`;
};

const shapeProblem = (path: Path, value: unknown): string | undefined =>
  knownIn(path) !== undefined && value !== null && !isMap(value)
    ? `\`${dotted(path)}\`: expected a section, got ${JSON.stringify(value)}`
    : undefined;

/**
 * Problems of homeserver.yaml's part. Retired keys are told even inside a section that the kit writes itself:
 * `sentry.traces_sample_rate` is as dead after the DSN has moved.
 */
export const checkSynapse = (settings: Readonly<Record<string, unknown>>, gate: Gate): SettingProblem[] => {
  const problems: SettingProblem[] = [];
  const report = (path: Path, message: string): void => {
    problems.push({ path: ["synapse", "settings", ...path], message });
  };

  const visit = (path: Path, value: unknown, onlyRetired: boolean): void => {
    const retired = ruleFor(RETIRED_SYNAPSE, path, value, gate);
    if (retired) {
      report(path, retired.message);
      return;
    }
    if (onlyRetired) {
      descend(path, value, true);
      return;
    }
    const controlled = ruleFor(CONTROLLED_SYNAPSE, path, value, gate);
    const wrong = controlled?.message ?? unknownProblem(path) ?? shapeProblem(path, value);
    const told = problems.length;
    descend(path, value, wrong !== undefined);
    // A section that never was is told by its keys when they are known for it.
    if (wrong !== undefined && (controlled || problems.length === told)) report(path, wrong);
  };

  const descend = (path: Path, value: unknown, onlyRetired: boolean): void => {
    if (Array.isArray(value))
      value.forEach((item, index) => {
        visit([...path, index], item, onlyRetired);
      });
    else if (isMap(value) && !isSecretFile(value))
      for (const [key, item] of Object.entries(value)) visit([...path, key], item, onlyRetired);
  };

  descend([], settings, false);
  return problems;
};
