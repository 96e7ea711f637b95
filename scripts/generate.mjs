// Writes what is generated: the JSON schema for editors and the reference from the schema of an environment, the tables
// of roles and layouts from the catalogue, the alerts from their rules, the figures of some pages from the solver. A
// test fails while the committed files are others.
//
//   node scripts/generate.mjs
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
// Below node_modules, so that the compiled code finds the packages that it needs; not `dist`, which may be in use.
const compiled = join(root, "node_modules", ".cache", "synapse-kit-generate");

spawnSync("npx", ["--no-install", "tsc", "-p", "tsconfig.build.json", "--outDir", compiled], {
  cwd: root,
  stdio: "inherit",
});

const require = createRequire(import.meta.url);
const { JSON_SCHEMA_FILE, jsonSchemaText } = require(join(compiled, "configs", "json-schema.js"));
const { REFERENCE_FILE, referenceText } = require(join(compiled, "configs", "reference.js"));
const { WORKERS_REFERENCE_FILE, workersReferenceText } = require(join(compiled, "configs", "workers-reference.js"));
const { ALERTS_REFERENCE_FILE, alertsReferenceText } = require(
  join(compiled, "constructs", "prometheus", "rules", "reference.js"),
);
const { PAGES_WITH_FIGURES, withFigures } = require(join(compiled, "constructs", "figures", "pages.js"));
for (const [file, text] of [
  [JSON_SCHEMA_FILE, jsonSchemaText()],
  [REFERENCE_FILE, referenceText()],
  [WORKERS_REFERENCE_FILE, workersReferenceText()],
  [ALERTS_REFERENCE_FILE, alertsReferenceText()],
  ...PAGES_WITH_FIGURES.map((page) => [page, withFigures(readFileSync(join(root, page), "utf8"))]),
]) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
  console.log(file);
}
rmSync(compiled, { recursive: true });
