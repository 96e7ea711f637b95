// All tests, in lanes: `npm test`. The lanes with real programs and a real engine run where an engine can be had;
// with `--require-all` (CI) what is missing is a failure.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureKit, fail, install, missing, must, root } from "./setup.mjs";

const requireAll = process.argv.includes("--require-all");
const isRoot = process.getuid?.() === 0;

ensureKit();
must("npx", "--no-install", "tsc", "-p", "tsconfig.json", "--noEmit");
must("npx", "--no-install", "biome", "check", "--error-on-warnings", ".");

const found = await missing();
if (found.length > 0 && (requireAll || isRoot)) await install(found);
const stillMissing = found.length > 0 ? await missing() : [];
if (requireAll && stillMissing.length > 0) fail(`missing: ${stillMissing.map(({ what }) => what).join("; ")}`);

const lanes = [
  {
    name: "code",
    paths: ["configs", "sizing", "catalogue", "rendering", "host", "constructs", "stacks", "cli", "bench", "scripts"],
    real: false,
    // All cores: by default one is left to whoever sits there, half of a small machine.
    workers: "100%",
  },
  { name: "programs", paths: ["programs"], real: true, workers: 2 },
  // Two at once: each has a project, a network and a port of its own, and waits for containers most of the time.
  { name: "engine", paths: ["engine"], real: true, workers: 2 },
];

const reports = mkdtempSync(join(tmpdir(), "synapse-kit-test-"));
const total = { passed: 0, failed: 0, skipped: 0 };
let ok = true;
for (const { name, paths, real, workers } of lanes) {
  if (real && stillMissing.length > 0) {
    console.error(`the lane \`${name}\` did not run: no ${stillMissing.map(({ what }) => what).join(", no ")}`);
    continue;
  }
  const report = join(reports, `${name}.json`);
  console.error(`\nlane \`${name}\``);
  const started = Date.now();
  const args = ["jest", ...paths.map((path) => join("test", path, "")), "--json", `--outputFile=${report}`];
  if (workers) args.push(`--maxWorkers=${workers}`);
  const { status } = spawnSync("npx", ["--no-install", ...args], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, "utf8"));
  total.passed += numPassedTests;
  total.failed += numFailedTests;
  total.skipped += numPendingTests;
  ok &&= status === 0;
  console.error(`lane \`${name}\`: ${((Date.now() - started) / 1000).toFixed(0)} s`);
}
rmSync(reports, { recursive: true });
if (requireAll && total.skipped > 0) {
  console.error("tests were skipped, and here nothing may be");
  ok = false;
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(ok ? 0 : 1);
