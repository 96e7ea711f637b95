import * as z from "zod";
import { rateLimits } from "./rate-limits";
import { amount, count, expected, flag, mapping, nestedSettings, oneOf, pattern, serverName, size } from "./values";
import { workerCounts, workers } from "./workers";

/** Scheme, public key, host and number of the project; a path may stand before the number. */
const SENTRY_DSN = /^https?:\/\/[^\s@/]+@[^\s@/]+\/([^\s/]+\/)*\d+$/;

export const synapse = mapping({
  workers,
  worker_counts: workerCounts,
  registration: oneOf(["closed", "token", "open"])
    .default("closed")
    .describe("Who may register: nobody, holders of a token, or everybody without verification"),
  presence: flag().default(true).describe("Show who is online; costly on small machines"),
  report_stats: flag().default(false).describe("Send anonymous figures to the Matrix.org Foundation"),
  max_upload_size: size().default("50MB").describe("Largest file that can be sent"),
  url_previews: flag().default(false).describe("The server fetches linked pages to preview them"),
  log_level: oneOf(["DEBUG", "INFO", "WARNING", "ERROR"])
    .default("INFO")
    .describe("Least severity that is logged; database statements are never logged, they hold access tokens"),
  global_cache_factor: amount().optional().describe("Factor on the size of every cache. Default: solved"),
  cp_max: count().optional().describe("Largest database pool of one process. Default: solved"),
  rate_limits: rateLimits,
  sentry_dsn: pattern("the DSN of a Sentry project such as https://key@sentry.example.com/1", SENTRY_DSN)
    .optional()
    .describe("Where exceptions are reported. Default: nowhere"),
  federation_domain_whitelist: z
    .array(serverName(), { error: expected("a list of server names") })
    .min(1, { error: () => "an empty list lets no server in: say `expected.federation: closed` instead" })
    .optional()
    .describe("Servers that may federate, with `expected.federation: small`. Default: all"),
  settings: nestedSettings().default({}).describe("Any other key of homeserver.yaml"),
})
  .prefault({})
  .describe("The homeserver");
