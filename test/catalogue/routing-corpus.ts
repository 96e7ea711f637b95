import fc from "fast-check";
import { METHODS } from "../../constructs/nginx/table";
import { ADMIN_ENDPOINTS, MAIN_ENDPOINTS, WORKER_ENDPOINTS } from "./endpoints";
import { type Request, requestsFor } from "./request";
import { REQUESTS } from "./requests";

/** Encoded for a request line, slashes left alone. */
const encoded = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

const ELSEWHERE = [
  "/",
  "/_matrix/",
  "/_matrix/x",
  "/_synapse/client/x",
  "/_synapse/metrics",
  "/_synapse/admin/v1/x",
  "/x",
];

/** Every path that the tests know, as sent. */
const PATHS: readonly string[] = [
  ...new Set([
    ...[...WORKER_ENDPOINTS, ...MAIN_ENDPOINTS, ...ADMIN_ENDPOINTS].flatMap(([, path]) =>
      requestsFor("GET", path).map(({ uri }) => uri),
    ),
    ...REQUESTS.map(([, , path]) => encoded(path)),
    ...ELSEWHERE,
  ]),
];

/** Each path with each method. */
export const everyRequest = (): Request[] =>
  PATHS.flatMap((path) => METHODS.map((method) => ({ method, uri: path }) satisfies Request));

/** What clients may put into a path where it matters least to them and most to a pattern. */
const SEGMENTS = [
  "tags",
  "receipt",
  "typing",
  "account_data",
  "media",
  "sync",
  "send",
  "%21a%3Ab",
  "%23a%2Fb",
  "",
  ".x",
  "v3",
];
const QUERIES = [
  "",
  "?since=s1",
  "?since=",
  "?full_state=true",
  "?since=s1&full_state=true",
  "?since=s1&full_state=false",
];

/** Requests beside the known ones: a segment put in, replaced or taken away, any method, any query of a sync. */
export const strangeRequests: fc.Arbitrary<Request> = fc
  .record({
    path: fc.constantFrom(...PATHS),
    method: fc.constantFrom(...METHODS),
    query: fc.constantFrom(...QUERIES),
    at: fc.nat({ max: 9 }),
    removed: fc.nat({ max: 1 }),
    segment: fc.option(fc.oneof(fc.constantFrom(...SEGMENTS), fc.stringMatching(/^[a-z0-9_][a-z0-9_.]{0,7}$/)), {
      nil: undefined,
    }),
  })
  .map(({ path, method, query, at, removed, segment }) => {
    const segments = path.split("/");
    segments.splice(1 + (at % segments.length), removed, ...(segment === undefined ? [] : [segment]));
    // Doubled slashes and dots are another test's matter: readers of the table get the path without them.
    const joined = segments.join("/").replace(/\/{2,}/g, "/");
    return { method, uri: `${joined.startsWith("/") ? joined : `/${joined}`}${query}` };
  });
