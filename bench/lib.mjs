// What the benchmarks share: processes, figures, tables.
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

export const CLI = path("../dist/cli/main.js");
export const ROOT = path("..");
const PRELOAD = path("peak.cjs");

/** Median, least and greatest of some figures, and how many they are. */
export const spread = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median: round(median), min: round(sorted[0]), max: round(sorted.at(-1)), runs: sorted.length };
};

/** Of an array or of an object's values. */
export const sum = (values) => Object.values(values).reduce((all, one) => all + one, 0);

export const round = (value) => Number(value.toPrecision(3));

/** Runs a program to its end; throws when it fails. */
export const output = (program, args, options = {}) => {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: 256 * 1024 ** 2,
    ...options,
  });
  if (error || status !== 0) throw new Error(`${program} ${args.join(" ")}: ${error?.message ?? stderr}`);
  return stdout;
};

/** The same without blocking, so that several run at once. */
export const start = (program, args, { input, onLine, ...options } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], ...options });
    let stdout = "";
    let stderr = "";
    let rest = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
      rest += chunk;
      const lines = rest.split("\n");
      rest = lines.pop();
      for (const line of lines) onLine?.(line);
    });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(stdout) : reject(new Error(`${program} ${args.join(" ")}: ${stderr || stdout}`)),
    );
    // Who ends before it has read all says why otherwise.
    child.stdin.on("error", () => {});
    child.stdin.end(input ?? "");
  });

/** Wall seconds of a whole Node.js process. */
export const wallSeconds = (args, cwd) => {
  const from = process.hrtime.bigint();
  output(process.execPath, args, { cwd });
  return Number(process.hrtime.bigint() - from) / 1e9;
};

/** Peak resident memory of a Node.js process in MiB, as the process itself reads it when it ends. */
export const peakMiB = (args, cwd) => {
  const {
    status,
    stderr,
    output: streams,
  } = spawnSync(process.execPath, ["--require", PRELOAD, ...args], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    maxBuffer: 256 * 1024 ** 2,
  });
  if (status !== 0) throw new Error(`node ${args.join(" ")}: ${stderr}`);
  return Number(streams[3]) / 1024;
};

/** Rows of texts as a Markdown table; the first is the head, and all columns but the first are aligned right. */
export const markdown = ([head, ...rows]) =>
  [head, head.map((_, column) => (column === 0 ? "---" : "---:")), ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");

export const shown = ({ median, min, max }) => `${median} (${min}–${max})`;
