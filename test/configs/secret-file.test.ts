import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadEnvironment } from "../../configs/load-environment";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "synapse-kit-secrets-"));
  mkdirSync(join(dir, "secrets"));
  const files = {
    good: "one line\n",
    empty: " \n",
    lines: "a\nb\n",
    control: "a\u0001b",
    large: "x".repeat(600 * 1024),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, "secrets", name), text);
});
afterAll(() => rmSync(dir, { recursive: true }));

const load = (setting: string) => {
  writeFileSync(join(dir, "one.yaml"), `server_name: example.com\nsynapse:\n  settings:\n    ${setting}\n`);
  return loadEnvironment("one.yaml", dir);
};

it.each([
  ["email: {smtp_pass: {secret_file: secrets/good}}"],
  ["turn_shared_secret_path: {secret_file: secrets/lines}"],
  ["app_service_config_files: [{secret_file: secrets/lines}]"],
])("takes %s", (setting) => {
  expect(() => load(setting)).not.toThrow();
});

it.each([
  ["missing", "there is no file secrets/missing beside this one: write the secret into it, and keep it out of git"],
  ["empty", "secrets/empty is empty"],
  ["lines", "secrets/lines has several lines, and the value is one"],
  ["control", "secrets/control holds control characters"],
  ["large", "secrets/large is larger than 512000 bytes, which is no secret"],
  [".", "secrets/. cannot be read: EISDIR: illegal operation on a directory, read"],
])("refuses a file that is %s", (name, message) => {
  expect(() => load(`email: {smtp_pass: {secret_file: secrets/${name}}}`)).toThrow(
    `one.yaml:4:13: \`synapse.settings.email.smtp_pass\`: \`secret_file\`: ${message}`,
  );
});
