import type { Environment } from "../../configs/environment";
import { parseEnvironment } from "../../configs/parse-environment";
import { loadProfile } from "../../configs/profile";
import { Bytes } from "../../configs/units/bytes";
import { Cpus } from "../../configs/units/cpus";
import { UserError } from "../../configs/user-error";
import { render } from "../../constructs/render";
import { check, INVARIANTS } from "../../sizing/invariants";
import type { HostFacts } from "../../sizing/plan";
import { solve } from "../../sizing/solve";
import { MUTATION_NAMES, type Mutant, mutant } from "../support/mutants";

/** A mistake and where it stands; arithmetic follows in indented lines. */
const PLACED = /^mutant\.yaml:[1-9]\d*:[1-9]\d*: \S/;
const MUTANTS = 10_000;
/** Rendering takes as long as all the rest: one plan in this many is rendered. */
const RENDERED_OF = 4;
const FILE = "mutant.yaml";

/** For `hardware: auto`: what detection would find. */
const DETECTED: HostFacts = { ram: Bytes.gib(8), cpus: Cpus.of(4), disk: { kind: "ssd" }, source: "detected" };

const hostOf = ({ hardware }: Environment): HostFacts => {
  if (hardware.kind === "auto") return { ...DETECTED, disk: hardware.disk };
  const { ram, cpus, disk } = hardware.kind === "profile" ? loadProfile(hardware.name) : hardware;
  return { ram, cpus, disk, source: hardware.kind };
};

type Outcome = Mutant & {
  readonly stage: "parsed" | "solved" | "rendered";
  /** The message for the user. */
  readonly refusal?: string;
  /** What should not have happened. */
  readonly fault?: string;
};

/** One line each: a value that broke out of its line would be a setting that nobody checked. */
const LINES: Readonly<Record<string, RegExp>> = {
  "postgresql.conf": /^(?:#.*|[\w.]+ = '(?:[^']|'')*'|)$/,
  "pgbouncer.ini": /^(?:;;.*|\[\w+\]|\w+ =.*|)$/,
  "redis.conf": /^(?:#.*|[\w-]+ .*|)$/,
};

const wrongIn = (path: string, content: string): string | undefined => {
  if (content === "") return "is empty";
  const form = LINES[path];
  return form
    ? content.split("\n").find((line) => !form.test(line))
    : /\b(?:NaN|undefined|Infinity)\b|\[object /.exec(content)?.[0];
};

/** The whole way of a file, as `render` goes it. */
const run = (one: Mutant): Outcome => {
  let stage: Outcome["stage"] = "parsed";
  try {
    const environment = parseEnvironment(one.text, "mutant", FILE);
    stage = "solved";
    const plan = solve(environment, hostOf(environment));
    const broken = INVARIANTS.map((invariant) => check(invariant, plan)).filter((violation) => violation !== undefined);
    if (broken.length > 0) return { ...one, stage, fault: JSON.stringify(broken) };
    if (one.number % RENDERED_OF > 0) return { ...one, stage };
    stage = "rendered";
    for (const { service, files } of render(environment, plan)) {
      for (const { path, content } of files) {
        const wrong = wrongIn(path, content);
        if (wrong !== undefined) return { ...one, stage, fault: `${service} ${path}: ${wrong}` };
      }
    }
    return { ...one, stage };
  } catch (error) {
    if (error instanceof UserError) return { ...one, stage, refusal: error.message };
    return { ...one, stage, fault: (error as Error).stack ?? String(error) };
  }
};

const shown = ({ number, stage, mutations, text }: Outcome, what: string): string =>
  `mutant ${number}, ${stage}${mutations.length > 0 ? ` (${mutations.join(", ")})` : ""}: ${what}\n${text}`;

describe(`${MUTANTS} random and broken environments`, () => {
  let outcomes: readonly Outcome[] = [];
  let refused: readonly (Outcome & { readonly refusal: string })[] = [];
  beforeAll(() => {
    outcomes = Array.from({ length: MUTANTS }, (_, number) => run(mutant(number)));
    refused = outcomes.filter((one): one is Outcome & { refusal: string } => one.refusal !== undefined);
  }, 300_000);
  const refusedOtherwise = (passes: (refusal: string, one: Outcome) => boolean): string[] =>
    refused.filter((one) => !passes(one.refusal, one)).map((one) => shown(one, one.refusal));

  it("are refused as the user's mistake or keep every invariant and render, never a crash", () => {
    expect(outcomes.flatMap((one) => (one.fault === undefined ? [] : [shown(one, one.fault)]))).toEqual([]);
  });

  it("are refused with file, line and column on every line", () => {
    expect(
      refusedOtherwise((refusal) =>
        refusal.split("\n").every((line, index) => (index > 0 && /^ {4}\S/.test(line)) || PLACED.test(line)),
      ),
    ).toEqual([]);
  });

  it("are refused without a stack trace, `undefined`, `NaN` or `[object Object]`", () => {
    expect(
      refusedOtherwise(
        (refusal) => !/\n\s+at |node_modules|\b(?:undefined|NaN|Infinity)\b|\[object |TypeError/.test(refusal),
      ),
    ).toEqual([]);
  });

  it("are refused in lines that fit a screen, however long the value", () => {
    expect(refusedOtherwise((refusal) => refusal.split("\n").every((line) => line.length < 1000))).toEqual([]);
  });

  it("are refused in part only, at every stage, and meet every mutation: the test reaches what it means to", () => {
    const accepted = outcomes.filter(({ refusal, fault }) => refusal === undefined && fault === undefined).length;
    expect(accepted).toBeGreaterThan(MUTANTS / 10);
    expect(refused.filter(({ stage }) => stage === "parsed").length).toBeGreaterThan(MUTANTS / 4);
    expect(refused.filter(({ stage }) => stage === "solved").length).toBeGreaterThan(MUTANTS / 40);
    expect(new Set(outcomes.flatMap(({ mutations }) => mutations))).toEqual(new Set(MUTATION_NAMES));
  });
});
