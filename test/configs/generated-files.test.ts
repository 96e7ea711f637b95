import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { JSON_SCHEMA_FILE, jsonSchemaText } from "../../configs/json-schema";
import { REFERENCE_FILE, referenceText } from "../../configs/reference";
import { WORKERS_REFERENCE_FILE, workersReferenceText } from "../../configs/workers-reference";
import { PAGES_WITH_FIGURES, withFigures } from "../../constructs/figures/pages";
import { ALERTS_REFERENCE_FILE, alertsReferenceText } from "../../constructs/prometheus/rules/reference";
import { ROOT, SHIPPED, shippedText } from "../support/corpus";

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly description?: string;
  readonly $ref?: string;
}

const KNOWN = new Set([
  "$schema",
  "$ref",
  "title",
  "description",
  "default",
  "definitions",
  "type",
  "enum",
  "const",
  "pattern",
  "format",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "anyOf",
  "items",
  "properties",
  "propertyNames",
  "required",
  "additionalProperties",
]);

const typeOf = (value: unknown): string[] => {
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array"];
  return typeof value === "number" ? (Number.isInteger(value) ? ["integer", "number"] : ["number"]) : [typeof value];
};

/** Enough of a validator for the words that the schema uses; an unknown word is an error of the test. */
const mistakes = (schema: Schema, value: unknown, path = ""): string[] => {
  const unknown = Object.keys(schema).filter((word) => !KNOWN.has(word));
  if (unknown.length > 0) throw new Error(`the test does not know ${unknown.join(", ")}`);
  const types = schema.type === undefined ? undefined : [schema.type].flat();
  if (types && !types.some((type) => typeOf(value).includes(type))) return [`${path}: ${value} is no ${types}`];
  if (schema.anyOf?.every((option) => mistakes(option, value, path).length > 0)) return [`${path}: fits no branch`];
  if (schema.enum && !schema.enum.includes(value)) return [`${path}: ${value} is none of ${schema.enum}`];
  if (schema.const !== undefined && schema.const !== value) return [`${path}: ${value} is not ${schema.const}`];
  if (typeof value === "string" && schema.pattern && !new RegExp(schema.pattern).test(value))
    return [`${path}: ${value}`];
  if (typeof value === "number") {
    const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity } = schema;
    if (value < minimum || value > maximum || value <= exclusiveMinimum) return [`${path}: ${value} is out of range`];
  }
  if (Array.isArray(value)) return value.flatMap((item, i) => mistakes(schema.items ?? {}, item, `${path}.${i}`));
  if (typeof value !== "object" || value === null || schema.anyOf) return [];
  return [
    ...(schema.required ?? []).filter((key) => !(key in value)).map((key) => `${path}.${key} is missing`),
    ...Object.entries(value).flatMap(([key, inner]) => {
      const own = schema.properties?.[key] ?? schema.additionalProperties ?? true;
      if (own === false) return [`${path}.${key} is unknown`];
      return own === true ? [] : mistakes(own, inner, `${path}.${key}`);
    }),
  ];
};

const schema = JSON.parse(jsonSchemaText()) as Schema;

/** Every key that the schema knows, by path. */
const keysOf = (one: Schema, path = ""): [string, Schema][] =>
  [one, ...(one.anyOf ?? [])].flatMap((branch) =>
    Object.entries(branch.properties ?? {}).flatMap(([key, inner]): [string, Schema][] => {
      const own = path === "" ? key : `${path}.${key}`;
      return [[own, inner], ...keysOf(inner, own)];
    }),
  );

describe("the generated files", () => {
  it.each([
    [JSON_SCHEMA_FILE, jsonSchemaText],
    [REFERENCE_FILE, referenceText],
    [WORKERS_REFERENCE_FILE, workersReferenceText],
    [ALERTS_REFERENCE_FILE, alertsReferenceText],
  ])("are what the generator gives; run `node scripts/generate.mjs`: %s", (file, text) => {
    expect(readFileSync(join(ROOT, file), "utf8")).toBe(text());
  });

  it.each(PAGES_WITH_FIGURES)(
    "are the solver's figures, between the marks of %s; run `node scripts/generate.mjs`",
    (file) => {
      const page = readFileSync(join(ROOT, file), "utf8");
      expect(page).toBe(withFigures(page));
      expect(page.match(/^<!-- figures: \w+ -->$/gm)).toHaveLength(file === "docs/sizing.md" ? 8 : 1);
    },
  );

  it("have no figures of a name that nobody knows", () => {
    expect(() => withFigures("<!-- figures: other -->\n\n<!-- end -->")).toThrow("no figures are called other");
  });

  it("are the same each time", () => {
    expect([jsonSchemaText(), referenceText()]).toEqual([jsonSchemaText(), referenceText()]);
  });
});

describe("the JSON schema", () => {
  it("is draft 7, refuses unknown keys and asks for the server name alone", () => {
    expect((schema as { $schema?: string }).$schema).toBe("http://json-schema.org/draft-07/schema#");
    expect([schema.required, schema.additionalProperties]).toEqual([["server_name"], false]);
  });

  it("describes every key", () => {
    const keys = keysOf(schema);
    expect(keys.length).toBeGreaterThan(60);
    expect(keys.filter(([, { description }]) => !description).map(([key]) => key)).toEqual([]);
  });

  it.each(SHIPPED)("is named in the first line of %s.yaml, by the path from there, and fits it", (name) => {
    const text = shippedText(name);
    expect(text.split("\n")[0]).toBe("# yaml-language-server: $schema=../environment.schema.json");
    expect(JSON_SCHEMA_FILE).toBe("configs/environment.schema.json");
    expect(mistakes(schema, load(text))).toEqual([]);
  });

  it.each([
    ["an unknown key", "server_name: a\nx: 1\n", [".x is unknown"]],
    ["a missing server name", "listen: {}\n", [".server_name is missing"]],
    ["a size without a unit", "server_name: a\npostgres: {work_mem: 4}\n", [".postgres.work_mem: 4 is no string"]],
    ["a port out of range", "server_name: a\nlisten: {port: 0}\n", [".listen.port: 0 is out of range"]],
    ["a wrong word", "server_name: a\nhardware: huge\n", [".hardware: fits no branch"]],
  ])("fails %s", (_mistake, yaml, expected) => {
    expect(mistakes(schema, load(yaml))).toEqual(expected);
  });
});

describe("the reference", () => {
  it("names every key once at least", () => {
    const text = referenceText();
    // A rate limit's two numbers are told once, in the head.
    const keys = keysOf(schema).map(([path]) => path.split(".").at(-1) as string);
    expect([...new Set(keys)].filter((key) => !text.includes(`${key}\``))).toEqual([]);
  });

  it("has tables whose rows are all of one width", () => {
    let columns = 0;
    let rows = 0;
    for (const line of referenceText().split("\n")) {
      if (!line.startsWith("|")) {
        columns = 0;
        continue;
      }
      rows += 1;
      const count = line.replaceAll("\\|", "").split("|").length;
      if (columns > 0) expect([line, count]).toEqual([line, columns]);
      columns = count;
    }
    expect(rows).toBeGreaterThan(60);
  });
});
