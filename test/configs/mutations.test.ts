import { parseEnvironment } from "../../configs/parse-environment";
import { UserError } from "../../configs/user-error";
import { SHIPPED, shippedText } from "../support/corpus";

const MUTANTS = 2000;
const SEED = 20261121;

/** A small generator of its own (mulberry32), so that a failing mutant can be made again from its number. */
const random = (seed: number) => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { below, of: <T>(items: readonly T[]): T => items[below(items.length)] as T };
};

type Random = ReturnType<typeof random>;
type Mutation = (lines: string[], chance: Random) => void;

const SCALARS = [
  "null",
  "~",
  "true",
  "no",
  "-1",
  "0",
  "1e999",
  ".nan",
  ".inf",
  "0x1F",
  "2026-11-21",
  '""',
  "''",
  '"\\u0000"',
  "[]",
  "{}",
  "[1, [2, {a: b}]]",
  "{a: {b: c}}",
  "4GB",
  "999999999TB",
  "latest",
  "*x",
  "&a b",
  "!!binary aGk=",
  "!x y",
  "|",
  ">-",
  "@",
  "`",
  "%",
  "é☃𝄞",
  "'",
  '"',
  "[",
  "}",
  "a: b: c",
  "- - -",
  "? ",
  "<<",
  "__proto__",
  "x".repeat(5000),
];
const KEYS = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "",
  "server_name",
  "postgres",
  "synapse",
  "settings",
  "ram",
  "<<",
  "1",
  "null",
  "[a]",
  "{b: c}",
  '"quoted key"',
  "ключ",
  "a.b",
  "length",
];

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  deleteLine: (lines, { below }) => void lines.splice(below(lines.length), 1),
  duplicateLine: (lines, { below }) => {
    const at = below(lines.length);
    lines.splice(at, 0, lines[at] ?? "");
  },
  moveLine: (lines, { below }) => {
    const [line = ""] = lines.splice(below(lines.length), 1);
    lines.splice(below(lines.length + 1), 0, line);
  },
  swapValues: (lines, { below }) => {
    const [a, b] = [below(lines.length), below(lines.length)];
    const split = (line: string) => /^([^:]*:)(.*)$/.exec(line);
    const [first, second] = [split(lines[a] ?? ""), split(lines[b] ?? "")];
    if (!first || !second) return;
    lines[a] = `${first[1]}${second[2]}`;
    lines[b] = `${second[1]}${first[2]}`;
  },
  randomValue: (lines, { below, of }) => {
    const at = below(lines.length);
    lines[at] = (lines[at] ?? "").replace(/:.*$/, () => `: ${of(SCALARS)}`);
  },
  randomKey: (lines, { below, of }) => {
    const at = below(lines.length);
    lines[at] = (lines[at] ?? "").replace(/[^\s:]+:/, () => `${of(KEYS)}:`);
  },
  newMember: (lines, { below, of }) => {
    lines.splice(below(lines.length + 1), 0, `${" ".repeat(of([0, 0, 2, 4]))}${of(KEYS)}: ${of(SCALARS)}`);
  },
  indent: (lines, { below, of }) => {
    const at = below(lines.length);
    lines[at] = of([`  ${lines[at]}`, `\t${lines[at]}`, (lines[at] ?? "").trimStart(), `- ${lines[at]}`]);
  },
  newDocument: (lines, { below, of }) =>
    void lines.splice(below(lines.length), 0, of(["---", "...", "%YAML 1.2", "--- x"])),
  randomCharacter: (lines, { below, of }) => {
    const at = below(lines.length);
    const line = lines[at] ?? "";
    const column = below(line.length + 1);
    lines[at] =
      line.slice(0, column) +
      of(["\0", "\t", "\r", "\u2028", "\ufeff", "\ud800", "{", "[", '"', ":", "#", "&", "*", "!"]) +
      line.slice(column);
  },
};

const mutant = (number: number): { text: string; mutations: string[] } => {
  const chance = random(SEED + number);
  const lines = shippedText(chance.of(SHIPPED)).split("\n");
  const mutations = Array.from({ length: 1 + chance.below(3) }, () => chance.of(Object.keys(MUTATIONS)));
  for (const name of mutations) (MUTATIONS[name] as Mutation)(lines, chance);
  return { text: lines.join("\n"), mutations };
};

describe(`${MUTANTS} broken copies of the shipped files`, () => {
  const outcomes = Array.from({ length: MUTANTS }, (_, number) => {
    const { text, mutations } = mutant(number);
    try {
      parseEnvironment(text, "mutant", "mutant.yaml");
      return { number, mutations, error: undefined };
    } catch (error) {
      return { number, mutations, error: error as Error };
    }
  });
  const refused = outcomes.filter(({ error }) => error !== undefined);
  const told = (which: (error: Error) => boolean) =>
    refused
      .filter(({ error }) => !which(error as Error))
      .map(({ number, mutations, error }) => `${number} (${mutations.join(", ")}): ${error?.stack}`);

  it("are refused as a mistake of the user's, never by a crash", () => {
    expect(told((error) => error instanceof UserError)).toEqual([]);
  });

  it("are refused with the file, line and column on every line", () => {
    expect(
      told((error) => error.message.split("\n").every((line) => /^mutant\.yaml:[1-9]\d*:[1-9]\d*: \S/.test(line))),
    ).toEqual([]);
  });

  it("are refused without a stack trace, `undefined` or `[object Object]`", () => {
    expect(told(({ message }) => !/\n\s+at |node_modules|\bundefined\b|\[object |TypeError/.test(message))).toEqual([]);
  });

  it("are refused in lines that fit a screen, however long the value", () => {
    expect(told(({ message }) => message.split("\n").every((line) => line.length < 1000))).toEqual([]);
  });

  it("are refused in part only, and meet every mutation: the test reaches what it means to", () => {
    expect(refused.length).toBeGreaterThan(MUTANTS / 2);
    expect(refused.length).toBeLessThan(MUTANTS * 0.95);
    expect(new Set(outcomes.flatMap(({ mutations }) => mutations))).toEqual(new Set(Object.keys(MUTATIONS)));
  });
});
