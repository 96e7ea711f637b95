import type { z } from "zod";
import { jsonSchema } from "./json-schema";

type Schema = z.core.JSONSchema.BaseSchema;

export const REFERENCE_FILE = "docs/reference/environment.md";

interface Row {
  readonly key: string;
  readonly type: string;
  readonly initial: string;
  readonly description: string;
}

const HEADER = `# Environment file

One YAML file below \`configs/environments/\` is one environment; the file's name without \`.yaml\` is the environment's.
\`server_name\` is the only key that has to be there. Sizes are texts such as \`512MB\` or \`4GB\`, in units of 1024. An
unknown key is an error, and so is a setting that its program does not know or that the kit sets itself. A limit is a
mapping of \`per_second\` and \`burst_count\`; its default stands in that order.

Written from the schema by \`node scripts/generate.mjs\`; \`configs/environment.schema.json\` gives editors the same.
`;

const mappingOf = (schema: Schema): Schema | undefined =>
  schema.properties ? schema : schema.anyOf?.map((option) => option as Schema).find((option) => option.properties);

const words = (schema: Schema): string[] => (schema.enum ?? []).map((word) => `\`${word}\``);

/** A rate limit is told once, not in each of its rows. */
const isLimit = (schema: Schema): boolean => schema.properties?.burst_count !== undefined;

/** A mapping whose keys the file chooses: what it holds. */
const membersOf = (schema: Schema): string => {
  const members = (schema.additionalProperties ?? {}) as Schema;
  if (members.title !== undefined) return `${members.title}s`;
  if (members.properties) return `groups of ${Object.keys(members.properties).join(" and ")}`;
  return members.type === "integer" ? "whole numbers" : "settings";
};

const typeOf = (schema: Schema): string => {
  const alternatives = schema.anyOf as Schema[] | undefined;
  if (alternatives) return alternatives.map(typeOf).join(" or ");
  if (schema.enum) return words(schema).join(", ");
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.type === "array") return `list of ${typeOf(schema.items as Schema)}s`;
  if (isLimit(schema)) return "limit";
  if (schema.type === "object") return schema.properties ? "mapping" : `mapping of ${membersOf(schema)}`;
  if (schema.type === "boolean") return "`true`, `false`";
  return schema.type === "string" ? "text" : schema.type === "integer" ? "whole number" : "number";
};

/** What a description says of the default, for those that are no constant. */
const DEFAULT_SENTENCE = /\. Default: (.+)$/;

const initialOf = (schema: Schema, isRequired: boolean): string => {
  const said = DEFAULT_SENTENCE.exec(schema.description ?? "")?.[1];
  if (said !== undefined) return said;
  if (isRequired) return "required";
  const { default: initial } = schema;
  if (initial === undefined || typeof initial === "object") return Array.isArray(initial) ? "none" : "";
  return `\`${initial}\``;
};

const rowsOf = (schema: Schema, prefix: string): Row[] => {
  const { properties = {}, required = [] } = mappingOf(schema) ?? {};
  return Object.entries(properties).flatMap(([name, property]): Row[] => {
    const inner = property as Schema;
    const key = `${prefix}${name}`;
    const row: Row = {
      key,
      type: typeOf(inner),
      initial: initialOf(inner, required.includes(name)),
      description: (inner.description ?? "").replace(DEFAULT_SENTENCE, ""),
    };
    if (isLimit(inner)) return [row];
    const members = inner.additionalProperties;
    const below = typeof members === "object" ? rowsOf(members as Schema, `${key}.NAME.`) : [];
    return [row, ...rowsOf(inner, `${key}.`), ...below];
  });
};

const cell = (text: string): string => text.replaceAll("|", "\\|");

const table = (rows: readonly Row[]): string =>
  [
    "| key | type | default | |",
    "|---|---|---|---|",
    ...rows.map((row) => `| \`${row.key}\` | ${[row.type, row.initial, row.description].map(cell).join(" | ")} |`),
  ].join("\n");

/** The reference of every key, in Markdown: a table a section. */
export const referenceText = (): string => {
  const rows = rowsOf(jsonSchema(), "");
  const isTop = ({ key }: Row): boolean => !key.includes(".");
  const sections = rows.filter(isTop).map(({ key, description }) => {
    const inside = rows.filter((row) => row.key.startsWith(`${key}.`));
    return inside.length === 0 ? "" : `\n## ${key}\n\n${description}.\n\n${table(inside)}\n`;
  });
  return `${HEADER}\n${table(rows.filter(isTop))}\n${sections.join("")}`;
};
