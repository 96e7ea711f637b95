// The main job: from a fresh clone to a running homeserver. `npm start`, or `npm start -- staging`.
import { spawnSync } from "node:child_process";
import { ensureKit, fail, install, missing, root } from "./setup.mjs";

const USAGE = "usage: npm start [-- [environment] [--no-install]]";

const args = process.argv.slice(2);
if (args.includes("--help")) {
  console.log(USAGE);
  process.exit(0);
}
const unknown = args.filter((arg) => arg.startsWith("-") && arg !== "--no-install");
if (unknown.length > 0) {
  console.error(`unknown option ${unknown.join(", ")}; ${USAGE}`);
  process.exit(2);
}
const environment = args.find((arg) => !arg.startsWith("-")) ?? "dev";

const found = await missing();
if (args.includes("--no-install")) {
  if (found.length === 0) console.log("nothing is missing: `npm start` can deploy");
  for (const { what, where } of found) console.log(`missing: ${what}; \`npm start\` would install it into ${where}`);
  process.exit(found.length === 0 ? 0 : 1);
}
ensureKit();
const kit = (...words) =>
  spawnSync(process.execPath, ["dist/cli/main.js", ...words], { cwd: root, stdio: "inherit" }).status;
// Says what is wrong with the environment before anything is installed for it.
if (kit("size", environment) !== 0) fail("nothing was installed or deployed");
if (found.length > 0) await install(found);
process.exit(kit("deploy", environment) ?? 1);
