// Are the kit's settings of Postgres safer than the others', and no slower? Postgres as it comes, four generators with a
// host's memory and with Postgres' share of it, and the kit, on emulated boxes, beside the same co-tenants.

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { sum } from "../lib.mjs";
import { armsOf, OURS, OURS_AGAIN } from "./arms.mjs";
import { halfOf, imageOf, removeAll, SIDES } from "./container.mjs";
import { ensureData } from "./data.mjs";
import { summary } from "./figures.mjs";
import { BOXES, planOf } from "./plan.mjs";
import { cleanUp, worst } from "./safety.mjs";
import { LOADS, throughput } from "./throughput.mjs";

/** What the machine needs beside a box. */
const SPARE = 1024 ** 3;

const available = () => Number(/^MemAvailable: +(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))[1]) * 1024;

/** An arm with a setting that this engine or build does not let the server start with: the nearest that it does. */
const STAND_INS = [["io_method", "io_uring", "worker"]];

/** The worst case needs one. */
const [SIDE] = SIDES;

/** @returns the arm as it can run, and what had to be replaced */
const startable = async (arm, box) => {
  const asked = STAND_INS.filter(([name, value]) => arm.settings[name] === value);
  if (asked.length === 0) return { arm, replaced: [] };
  try {
    await SIDE.startServer({ box, ...arm });
    return { arm, replaced: [] };
  } catch {
    const settings = { ...arm.settings, ...Object.fromEntries(asked.map(([name, , instead]) => [name, instead])) };
    return {
      arm: { ...arm, settings },
      replaced: asked.map(([name, value, instead]) => `${name} = ${value} of ${arm.name} by ${instead}`),
    };
  } finally {
    SIDE.stopServer();
  }
};

const allStartable = async (arms, box) => {
  const all = [];
  for (const arm of arms) all.push(await startable(arm, box));
  return { arms: all.map(({ arm }) => arm), replaced: all.flatMap(({ replaced }) => replaced) };
};

const worstCases = async (box, plan, arms, safety) => {
  for (const arm of arms) {
    safety[arm.name] = await worst(SIDE, arm, box, plan);
    console.error(`tuning: ${box}, worst case, ${arm.name}: ${JSON.stringify(safety[arm.name])}`);
  }
  await cleanUp(SIDE, box);
};

/** Windows that new rounds follow: those of the same length on the same data. */
const earlier = (box, kept, sizes, { add, seconds }) => {
  if (!add || kept?.windows === undefined) return {};
  if (kept.seconds !== seconds || JSON.stringify(kept.data) !== JSON.stringify(sizes)) {
    throw new Error(`the kept rounds of ${box} are of ${kept.seconds} s, or of other data: leave out --add`);
  }
  return kept.windows;
};

/** Bytes: one box with its co-tenants in the worst case, two without in duels. */
const memoryOf = (plan, parts) => {
  const whole = plan.ram - plan.reserve;
  return Math.max(whole, parts.includes("throughput") ? 2 * (whole - sum(plan.others)) : 0);
};

/** Figures of one box; `kept` are those of an earlier run, of which the parts that are not wanted stay. */
const boxFigures = async (box, kept, about, options) => {
  const { parts, rounds, seconds, arms: wanted } = options;
  const plan = planOf(box);
  if (available() < memoryOf(plan, parts) + SPARE) throw new Error(`the machine has no ${box} box to spare now`);
  const sizes = await ensureData(SIDES, box, plan);
  if (parts.length === 0) return kept;
  const isWanted = ({ name }) =>
    wanted === undefined ||
    wanted.includes(name) ||
    (parts.includes("throughput") && [OURS, OURS_AGAIN].includes(name));
  const { arms, replaced } = await allStartable(armsOf(box, plan).filter(isWanted), box);
  const figures = { ...kept, ...about, clients: plan.servers, data: sizes, replaced };
  if (parts.includes("throughput")) {
    const before = earlier(box, kept, sizes, options);
    const windows = await throughput(SIDES, box, plan, arms, { rounds, seconds, sizes, before, loads: LOADS });
    Object.assign(figures, {
      arm_cores: halfOf(box),
      rounds: windows[OURS_AGAIN].length,
      seconds,
      loads: summary(windows, LOADS),
      windows,
    });
  }
  if (parts.includes("safety")) {
    figures.safety = options.add ? { ...kept?.safety } : {};
    figures.safety_date = about.date;
    const once = arms.filter(({ name }) => name !== OURS_AGAIN);
    await worstCases(box, plan, once, figures.safety);
  }
  return figures;
};

/**
 * @param boxes - of 2/4, 4/8, 8/16
 * @param parts - throughput, safety; with none the data alone is loaded
 * @param add - rounds follow those that are kept, and so do worst cases of other arms
 * @param keep - is given all figures after each box, lest a later one's failure lose them
 */
export const benchTuning = async (kept, about, { boxes = BOXES, keepData = false, keep, ...options }) => {
  const figures = { ...kept };
  const all = () => ({
    image: imageOf("postgres-18").split(":")[1],
    emulated: `memory in full, without swap; cores of this machine: ${availableParallelism()}`,
    boxes: Object.fromEntries(BOXES.filter((box) => figures[box]).map((box) => [box, figures[box]])),
  });
  removeAll();
  for (const side of SIDES) side.startClient();
  try {
    for (const box of boxes) {
      figures[box] = await boxFigures(box, figures[box], about(), options);
      keep(all());
    }
  } finally {
    for (const side of SIDES) side.stopServer();
    removeAll(!keepData);
  }
};
