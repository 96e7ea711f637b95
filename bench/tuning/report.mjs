// The comparison as Markdown, and where it stands in the documentation.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { markdown } from "../lib.mjs";
import { OURS } from "./arms.mjs";
import { losses } from "./figures.mjs";
import { picture } from "./picture.mjs";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const PAGE = path("../../docs/tuning.md");
const PICTURE = path("../../docs/images/tuning.svg");

export const LOAD_NAMES = {
  select: "pgbench, select only",
  tpcb: "pgbench, TPC-B",
  synapse: "Synapse mix",
  busy: "Synapse mix, busy box",
};

const times = ({ median, low, high }) => `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
const percent = (share) => `${(share * 100).toFixed(0)} %`;

const ratesTable = (loads, key) => {
  const names = Object.keys(Object.values(loads)[0].arms);
  const unit = key === "tps" ? "tps" : "p99_ms";
  const cell = (name, { arms }) =>
    name === OURS ? `**${arms[name][unit].median}**` : times(arms[name].times_ours[key]);
  return markdown([
    ["arm", ...Object.keys(loads).map((load) => LOAD_NAMES[load])],
    ...names.map((name) => [name, ...Object.values(loads).map((load) => cell(name, load))]),
    ["noise (A/A)", ...Object.values(loads).map(({ noise }) => `± ${percent(noise[key])}`)],
  ]);
};

const safetyTable = (safety) =>
  markdown([
    [
      "arm",
      "connections",
      "held at once",
      "killed for memory",
      "co-tenants killed",
      "server ended",
      "refused",
      "/dev/shm",
      "held of limit, MiB",
    ],
    ...Object.entries(safety).map(([name, one]) => [
      name === OURS ? `**${name}**` : name,
      ...[
        one.connections,
        one.held,
        one.oom_kills,
        one.tenants_killed,
        one.server_ended ? "yes" : "no",
        one.refused,
        one.shm_failures,
      ],
      `${one.peak_mib} of ${one.limit_mib}`,
    ]),
  ]);

const lossLines = (loads) => {
  const all = losses(loads);
  if (all.length === 0) return "Nobody is better than ours beyond the noise.";
  const line = ({ load, key, arm, times_ours: ratio, noise }) =>
    `- ${LOAD_NAMES[load]}: ${arm} has ${times(ratio)} times our ${key === "tps" ? "rate" : "p99"} (noise ± ${percent(noise)})`;
  return `Better than ours beyond the noise, the best each:\n\n${all.map(line).join("\n")}`;
};

const coresText = (count) => (count === 1 ? "one core" : `${count} cores`);

const boxText = ([box, one]) => {
  const [cpus, ram] = box.split("/");
  const { machine } = one;
  const windows = one.loads
    ? `; ${one.clients} clients, each arm on ${coresText(one.arm_cores)}, ${one.rounds} rounds of ${one.seconds} s`
    : "; rates have not been measured";
  const rates = one.loads && [
    "Transactions a second: ours, and what the others have of it.",
    ratesTable(one.loads, "tps"),
    "99th percentile in ms: ours, and what the others have of it (less is better).",
    ratesTable(one.loads, "p99"),
    lossLines(one.loads),
  ];
  const parts = [
    `### ${cpus} cores, ${ram} GB`,
    `${one.date}, ${machine.cores} cores (${machine.cpu}), load ${machine.load_before} before${windows}.`,
    one.replaced.length > 0 && `Replaced, as the server does not start with it: ${one.replaced.join("; ")}.`,
    ...(rates ?? []),
    one.safety && `The worst case, ${one.safety_date}:`,
    one.safety && safetyTable(one.safety),
  ];
  return parts.filter(Boolean).join("\n\n");
};

export const tuningText = ({ boxes }) => Object.entries(boxes).map(boxText).join("\n\n");

/** Puts text between the marks of a page. */
export const marked = (page, text) =>
  page.replace(/(<!-- bench: tuning -->\n)[\s\S]*?(<!-- end -->)/, (_, begin, end) => `${begin}${text}\n${end}`);

export const writeReport = (tuning) => {
  writeFileSync(PAGE, marked(readFileSync(PAGE, "utf8"), tuningText(tuning)));
  writeFileSync(PICTURE, picture(tuning));
};
