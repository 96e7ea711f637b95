import type { RoutingRow } from "../../constructs/nginx/table";
import type { Request } from "./request";

/** What a script would do with the rows of `routes --json`, by their documentation and nothing else. */
export const readRows = (rows: readonly RoutingRow[]): ((request: Request) => RoutingRow | undefined) => {
  const compiled = rows.map((row) => ({ row, pattern: new RegExp(row.pattern), methods: new Set(row.methods) }));
  return ({ method, uri }) => {
    const [raw, query] = uri.split("?") as [string, string?];
    const path = decodeURIComponent(raw);
    const args = new URLSearchParams(query);
    const isFirstSync = !args.get("since") || args.get("full_state") === "true";
    return compiled.find(
      ({ row, pattern, methods }) => methods.has(method) && pattern.test(path) && (isFirstSync || !row.first_sync_only),
    )?.row;
  };
};
