import { PORTS } from "../../configs/ports";

/** One directive of a parsed nginx.conf. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly block?: readonly Directive[];
}

/** Words, quoted texts and signs of an Nginx configuration, as Nginx itself splits it. */
const TOKEN =
  /#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\$\{\w+\}|[{};]|(?:[^\s"'{};#\\]|\\.)(?:[^\s{};\\]|\\.|\$\{\w+\})*/g;

/** @throws Error when braces, quotes or ends are missing */
export const parse = (text: string): Directive[] => {
  const left = text.replace(TOKEN, "").trim();
  if (left !== "") throw new Error(`not understood: ${left}`);
  const tokens = (text.match(TOKEN) ?? []).filter((token) => !token.startsWith("#"));
  let at = 0;
  const directives = (isInner: boolean): Directive[] => {
    const found: Directive[] = [];
    for (;;) {
      const words: string[] = [];
      while (at < tokens.length && !["{", "}", ";"].includes(tokens[at] as string)) words.push(tokens[at++] as string);
      const sign = tokens[at++];
      if (sign === "}" || sign === undefined) {
        if (words.length > 0) throw new Error(`no end: ${words.join(" ")}`);
        if ((sign === "}") !== isInner) throw new Error("the braces do not balance");
        return found;
      }
      const [name, ...args] = words as [string, ...string[]];
      if (name === undefined) throw new Error(`nothing in front of ${sign}`);
      found.push(sign === ";" ? { name, args } : { name, args, block: directives(true) });
    }
  };
  return directives(false);
};

/** A word without its quotes. */
export const unquoted = (word: string): string => word.replace(/^(["'])(.*)\1$/s, "$2");

/** Every directive of a tree, blocks too. */
export const every = (directives: readonly Directive[]): Directive[] =>
  directives.flatMap((directive) => [directive, ...every(directive.block ?? [])]);

/** Directives of one name. */
export const named = (directives: readonly Directive[], name: string): Directive[] =>
  directives.filter((directive) => directive.name === name);

/** The public server: the one that listens for everybody. */
export const publicServer = (directives: readonly Directive[]): Directive =>
  named(directives, "server").find(
    ({ block }) => block && named(block, "listen").some(({ args }) => args[0] === String(PORTS.nginx)),
  ) as Directive;

const compiled = new Map<string, RegExp>();

const patternOf = (word: string): RegExp => {
  const pattern = compiled.get(word) ?? new RegExp(unquoted(word));
  compiled.set(word, pattern);
  return pattern;
};

/** The location that Nginx takes for a path: an exact one, `^~` of the longest prefix, the first regex, the prefix. */
export const locationFor = (server: Directive, path: string): Directive | undefined => {
  const locations = named(server.block ?? [], "location");
  const exact = locations.find(({ args }) => args[0] === "=" && args[1] === path);
  if (exact) return exact;
  const prefixes = locations
    .filter(({ args }) => args[0] === "^~" || args.length === 1)
    .filter(({ args }) => path.startsWith(unquoted(args.at(-1) as string)))
    .sort((a, b) => unquoted(b.args.at(-1) as string).length - unquoted(a.args.at(-1) as string).length);
  const [longest] = prefixes;
  if (longest?.args[0] === "^~") return longest;
  const regex = locations.find(({ args }) => args[0] === "~" && patternOf(args[1] as string).test(path));
  return regex ?? longest;
};

/** A request as the reader below takes it; `uri` as sent, with its query. */
export interface ReadRequest {
  readonly method: string;
  readonly uri: string;
}

/** What a configuration does with a request: a status of its own, or the addresses of the upstream that it takes. */
export type Answer = { readonly status: number } | { readonly servers: readonly string[] };

/**
 * Reads a rendered nginx.conf as Nginx does, as far as routing goes: maps, the disguise check, locations, upstreams. It
 * knows nothing of the code that wrote the file.
 */
export const readerOf = (text: string): ((request: ReadRequest) => Answer) => {
  const directives = every(parse(text));
  const server = publicServer(directives);
  const maps = new Map(
    named(directives, "map").map(({ args: [source = "", name = ""], block = [] }) => {
      const cases = block
        .filter(({ name: value }) => value !== "default")
        .map(({ name: value, args }) => {
          const word = unquoted(value);
          const test = word.startsWith("~")
            ? new RegExp(word.replace(/^~\*?/, ""), word.startsWith("~*") ? "i" : "")
            : undefined;
          return {
            fits: (found: string) => (test ? test.test(found) : word === found),
            result: unquoted(args[0] ?? ""),
          };
        });
      const otherwise = unquoted(named(block, "default")[0]?.args[0] ?? "");
      return [name, { source: unquoted(source), cases, otherwise }];
    }),
  );
  const upstreams = new Map(
    named(directives, "upstream").map(({ args, block = [] }) => [
      args[0],
      named(block, "server").map(({ args: [address] }) => address as string),
    ]),
  );
  const fill = (word: string, known: Readonly<Record<string, string>>): string =>
    word.replace(/\$(\w+)/g, (name, bare: string) => {
      const map = maps.get(name);
      if (!map) return known[bare] ?? "";
      const found = fill(map.source, known);
      return fill(map.cases.find(({ fits }) => fits(found))?.result ?? map.otherwise, known);
    });
  return ({ method, uri }) => {
    const [raw, query] = uri.split("?") as [string, string?];
    const path = decodeURIComponent(raw);
    const args = Object.fromEntries([...new URLSearchParams(query)].map(([name, value]) => [`arg_${name}`, value]));
    const known = { request_method: method, request_uri: uri, uri: path, ...args };
    for (const { args: condition, block = [] } of named(server.block ?? [], "if")) {
      if (fill((condition[0] as string).slice(1, -1), known) !== "") {
        return { status: Number(named(block, "return")[0]?.args[0]) };
      }
    }
    const found = locationFor(server, path)?.block ?? [];
    const [answer] = named(found, "return");
    if (answer) return { status: Number(answer.args[0]) };
    const upstream = fill(unquoted(named(found, "proxy_pass")[0]?.args[0] ?? ""), known).replace("http://", "");
    return { servers: upstreams.get(upstream) as string[] };
  };
};
