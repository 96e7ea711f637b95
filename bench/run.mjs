// All figures of the README: `npm run bench`, or one part: `npm run bench -- --only synth`. The result is printed as
// Markdown and kept in bench/results.json.
//
//   --only PART    synth, deploy, layouts, replication, monitoring, capacity, federation or tuning; the others keep their figures
//   --rounds N     runs of each `synth` case (5); turns of each layout (4), number of idle workers (3) cost (3) and tuning (4)
//   --pairs N      pairs of each deployment (3)
//   --seconds N    window of each turn of a layout (20) and of a tuning (6)
//   --layouts A,B  what the kit's pick is compared with: names, or files of bench/layouts/
//   --cores N      with so many cores only
//   --boxes LIST   of `tuning`: 2/4,4/8,8/16
//   --parts LIST   of `tuning`: throughput,safety; an empty one loads the data alone
//   --arms LIST    of `tuning`: names of arms, as in the report, separated by semicolons
//   --add          to `tuning`: these rounds follow those that are kept
//   --keep-data    the data of `tuning` stays for the next run
//
// `capacity` writes the costs that `size` reckons with as well: sizing/capacity/costs.json, dist/ and docs/sizing.md.
// `federation` takes those of events of other servers anew and lets the others be.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { benchCapacity, benchFederation } from "./capacity.mjs";
import { capacityTable } from "./capacity-check.mjs";
import { benchDeploy, deployTables } from "./deploy.mjs";
import { benchLayouts, layoutTables } from "./layouts.mjs";
import { output, ROOT, round } from "./lib.mjs";
import { benchMonitoring, monitoringTable } from "./monitoring.mjs";
import { benchReplication, replicationTable } from "./replication.mjs";
import { benchSynth, synthTable } from "./synth.mjs";
import { tuningText, writeReport } from "./tuning/report.mjs";
import { benchTuning } from "./tuning/tuning.mjs";

const RESULTS = fileURLToPath(new URL("results.json", import.meta.url));

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string" },
    pairs: { type: "string" },
    seconds: { type: "string" },
    layouts: { type: "string" },
    cores: { type: "string" },
    boxes: { type: "string" },
    parts: { type: "string", default: "throughput,safety" },
    arms: { type: "string" },
    add: { type: "boolean", default: false },
    "keep-data": { type: "boolean", default: false },
  },
});
const PARTS = ["synth", "deploy", "layouts", "replication", "monitoring", "capacity", "federation", "tuning"];
if (values.only !== undefined && !PARTS.includes(values.only)) {
  console.error(
    `usage: npm run bench [-- --only ${PARTS.join("|")}] [--rounds N] [--pairs N] [--seconds N] [--layouts A,B] [--cores N]`,
  );
  process.exit(2);
}
const wants = (part) => values.only === undefined || values.only === part;

const versionOf = (name) => JSON.parse(readFileSync(`${ROOT}/node_modules/${name}/package.json`, "utf8")).version;
const firstLine = (program, ...args) => {
  try {
    return output(program, args).split("\n")[0];
  } catch {
    return "none";
  }
};

const circumstances = () => ({
  date: new Date().toISOString().slice(0, 10),
  machine: {
    cpu: cpus()[0]?.model.trim(),
    cores: cpus().length,
    ram_gib: round(totalmem() / 1024 ** 3),
    /** Above 0 before anything was measured: others used the machine too. */
    load_before: round(loadavg()[0]),
  },
  versions: {
    kit: JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8")).version,
    node: process.versions.node,
    cdktf: versionOf("cdktf"),
    engine: firstLine("docker", "version", "--format", "{{.Server.Version}}"),
    terraform: firstLine("terraform", "version"),
  },
});

const kept = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, "utf8")) : {};
const results = { ...kept };
const writeResults = () => writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
if (wants("synth")) {
  const about = circumstances();
  results.synth = { ...about, figures: benchSynth({ rounds: Number(values.rounds ?? 5) }) };
}
if (wants("deploy")) {
  const about = circumstances();
  results.deploy = { ...about, ...(await benchDeploy({ pairs: Number(values.pairs ?? 3) })) };
}
const turns = {
  ...(values.rounds && { count: Number(values.rounds) }),
  ...(values.seconds && { seconds: Number(values.seconds) }),
  ...(values.layouts && { layouts: values.layouts.split(",") }),
  ...(values.cores && { steps: [Number(values.cores)] }),
};
if (wants("layouts")) {
  const about = circumstances();
  results.layouts = { ...about, ...(await benchLayouts(turns)) };
}
if (wants("replication")) {
  const about = circumstances();
  results.replication = { ...about, ...(await benchReplication(turns)) };
}
if (wants("monitoring")) {
  const about = circumstances();
  results.monitoring = { ...about, ...(await benchMonitoring(turns)) };
}
if (wants("capacity")) {
  const about = circumstances();
  results.capacity = { ...about, ...(await benchCapacity(about, turns)) };
}
// A part of `capacity`, which has it too.
if (values.only === "federation") await benchFederation(circumstances(), turns);
if (wants("tuning")) {
  const keep = (figures) => {
    results.tuning = figures;
    writeResults();
    writeReport(figures);
  };
  await benchTuning(kept.tuning?.boxes, circumstances, {
    keep,
    rounds: Number(values.rounds ?? 4),
    seconds: Number(values.seconds ?? 6),
    parts: values.parts.split(",").filter(Boolean),
    add: values.add,
    keepData: values["keep-data"],
    ...(values.boxes && { boxes: values.boxes.split(",") }),
    ...(values.arms && { arms: values.arms.split(";") }),
  });
}
writeResults();

const heading = (title, { date, machine }) =>
  `## ${title}\n\n${date}, ${machine.cores} cores (${machine.cpu}), ${machine.ram_gib} GiB, load ${machine.load_before} before. Median (least–greatest).\n`;
if (results.synth) console.log(`${heading("Commands", results.synth)}\n${synthTable(results.synth.figures)}\n`);
if (results.deploy) console.log(`${heading("Deployment", results.deploy)}\n${deployTables(results.deploy)}\n`);
if (results.layouts) console.log(`${heading("Worker layouts", results.layouts)}\n${layoutTables(results.layouts)}\n`);
if (results.replication) {
  console.log(`${heading("Following replication", results.replication)}\n${replicationTable(results.replication)}\n`);
}
if (results.monitoring)
  console.log(`${heading("Watching", results.monitoring)}\n${monitoringTable(results.monitoring)}\n`);
if (results.capacity) console.log(`${heading("Capacity", results.capacity)}\n${capacityTable(results.capacity)}`);
if (results.tuning) console.log(`\n## Settings of Postgres\n\n${tuningText(results.tuning)}`);
