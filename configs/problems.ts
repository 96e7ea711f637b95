import type { z } from "zod";
import { nearest } from "./settings/nearest";
import type { Part, Path } from "./yaml-document";

/** One mistake: where, and what is wrong, what is allowed, what to do. */
export interface Problem {
  readonly path: Path;
  readonly part: Part;
  readonly message: string;
}

/** The parts of a zod schema that lead to the keys it allows. */
interface Definition {
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly innerType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly valueType?: z.core.$ZodType;
}

/** Keys that the schema allows at a path; of a union those of its mapping. */
const allowedAt = (schema: z.core.$ZodType, path: Path): string[] => {
  const { shape, innerType, options, valueType } = schema._zod.def as Definition;
  if (innerType) return allowedAt(innerType, path);
  if (options) return options.flatMap((option) => allowedAt(option, path));
  const [head, ...rest] = path;
  if (head === undefined) return Object.keys(shape ?? {});
  const inner = shape?.[head] ?? valueType;
  return inner ? allowedAt(inner, rest) : [];
};

const unknownKey = (path: Path, key: string, allowed: readonly string[]): Problem => {
  const meant = nearest(key, allowed);
  const hint = meant === undefined ? "allowed" : `did you mean \`${meant}\`? Allowed`;
  return { path: [...path, key], part: "key", message: `unknown key; ${hint}: ${allowed.join(", ")}` };
};

const isMapping = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);

/**
 * A zod issue in the user's words: the schema words what is expected, here keys are named.
 * @param input - the whole parsed file
 */
export const problemsOf = (
  issue: z.core.$ZodIssue,
  schema: z.core.$ZodType,
  input: unknown,
  base: Path = [],
): Problem[] => {
  const path: Path = [...base, ...(issue.path as (string | number)[])];
  if (issue.code === "unrecognized_keys") {
    const allowed = allowedAt(schema, path);
    return issue.keys.map((key) => unknownKey(path, key, allowed));
  }
  if (issue.code === "invalid_key") {
    return [{ path, part: "key", message: issue.issues.map(({ message }) => message).join("; ") }];
  }
  // A mapping was meant as the mapping that the union takes: what is wrong in it says more than "no such word".
  if (issue.code === "invalid_union" && isMapping(valueAt(input, path))) {
    const inside = issue.errors.find((issues) => issues.every((inner) => inner.path.length > 0 || "keys" in inner));
    if (inside && inside.length > 0) return inside.flatMap((inner) => problemsOf(inner, schema, input, path));
  }
  return [{ path, part: valueAt(input, path) === undefined ? "key" : "value", message: issue.message }];
};

/** A mistake of a check beyond the schema, at a key. */
export const atKey = (path: Path, message: string): Problem => ({ path, part: "key", message });

/** The same, at what a key holds. */
export const atValue = (path: Path, message: string): Problem => ({ path, part: "value", message });

/** The path as a message names it: `nginx.admin_api_from[1]`. */
export const property = (path: Path): string =>
  path.map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`)).join("");
