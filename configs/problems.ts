import type { z } from "zod";
import { nearest } from "./nearest";
import type { Path } from "./yaml-document";

/** One mistake: where, and what is wrong, what is allowed, what to do. */
export interface Problem {
  readonly path: Path;
  /** Whether the key itself is wrong, or what it holds. */
  readonly part: "key" | "value";
  readonly message: string;
}

const list = (values: readonly unknown[]): string => values.map(String).join(", ");

const shown = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));

const unknownKey = (path: Path, key: string, allowed: readonly string[]): Problem => {
  const meant = nearest(key, allowed);
  return {
    path: [...path, key],
    part: "key",
    message:
      `unknown key${meant === undefined ? "" : `; did you mean \`${meant}\`?`} Allowed: ${list(allowed)}`.replace(
        "key Allowed",
        "key; allowed",
      ),
  };
};

/** The value at a path of what was parsed. */
const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);

/** Keys that the schema allows at a path, following the objects of unions too. */
const allowedAt = (schema: z.core.$ZodType, path: Path): string[] => {
  const def = schema._zod.def as {
    type: string;
    shape?: Record<string, z.core.$ZodType>;
    innerType?: z.core.$ZodType;
    options?: z.core.$ZodType[];
    valueType?: z.core.$ZodType;
    keyType?: { _zod: { values?: Set<string> } };
  };
  if (def.innerType) return allowedAt(def.innerType, path);
  if (def.options) return [...new Set(def.options.flatMap((option) => allowedAt(option, path)))];
  if (def.type === "record") {
    if (path.length > 0 && def.valueType) return allowedAt(def.valueType, path.slice(1));
    return [...(def.keyType?._zod.values ?? [])];
  }
  if (!def.shape) return [];
  const [head, ...rest] = path;
  if (head === undefined) return Object.keys(def.shape);
  const inner = def.shape[String(head)];
  return inner ? allowedAt(inner, rest) : [];
};

/** Of a union the branch that fits best: objects are meant as objects, and one unknown key beats a wrong type. */
const bestBranch = (errors: readonly (readonly z.core.$ZodIssue[])[], input: unknown): readonly z.core.$ZodIssue[] => {
  const isObject = typeof input === "object" && input !== null;
  const fitting = errors.filter((issues) =>
    issues.every((issue) => issue.path.length > 0 || issue.code === "unrecognized_keys"),
  );
  return isObject ? (fitting.sort((a, b) => a.length - b.length)[0] ?? []) : [];
};

const options = (errors: readonly (readonly z.core.$ZodIssue[])[]): string[] =>
  errors.flatMap((issues) =>
    issues.flatMap((issue) => (issue.code === "invalid_value" ? issue.values.map(String) : [])),
  );

/** A zod issue in the user's words. */
export const problemsOf = (
  issue: z.core.$ZodIssue,
  schema: z.core.$ZodType,
  input: unknown,
  base: Path = [],
): Problem[] => {
  const path: Path = [...base, ...(issue.path as (string | number)[])];
  const found = at(input, path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey(path, key, allowedAt(schema, path)));
    case "invalid_key": {
      const key = String(path.at(-1));
      return [unknownKey(path.slice(0, -1), key, allowedAt(schema, path.slice(0, -1)))];
    }
    case "invalid_value":
      return [
        {
          path,
          part: "value",
          message: `expected one of ${list(issue.values)}, got ${shown(found)}${hint(found, issue.values)}`,
        },
      ];
    case "invalid_union": {
      const branch = bestBranch(issue.errors, found);
      if (branch.length > 0) return branch.flatMap((inner) => problemsOf(inner, schema, input, path));
      const words = options(issue.errors);
      const message =
        words.length > 0
          ? `expected one of ${list(words)}${typeof found === "object" ? "" : ", or a mapping"}, got ${shown(found)}${hint(found, words)}`
          : issue.message.startsWith("expected")
            ? issue.message
            : `expected a mapping, got ${shown(found)}`;
      return [{ path, part: "value", message }];
    }
    case "invalid_type":
      if (found === undefined && issue.message.startsWith("expected a Matrix")) {
        return [
          { path, part: "value", message: "is missing: every environment needs a `server_name` such as example.com" },
        ];
      }
      if (issue.message.startsWith("expected")) return [{ path, part: "value", message: issue.message }];
      return [{ path, part: "value", message: `expected ${typeName(issue.expected)}, got ${shown(found)}` }];
    default:
      return [{ path, part: "value", message: issue.message }];
  }
};

const typeName = (expected: string): string =>
  ({
    object: "a mapping",
    array: "a list",
    string: "a text",
    number: "a number",
    boolean: "true or false",
    record: "a mapping",
    int: "a whole number",
  })[expected] ?? expected;

const hint = (found: unknown, values: readonly unknown[]): string => {
  const meant = typeof found === "string" ? nearest(found, values.map(String)) : undefined;
  return meant === undefined ? "" : `; did you mean ${meant}?`;
};
