import type { Method } from "../../configs/catalogue/role";
import { MAIN, type Route } from "../../constructs/nginx/routes";

export interface Request {
  readonly method: string;
  /** As sent: encoded, with its query. */
  readonly uri: string;
}

/** All paths that a template stands for: `(a|b)` is a choice. */
const expand = (template: string): string[] => {
  const match = /\(([^()]*)\)/.exec(template);
  if (!match) return [template];
  return (match[1] as string).split("|").flatMap((part) => expand(template.replace(match[0], part)));
};

/** Ids as clients send them: with and without a domain (room version 12), encoded and not. */
const ROOMS = ["!abc:example.org", "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM", "%21abc%3Aexample.org"];
const ALIASES = [...ROOMS, "%23a%2Fb%3Aexample.org"];

/** Requests for a row of endpoints.ts. */
export const requestsFor = (methods: string, template: string): Request[] => {
  const ids = template.includes("{alias}") ? ALIASES : template.includes("{room}") ? ROOMS : [""];
  return ids.flatMap((id) =>
    expand(template).flatMap((path) =>
      methods.split(" ").map((method) => ({
        method,
        uri: path
          .replace(/\{(room|alias)\}/g, id)
          .replaceAll("{user}", "%40alice%3Aexample.org")
          .replaceAll("{x}", "a.b-1"),
      })),
    ),
  );
};

/** The row that Nginx would choose; undefined where it answers by itself. */
export const rowFor = (table: readonly Route[], { method, uri }: Request): Route | undefined => {
  const [raw, query] = uri.split("?") as [string, string?];
  const path = decodeURIComponent(raw);
  const args = new URLSearchParams(query);
  const isFirstSync = !args.get("since") || args.get("full_state") === "true";
  const pattern = table.find((row) => new RegExp(row.pattern).test(path))?.pattern;
  const rows = table.filter((row) => row.pattern === pattern);
  return (
    rows.find(
      ({ methods, firstSyncOnly }) =>
        (methods.length === 0 || methods.includes(method as Method)) && (!firstSyncOnly || isFirstSync),
    ) ?? (rows.length > 0 ? table.find((row) => row.role === MAIN) : undefined)
  );
};
