import { isIP, isIPv4 } from "node:net";
import * as z from "zod";
import { subnetsOf } from "../network";
import { nearest } from "../settings/nearest";
import { Bytes } from "../units/bytes";

const LONGEST_SHOWN = 60;

/** What was found in the file, short enough for one line. */
export const shown = (value: unknown): string => {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  // As YAML spells them, and so as they stand in the file.
  if (Number.isNaN(value)) return ".nan";
  if (value === Number.POSITIVE_INFINITY) return ".inf";
  if (value === Number.NEGATIVE_INFINITY) return "-.inf";
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value);
};

/** Says what is allowed; as an `error` of zod it replaces zod's own wording for every kind of mismatch. */
export const expected =
  (what: string, words: readonly string[] = []) =>
  ({ input }: { readonly input?: unknown }): string => {
    if (input === undefined) return `is missing: expected ${what}`;
    const meant = typeof input === "string" ? nearest(input, words) : undefined;
    return `expected ${what}, got ${shown(input)}${meant === undefined ? "" : `; did you mean ${meant}?`}`;
  };

const enumeration = (words: readonly string[]): string =>
  words.length === 1 ? `${words[0]}` : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

/** Text that passes a test. */
export const text = (what: string, passes: (value: string) => boolean) => {
  const error = expected(what);
  return z.string({ error }).refine(passes, { error });
};

/** Text of a form that the JSON schema can hold too. */
export const pattern = (what: string, form: RegExp) => {
  const error = expected(what);
  return z.string({ error }).regex(form, { error, abort: true });
};

/** What is in an image that the environment names itself. Text: the number 1.30 would be 1.3. */
export const imageVersion = (label: string, image: string, example: string) =>
  pattern(`a version in quotes such as "${example}"`, /^\d+\.\d+(\.\d+)?$/)
    .optional()
    .describe(`Version of ${label} in \`images.${image}\`, where the tag does not tell. Default: from the tag`);

export const oneOf = <const T extends readonly [string, ...string[]]>(words: T) =>
  z.enum(words, { error: expected(enumeration(words), words) });

/** A word, or a mapping that says more. */
export const wordOr = <const T extends readonly [string, ...string[]], S extends z.ZodObject>(words: T, mapping: S) =>
  z.union([z.enum(words), mapping], {
    error: expected(`${enumeration(words)}, or a mapping of ${Object.keys(mapping.shape).join(", ")}`, words),
  });

/** A switch that the kit sets by itself unless told. */
export const autoFlag = () => z.union([z.boolean(), z.literal("auto")], { error: expected("true, false or auto") });

export const flag = () => z.boolean({ error: expected("true or false") });

const SIZE = /^\s*\d+(\.\d+)?\s*([kKmMgGtT]([iI]?[bB])?|[bB])\s*$/;

/** A size stays text here: `resolve` makes it `Bytes`, and the JSON schema cannot hold a transformation. */
export const size = () => {
  const error = expected("a size such as 512MB or 4GB");
  return z
    .string({ error })
    .regex(SIZE, { error, abort: true })
    .refine((value) => Bytes.parse(value).isMoreThan(Bytes.ZERO), { error: expected("a size above 0") });
};

/** A number above 0. */
export const amount = () => {
  const error = expected("a number above 0");
  return z.number({ error }).positive({ error });
};

export const wholeBetween = (low: number, high: number) => {
  const error = expected(`a whole number from ${low} to ${high}`);
  return z.int({ error }).min(low, { error }).max(high, { error });
};

/** A whole number above 0. */
export const count = () => {
  const error = expected("a whole number above 0");
  return z.int({ error }).positive({ error });
};

/** A mapping with these keys and no other. */
export const mapping = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, {
    // What is wrong with a key is worded where the key's position is known.
    error: (issue) => (issue.code === "invalid_type" ? expected("a mapping")(issue) : undefined),
  });

/** What a flat configuration file can hold. */
export const flatSettings = () =>
  z.record(
    z.string(),
    z.union([z.string(), z.number(), z.boolean()], { error: expected("a text, a number, true or false") }),
    { error: expected("a mapping of settings") },
  );

/** What a nested configuration file can hold. */
export const nestedSettings = () => z.record(z.string(), z.json(), { error: expected("a mapping of settings") });

const HOST = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/;
const LONGEST_SERVER_NAME = 255;
const HIGHEST_PORT = 65_535;

/** Host name in small letters or address, with an optional port (Matrix specification, appendix "Server Name"). */
export const isServerName = (value: string): boolean => {
  const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(value) ?? [];
  if (host === undefined || value.length > LONGEST_SERVER_NAME) return false;
  if (port !== undefined && (Number(port) < 1 || Number(port) > HIGHEST_PORT)) return false;
  if (host.startsWith("[")) return isIP(host.slice(1, -1)) === 6 && host === host.toLowerCase();
  return /^[\d.]+$/.test(host) ? isIPv4(host) : HOST.test(host);
};

const EXPECTED_SERVER_NAME = expected("a Matrix server name such as example.com");

/** Names that differ in case are two servers by the specification, and one to DNS and most clients. */
const serverNameError = ({ input }: { readonly input?: unknown }): string => {
  const small = typeof input === "string" ? input.toLowerCase() : "";
  if (input === small || !isServerName(small)) return EXPECTED_SERVER_NAME({ input });
  return `expected small letters, ${shown(small)}, got ${shown(input)}: Matrix compares server names letter by letter, and other programs write them small`;
};

export const serverName = () => z.string({ error: serverNameError }).refine(isServerName, { error: serverNameError });

export const port = () => {
  const error = expected(`a port from 1 to ${HIGHEST_PORT}`);
  return z.int({ error }).min(1, { error }).max(HIGHEST_PORT, { error });
};

/** 10/8, 172.16/12, 192.168/16 (RFC 1918): what is not ours must stay reachable from the containers. */
const PRIVATE = /^(?:10\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.168\.)/;

export const isPrivateNetwork = (value: string): boolean => {
  try {
    subnetsOf(value);
    return PRIVATE.test(value);
  } catch {
    return false;
  }
};

const IPV4_BITS = 32;

/** An address or a network as Nginx takes it without a warning: no bits set behind the prefix. */
export const isRange = (value: string): boolean => {
  const [address = "", prefix, ...more] = value.split("/");
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  if (prefix === undefined) return true;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > (family === 4 ? IPV4_BITS : 128)) return false;
  if (family === 6) return true;
  const number = address.split(".").reduce((total, octet) => total * 256 + Number(octet), 0);
  return number % 2 ** (IPV4_BITS - Number(prefix)) === 0;
};
