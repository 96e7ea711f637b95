// Regenerates the part of configs/settings that comes from the real Postgres servers: every parameter of each major
// with its type, range, unit and values. Run it after raising one of the `pg16`, `pg17`, `pg18` packages:
//
//   node scripts/known-settings.mjs
//
// Postgres refuses to run as root, so root hands the work to the account `nobody`.
import { spawnSync } from "node:child_process";
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "..");
const MAJORS = [16, 17, 18];
const NOBODY = 65534;
/** Parameters that only report are no settings; `PGC_INTERNAL` in the sources. */
const QUERY = `SELECT json_object_agg(name, json_build_object('type', vartype, 'unit', unit, 'min', min_val, 'max',
  max_val, 'enum', enumvals) ORDER BY name) FROM pg_settings WHERE context <> 'internal'`.replace(/\s+/g, " ");

const account = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

const run = (program, args, options = {}) => {
  const { status, stdout, stderr } = spawnSync(program, args, { ...account, encoding: "utf8", ...options });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
  return stdout;
};

const parametersOf = (major) => {
  const binaries = join(ROOT, "node_modules", `pg${major}`, "native", "bin");
  const folder = mkdtempSync(join(tmpdir(), "known-settings-"));
  if (account.uid) chownSync(folder, account.uid, account.gid);
  try {
    const data = join(folder, "data");
    const out = join(folder, "out.json");
    const cwd = folder;
    run(join(binaries, "initdb"), ["-D", data, "-U", "postgres", "--no-sync", "--locale=C", "-E", "UTF8"], { cwd });
    const input = `COPY (${QUERY}) TO '${out}'\n`;
    run(join(binaries, "postgres"), ["--single", "-D", data, "postgres"], { cwd, input });
    return JSON.parse(readFileSync(out, "utf8").replaceAll("\\\\", "\\"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const TYPES = { bool: "bool", integer: "int", real: "real", string: "string", enum: "enum" };

/** `"int kB 64 2147483647"`, `"enum off on"`: one string each, so that the module is data that loads at once. */
const describe = ({ type, unit, min, max, enum: values }) => {
  if (type === "enum") return [TYPES.enum, ...values].join(" ");
  if (min === null) return TYPES[type];
  return [TYPES[type], unit ?? "-", min, max].join(" ");
};

const perMajor = Object.fromEntries(MAJORS.map((major) => [major, parametersOf(major)]));
const names = [...new Set(MAJORS.flatMap((major) => Object.keys(perMajor[major])))].sort();
const lines = names.map((name) => {
  const specs = MAJORS.map((major) => (perMajor[major][name] ? describe(perMajor[major][name]) : null));
  const same = specs.every((spec) => spec === specs[0]);
  return `  ${name}: ${same ? JSON.stringify(specs[0]) : JSON.stringify(specs)},`;
});
writeFileSync(
  join(ROOT, "configs", "settings", "known-postgres.ts"),
  `/**
 * Written by scripts/known-settings.mjs from \`pg_settings\` of the real servers. One text for all majors, or one each
 * for ${MAJORS.join(", ")} (null: that major does not know the parameter). A text is the type, then for numbers the base unit
 * (\`-\` without one), least and greatest value in that unit, and for an enum its values.
 */
export const POSTGRES_PARAMETERS: Readonly<Record<string, string | readonly (string | null)[]>> = {
${lines.join("\n")}
};
`,
);
