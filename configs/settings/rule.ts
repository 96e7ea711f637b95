import type { PostgresMajor, RedisFlavour } from "../environment";

/** What a rule may depend on beside the value. */
export interface Gate {
  readonly postgres: PostgresMajor;
  readonly redis: RedisFlavour;
  /** Of Redis or Valkey. */
  readonly redisVersion: string;
}

/** Why a key is not taken: data of the lists of retired and controlled settings. */
export interface Rule {
  /** The key; nested keys of Synapse are joined by dots, `*` stands for any part of one key (`worker_*`, list items). */
  readonly key: string;
  /** One line: what is wrong, and what to do instead. */
  readonly message: string;
  /** Absent: the key is refused whatever its value. */
  readonly when?: (value: unknown, gate: Gate) => boolean;
}

/** The kernel's `net.core.somaxconn` since Linux 5.4, which a container has for itself. */
export const SOMAXCONN = 4096;

/** Switches as the five programs and YAML spell them. */
export const isOff = (value: unknown): boolean =>
  value === false || ["off", "no", "false", "0"].includes(String(value).toLowerCase());

export const isOn = (value: unknown): boolean =>
  value === true || ["on", "yes", "true", "1"].includes(String(value).toLowerCase());

/** Whether the value is one of these words, in any case. */
export const isOneOf =
  (...words: readonly string[]) =>
  (value: unknown): boolean =>
    words.includes(String(value).trim().toLowerCase());

const parts = (key: string): readonly string[] => key.split(".");

const fits = (pattern: string, part: string): boolean => {
  const star = pattern.indexOf("*");
  if (star < 0) return pattern === part;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return part.length >= before.length + after.length && part.startsWith(before) && part.endsWith(after);
};

/** The first rule for the key at `path` (below `settings`) with that value. */
export const ruleFor = (
  rules: readonly Rule[],
  path: readonly (string | number)[],
  value: unknown,
  gate: Gate,
): Rule | undefined =>
  rules.find((rule) => {
    const patterns = parts(rule.key);
    return (
      patterns.length === path.length &&
      patterns.every((pattern, index) => fits(pattern, String(path[index]))) &&
      (rule.when?.(value, gate) ?? true)
    );
  });

/** The same for a flat file, where a dot is part of the name (`pg_stat_statements.max`). */
export const flatRuleFor = (rules: readonly Rule[], name: string, value: unknown, gate: Gate): Rule | undefined =>
  rules.find((rule) => fits(rule.key, name) && (rule.when?.(value, gate) ?? true));
