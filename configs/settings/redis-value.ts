import type { RedisFlavour } from "../environment";
import { Bytes } from "../units/bytes";
import { isAtLeast } from "../versions";
import { REDIS_PARAMETERS, REDIS_SINCE } from "./known-redis";
import { isOff, isOn } from "./rule";

const KIB = 1024;

/** Redis tells `kb` (1024) from `k` (1000) (redis.conf, "Note on units"). */
const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1000,
  kb: KIB,
  m: 1000 ** 2,
  mb: KIB ** 2,
  g: 1000 ** 3,
  gb: KIB ** 3,
};

/** @returns undefined when the text is no Redis size. */
export const redisSize = (text: string): Bytes | undefined => {
  const match = /^\s*(\d+)\s*([a-z]*)\s*$/i.exec(text);
  const unit = match ? UNITS[(match[2] ?? "").toLowerCase()] : undefined;
  return match && unit !== undefined ? Bytes.of(Number(match[1]) * unit) : undefined;
};

/** The first version of the flavour that knows a directive, where it is not all of them; null: none does. */
export const redisSince = (name: string, flavour: RedisFlavour): string | null | undefined =>
  Object.hasOwn(REDIS_SINCE, name) ? REDIS_SINCE[name]?.[flavour === "valkey" ? 1 : 0] : undefined;

/** All names that a version of the flavour takes. */
export const redisNames = (flavour: RedisFlavour, version: string): readonly string[] =>
  Object.keys(REDIS_PARAMETERS).filter((name) => {
    const since = redisSince(name, flavour);
    return since === undefined || (since !== null && isAtLeast(version, since));
  });

/** One word, or a text in quotes: anything else is a wrong number of arguments, or quotes that do not match. */
const WORD = /^(?:[^\s"']+|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')$/;
const WORDS = /^(?:[^"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*$/;
const LEAST_PUBSUB = Bytes.mib(8);

/** `pubsub 32mb 8mb 60`: what a subscriber may leave unread at once, and for how long. */
const bufferLimitProblem = (text: string): string | undefined => {
  const words = text.trim().split(/\s+/);
  for (let at = 0; at < words.length; at += 4) {
    const [name = "", hard, soft, seconds] = words.slice(at, at + 4);
    const [most, lasting] = [redisSize(hard ?? ""), redisSize(soft ?? "")];
    if (!/^(normal|replica|slave|pubsub)$/i.test(name) || !most || !lasting || !/^\d+$/.test(seconds ?? "")) {
      return `expected a class, two sizes and seconds such as \`pubsub 32mb 8mb 60\`, got ${JSON.stringify(text)}`;
    }
    if (most.toBytes() > 0 && most.isLessThan(lasting)) return `the hard limit ${hard} is below the soft one ${soft}`;
    if (name.toLowerCase() === "pubsub" && most.isLessThan(LEAST_PUBSUB)) {
      return `a hard limit of ${hard} for pubsub ${most.toBytes() === 0 ? "means none: a worker that falls behind fills the memory" : "cuts workers off in ordinary bursts"}: set 8mb or more`;
    }
  }
  return undefined;
};

const amountProblem = (amount: number, least: string, most: string, text: string): string | undefined => {
  if (amount >= Number(least) && (most === "-" || amount <= Number(most))) return undefined;
  return most === "-" ? `must be ${least} or above, got ${text}` : `must be between ${least} and ${most}, got ${text}`;
};

const problemOf = (name: string, spec: string, value: unknown): string | undefined => {
  const [kind, ...rest] = spec.split(" ");
  const [least = "", most = ""] = rest;
  const text = String(value);
  switch (kind) {
    case "bool":
      return typeof value === "boolean" || ["yes", "no"].includes(text.toLowerCase())
        ? undefined
        : `expected yes or no, got ${JSON.stringify(value)}`;
    case "int":
      return /^-?\d+$/.test(text)
        ? amountProblem(Number(text), least, most, text)
        : `expected a whole number, got ${JSON.stringify(value)}`;
    case "bytes": {
      const size = redisSize(text);
      return size
        ? amountProblem(size.toBytes(), least, most, text)
        : `expected a size such as 64mb, got ${JSON.stringify(value)}`;
    }
    case "enum": {
      const isSwitch = typeof value === "boolean" && rest.some((word) => isOn(word) || isOff(word));
      return isSwitch || rest.includes(text.toLowerCase())
        ? undefined
        : `must be one of ${rest.join(", ")}, got ${JSON.stringify(value)}`;
    }
    case "word":
      return WORD.test(text) ? undefined : `expected one word or a text in quotes, got ${JSON.stringify(value)}`;
    default:
      if (name === "client-output-buffer-limit") return bufferLimitProblem(text);
      return WORDS.test(text) ? undefined : `the quotes do not match in ${text}`;
  }
};

/** What the server would not start with, and what it takes without a word and should not. */
export const redisValueProblem = (name: string, value: unknown): string | undefined => {
  const problem = problemOf(name, REDIS_PARAMETERS[name] ?? "text", value);
  return problem && `\`${name}\`: ${problem}`;
};
