import { POSTGRES_MAJORS, type PostgresMajor } from "../environment";
import { POSTGRES_PARAMETERS } from "./known-postgres";
import { isOff, isOn } from "./rule";

/** Parameters of the extensions that come with Postgres; `pg_stat_statements` is always loaded. */
const EXTENSION_PARAMETERS: Readonly<Record<string, string>> = {
  "pg_stat_statements.max": "int - 100 1073741823",
  "pg_stat_statements.track": "enum none top all",
  "pg_stat_statements.track_utility": "bool",
  "pg_stat_statements.track_planning": "bool",
  "pg_stat_statements.save": "bool",
  "auto_explain.log_min_duration": "int ms -1 2147483647",
  "auto_explain.log_parameter_max_length": "int B -1 1073741823",
  "auto_explain.log_analyze": "bool",
  "auto_explain.log_buffers": "bool",
  "auto_explain.log_wal": "bool",
  "auto_explain.log_timing": "bool",
  "auto_explain.log_triggers": "bool",
  "auto_explain.log_verbose": "bool",
  "auto_explain.log_settings": "bool",
  "auto_explain.log_nested_statements": "bool",
  "auto_explain.log_format": "enum text xml json yaml",
  "auto_explain.log_level": "enum debug5 debug4 debug3 debug2 debug1 debug info notice warning log",
  "auto_explain.sample_rate": "real - 0 1",
};

const KIB = 1024;
const MEMORY: Readonly<Record<string, number>> = {
  B: 1,
  kB: KIB,
  "8kB": 8 * KIB,
  MB: KIB ** 2,
  GB: KIB ** 3,
  TB: KIB ** 4,
};
const TIME: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const MEMORY_UNITS = ["kB", "MB", "GB", "TB"];

/** What the major knows about the parameter, as `known-postgres.ts` writes it. */
const specOf = (name: string, major: PostgresMajor): string | undefined => {
  const known = Object.hasOwn(POSTGRES_PARAMETERS, name) ? POSTGRES_PARAMETERS[name] : undefined;
  if (known === undefined) return Object.hasOwn(EXTENSION_PARAMETERS, name) ? EXTENSION_PARAMETERS[name] : undefined;
  return typeof known === "string" ? known : (known[POSTGRES_MAJORS.indexOf(major)] ?? undefined);
};

/** All names that the major takes. */
export const postgresNames = (major: PostgresMajor): readonly string[] =>
  [...Object.keys(POSTGRES_PARAMETERS), ...Object.keys(EXTENSION_PARAMETERS)].filter((name) => specOf(name, major));

/** The first later major that knows a name which this one does not. */
export const laterMajorOf = (name: string, major: PostgresMajor): PostgresMajor | undefined =>
  POSTGRES_MAJORS.find((later) => later > major && specOf(name, later) !== undefined);

const numberProblem = (text: string, [type, unit, min, max]: readonly string[]): string | undefined => {
  const match = /^([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*([a-z]*)$/i.exec(text);
  if (!match) return `expected a number, got ${JSON.stringify(text)}`;
  const family = MEMORY[unit as string] ? MEMORY : TIME[unit as string] ? TIME : {};
  const written = match[2] as string;
  if (written !== "" && family[written] === undefined) {
    if (family === MEMORY) return `unit must be one of ${MEMORY_UNITS.join(", ")}`;
    return family === TIME ? `unit must be one of ${Object.keys(TIME).join(", ")}` : "takes no unit";
  }
  const factor = written === "" ? 1 : (family[written] as number) / (family[unit as string] as number);
  const exact = Number(match[1]) * factor;
  if (type === "int" && factor === 1 && !Number.isInteger(exact)) return `expected a whole number, got ${text}`;
  // Postgres rounds to its base unit before it looks at the range.
  const value = type === "int" ? Math.round(exact) : exact;
  if (value >= Number(min) && value <= Number(max)) return undefined;
  const suffix = unit === "-" ? "" : unit === "8kB" ? " pages of 8kB" : ` ${unit}`;
  return `must be between ${min} and ${max}${suffix}, got ${text}`;
};

/** What is wrong with a value of that type. */
const valueProblem = (spec: string, value: unknown): string | undefined => {
  const [type, ...rest] = spec.split(" ");
  const text = String(value).trim();
  switch (type) {
    case "bool":
      return isOn(text) || isOff(text) ? undefined : `expected on or off, got ${JSON.stringify(value)}`;
    case "enum": {
      // An enum that grew out of a switch still takes the switch's spellings.
      const isSwitch = rest.includes("on") && (isOn(text) || isOff(text));
      return isSwitch || rest.includes(text.toLowerCase())
        ? undefined
        : `must be one of ${rest.join(", ")}, got ${JSON.stringify(value)}`;
    }
    case "string":
      return undefined;
    default:
      return numberProblem(text, [type as string, ...rest]);
  }
};

/** What is wrong with the value of a parameter that the major knows; undefined when the server will take it. */
export const postgresValueProblem = (name: string, value: unknown, major: PostgresMajor): string | undefined => {
  const problem = valueProblem(specOf(name, major) ?? "string", value);
  return problem && `\`${name}\`: ${problem}`;
};
