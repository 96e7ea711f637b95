// Seconds and peak memory of the commands that run without an engine, each a whole process, against the floors:
// Node.js alone and Node.js with cdktf loaded.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLI, markdown, peakMiB, ROOT, shown, spread, wallSeconds } from "./lib.mjs";

/** 16 GB and 8 CPUs: eight workers, thirteen containers. */
const LARGE = "server_name: example.com\nhardware: {ram: 16GB, cpus: 8}\nimages: official\n";
/** 64 GB and 16 CPUs: seventeen workers. */
const HUGE = "server_name: example.com\nhardware: {ram: 64GB, cpus: 16}\nimages: official\n";

const project = (files) => {
  const dir = mkdtempSync(join(tmpdir(), "synapse-kit-bench-"));
  const folder = join(dir, "configs", "environments");
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `${name}.yaml`), text);
  return dir;
};

const many = (count) =>
  project(
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`bench-${String(i + 1).padStart(3, "0")}`, LARGE])),
  );

/** @returns {{name: string, seconds: object, peak_mib: object}[]} */
export const benchSynth = ({ rounds = 5 } = {}) => {
  const dirs = { one: many(1), ten: many(10), hundred: many(100), huge: project({ "bench-huge": HUGE }) };
  const cases = [
    { name: "`node`, nothing loaded", args: ["-e", ""], cwd: ROOT },
    { name: "`node`, cdktf loaded", args: ["-e", 'require("cdktf")'], cwd: ROOT },
    { name: "`--help`", args: [CLI, "--help"], cwd: dirs.one },
    { name: "`size` of an environment", args: [CLI, "size", "bench-001"], cwd: dirs.one },
    { name: "`size --ram 4GB --cpus 2`", args: [CLI, "size", "--ram", "4GB", "--cpus", "2"], cwd: dirs.one },
    { name: "`render`, 8 workers", args: [CLI, "render", "bench-001", "--out", "rendered"], cwd: dirs.one },
    { name: "`render`, 17 workers", args: [CLI, "render", "bench-huge", "--out", "rendered"], cwd: dirs.huge },
    { name: "`synth`, 1 environment, 8 workers", args: [CLI, "synth"], cwd: dirs.one },
    { name: "`synth`, 1 environment, 17 workers", args: [CLI, "synth"], cwd: dirs.huge },
    { name: "`synth`, 10 environments, 8 workers each", args: [CLI, "synth"], cwd: dirs.ten },
    { name: "`synth`, 100 environments, 8 workers each", args: [CLI, "synth"], cwd: dirs.hundred },
  ].map((one) => ({ ...one, seconds: [], peak: [] }));
  try {
    // One round nobody counts: files come into the page cache.
    for (const { args, cwd } of cases) wallSeconds(args, cwd);
    for (let round = 0; round < rounds; round += 1) {
      for (const { args, cwd, seconds, peak } of cases) {
        seconds.push(wallSeconds(args, cwd));
        peak.push(peakMiB(args, cwd));
      }
      console.error(`synth: round ${round + 1} of ${rounds}`);
    }
  } finally {
    for (const dir of Object.values(dirs)) rmSync(dir, { recursive: true, force: true });
  }
  const floor = spread(cases[1].seconds).median;
  return cases.map(({ name, seconds, peak }) => ({
    name,
    seconds: spread(seconds),
    of_cdktf_loaded: Number((spread(seconds).median / floor).toFixed(2)),
    peak_mib: spread(peak),
  }));
};

export const synthTable = (figures) =>
  markdown([
    ["whole process", "seconds", "× of cdktf loaded", "peak MiB"],
    ...figures.map((one) => [
      one.name,
      shown(one.seconds),
      one.of_cdktf_loaded.toFixed(2),
      one.peak_mib.median.toFixed(0),
    ]),
  ]);
