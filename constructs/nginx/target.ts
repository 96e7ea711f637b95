/**
 * A request target as Nginx reads it. All texts hold one character a byte: patterns and hashes work on bytes, whatever
 * the path was encoded from.
 */
export interface Target {
  /** As sent, `$request_uri`. */
  readonly sent: string;
  /** Decoded, without `.`, `..` and double slashes, `$uri`: what patterns are matched against. */
  readonly path: string;
  /** As sent, without the question mark. */
  readonly query: string;
}

const toBytes = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

/** For people: bytes that are no UTF-8 come out as replacement characters. */
export const readable = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8");

/** Nginx takes neither half an escape nor a zero byte. */
const canBeDecoded = (part: string): boolean => !/%(?![0-9A-Fa-f]{2})|%00/.test(part);

const decoded = (part: string): string =>
  part.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));

/** @returns undefined where `..` leads above the root */
const withoutDots = (path: string): string | undefined => {
  const kept: string[] = [];
  const segments = path.split("/").slice(1);
  for (const segment of segments) {
    if (segment === "..") {
      if (kept.pop() === undefined) return undefined;
    } else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  const endsInFolder = ["", ".", ".."].includes(segments.at(-1) as string);
  return `/${kept.join("/")}${endsInFolder && kept.length > 0 ? "/" : ""}`;
};

/**
 * Reads a target as Nginx does (ngx_http_parse_complex_uri, `merge_slashes on`): percent signs are decoded first, so
 * that `%2F` parts segments and `%2e%2e` leads upwards.
 * @param text - path and query, as a client sends it
 * @returns undefined where Nginx answers 400
 */
export const parseTarget = (text: string): Target | undefined => {
  const sent = toBytes(text);
  const [before] = sent.split("#") as [string];
  const [part, ...rest] = before.split("?") as [string, ...string[]];
  if (!part.startsWith("/") || /[\0-\x20\x7f]/.test(sent) || !canBeDecoded(part)) return undefined;
  const path = withoutDots(decoded(part));
  return path === undefined ? undefined : { sent, path, query: rest.join("?") };
};

/** An argument as `$arg_<name>` holds it: the first of the name, whatever its case, not decoded; else empty. */
export const argument = (query: string, name: string): string => {
  const prefix = `${name}=`;
  const found = query.split("&").find((part) => part.slice(0, prefix.length).toLowerCase() === prefix);
  return found?.slice(prefix.length) ?? "";
};
