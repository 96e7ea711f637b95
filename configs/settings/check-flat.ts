import { nearest } from "./nearest";
import type { SettingProblem } from "./problem";
import { flatRuleFor, type Gate, type Rule } from "./rule";

/** What is known about a program whose file is a list of names with one value each. */
export interface FlatProgram {
  readonly label: string;
  readonly retired: readonly Rule[];
  readonly controlled: readonly Rule[];
  /** All names that the version takes; asked for when there is something to check. */
  readonly known: () => readonly string[];
  /** Why a name is unknown, where that is known itself. */
  readonly absence?: (name: string) => string | undefined;
  /** What is wrong with the value of a known name. */
  readonly valueProblem?: (name: string, value: unknown) => string | undefined;
}

/** Everything is written as one line, so a line break would begin a setting that nobody checked; tabs are harmless. */
const UNPRINTABLE = /(?!\t)[\p{Cc}\u2028\u2029]/u;

const shapeProblem = (name: string, value: unknown): string | undefined => {
  if (!["string", "number", "boolean"].includes(typeof value)) {
    return `\`${name}\`: expected a text, a number or a switch`;
  }
  return UNPRINTABLE.test(String(value)) ? `\`${name}\`: has to be one line of printable text` : undefined;
};

const unknown = (program: FlatProgram, name: string): string => {
  const absence = program.absence?.(name);
  if (absence) return absence;
  const meant = nearest(name, program.known());
  return `${program.label} does not know \`${name}\`: ${meant ? `did you mean \`${meant}\`?` : "remove it"}`;
};

/** Problems of one flat pass-through map, in the order of the file; at most one per key. */
export const checkFlat = (
  section: string,
  settings: Readonly<Record<string, unknown>>,
  gate: Gate,
  program: FlatProgram,
): SettingProblem[] =>
  Object.entries(settings).flatMap(([name, value]) => {
    const refused =
      flatRuleFor(program.retired, name, value, gate) ?? flatRuleFor(program.controlled, name, value, gate);
    const message =
      refused?.message ??
      (program.known().includes(name)
        ? (shapeProblem(name, value) ?? program.valueProblem?.(name, value))
        : unknown(program, name));
    return message === undefined ? [] : [{ path: [section, "settings", name], message }];
  });
