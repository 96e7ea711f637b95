// What `npm start` and `npm test` share: everything that has to be there before the kit itself can run. No packages
// are installed yet when this is loaded, so it uses nothing but Node.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { get } from "node:https";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";

const ROOT = join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "..");
const OLDEST_NODE = 20;
/** Docker's and Terraform's own; whether they answer decides between pulling and building. */
const PROVIDER_REGISTRY = "https://registry.terraform.io/.well-known/terraform.json";
const REGISTRY_TIMEOUT_MS = 3000;

export const root = ROOT;

/** Ends the run with one line, as a user's mistake deserves. */
export const fail = (message) => {
  console.error(message);
  process.exit(1);
};

/** Runs a program in the repository with this terminal; ends the run when it fails. */
export const must = (program, ...args) => {
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: "inherit" });
  if (error || status !== 0) fail(`\`${[program, ...args].join(" ")}\` failed${error ? `: ${error.message}` : ""}`);
};

const succeeds = (program, ...args) => spawnSync(program, args, { cwd: ROOT, stdio: "ignore" }).status === 0;

const answers = (url) =>
  new Promise((resolve) => {
    const sent = get(url, { timeout: REGISTRY_TIMEOUT_MS }, (response) => {
      response.resume();
      resolve(true);
    });
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => resolve(false));
  });

const newest = (folder) =>
  Math.max(
    0,
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );

/** Packages of package-lock.json and the compiled kit; both stay inside the repository. */
export const ensureKit = () => {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < OLDEST_NODE) fail(`Node.js ${OLDEST_NODE} or newer is needed, this is ${process.versions.node}`);
  const installed = join(ROOT, "node_modules", ".package-lock.json");
  const lock = join(ROOT, "package-lock.json");
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
    console.error("installing the npm packages of package-lock.json");
    // Not `npm ci`: it refuses a lock file that lacks the packages of other platforms, which not every registry has.
    must("npm", "install", "--no-save", "--no-audit", "--no-fund");
  }
  const sources = ["configs", "sizing", "host", "constructs", "stacks", "cli"].map((folder) =>
    newest(join(ROOT, folder)),
  );
  const built = join(ROOT, "dist", "cli", "main.js");
  if (!existsSync(built) || statSync(built).mtimeMs < Math.max(...sources)) must("npm", "run", "--silent", "build");
};

const cacheDir = () => join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "synapse-kit");

/**
 * What the kit needs outside the repository and does not find, each with the script that brings it.
 * @returns {Promise<{what: string, where: string, script: string}[]>}
 */
export const missing = async () => {
  const found = [];
  if (!succeeds("docker", "version")) {
    found.push({
      what: "a Docker engine (packages docker.io and iptables; started if it is installed)",
      where: "the system",
      script: "install-engine.sh",
    });
  }
  const hasTool =
    succeeds("terraform", "version") || succeeds("tofu", "version") || existsSync(join(cacheDir(), "bin", "tofu"));
  if (!hasTool) {
    found.push({
      what: "OpenTofu, built from its Go module",
      where: join(cacheDir(), "bin"),
      script: "build-opentofu.sh",
    });
  }
  if (!existsSync(join(cacheDir(), "mirror.tfrc")) && !(await answers(PROVIDER_REGISTRY))) {
    found.push({
      what: "the Terraform providers docker and random, built from their Go modules (no provider registry answers; Go is installed if it is missing)",
      where: join(cacheDir(), "mirror"),
      script: "build-providers.sh",
    });
  }
  return found;
};

/** Asks on a terminal; without one the answer is yes, so that scripts and pipelines go on. */
export const agreed = async (question) => {
  if (!process.stdin.isTTY) return true;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(`${question} [Y/n] `);
  lines.close();
  return !/^n/i.test(answer.trim());
};

/** Names everything first, then installs it. */
export const install = async (found) => {
  console.error("not found on this machine:");
  for (const { what, where } of found) console.error(`  - ${what}, into ${where}`);
  if (!(await agreed("Install these now?"))) fail("nothing was installed");
  for (const { script } of found) must("bash", join("scripts", script));
};
