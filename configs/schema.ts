import { z } from "zod";
import { PROFILE_NAMES, WORKER_LAYOUTS } from "./environment";
import { subnetsOf } from "./network";
import { Bytes } from "./units/bytes";

/** Host name with an optional port, or an address (Matrix specification, appendix "server name"). */
const SERVER_NAME = /^(?=.{1,255}$)(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;
const IMAGE_REFERENCE =
  /^[a-z0-9][a-z0-9._:/-]*(?::(?!latest$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})$/;

const size = z
  .string({ error: (issue) => `expected a size such as 512MB or 4GB, got ${JSON.stringify(issue.input)}` })
  .refine((text) => Bytes.tryParse(text) !== undefined, {
    error: (issue) => `expected a size such as 512MB or 4GB, got ${JSON.stringify(issue.input)}`,
  });

const isNetwork = (text: string): boolean => {
  try {
    subnetsOf(text);
    return true;
  } catch {
    return false;
  }
};

const isOrigin = (text: string): boolean => {
  try {
    const url = new URL(text);
    return (
      ["http:", "https:"].includes(url.protocol) && url.pathname === "/" && !text.endsWith("/") && url.search === ""
    );
  } catch {
    return false;
  }
};

const isNetworkRange = (text: string): boolean => /^[0-9a-fA-F.:]+(?:\/\d{1,3})?$/.test(text) || text === "all";

const expected =
  (what: string) =>
  (issue: { readonly input?: unknown }): string =>
    `expected ${what}, got ${JSON.stringify(issue.input)}`;

/** What a flat configuration file can hold. */
const flat = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean()], { error: expected("a text, a number, true or false") }),
);
const nested = z.record(z.string(), z.unknown());
const positive = (what: string) => z.number({ error: expected(what) }).positive({ error: expected(what) });
const count = (what: string) => z.int({ error: expected(what) }).positive({ error: expected(what) });

const disk = z
  .union([
    z.enum(["nvme", "ssd", "hdd", "network"]),
    z.strictObject({ kind: z.enum(["nvme", "ssd", "hdd", "network"]), size: size.optional() }),
  ])
  .describe("Kind of the disk below the database, or kind and size");

const hardware = z
  .union([
    z.enum(["auto", ...PROFILE_NAMES]),
    z.strictObject({
      ram: size.optional().describe("RAM that the kit may spend"),
      cpus: positive("a number of CPUs above 0").optional().describe("CPUs; fractions are allowed"),
      disk: disk.optional(),
    }),
  ])
  .describe("`auto` reads the target Docker host; a profile; or figures. `ram` and `cpus` belong together");

const rateLimit = z.strictObject({
  per_second: z.number({ error: expected("a number") }).min(0),
  burst_count: z.number({ error: expected("a number") }).min(0),
});
const limits = z.union([rateLimit, z.record(z.string(), rateLimit)]);

/** Names of Synapse's rate limits (config/ratelimiting.py, 1.163). */
export const RATE_LIMITS = [
  "rc_message",
  "rc_registration",
  "rc_registration_token_validity",
  "rc_login",
  "rc_admin_redaction",
  "rc_joins",
  "rc_joins_per_room",
  "rc_3pid_validation",
  "rc_invites",
  "rc_third_party_invite",
  "rc_media_create",
  "rc_presence",
  "rc_delayed_event_mgmt",
  "rc_room_creation",
  "rc_reports",
  "rc_user_directory",
] as const;

const image = z.string().regex(IMAGE_REFERENCE, { error: expected("an image with an exact tag or a digest") });

/** The YAML file of an environment, as an operator writes it. */
export const environmentSchema = z
  .strictObject({
    server_name: z
      .string({ error: expected("a Matrix server name such as example.com") })
      .regex(SERVER_NAME, { error: expected("a Matrix server name such as example.com") })
      .describe("Right half of every user id. It can never be changed"),
    public_baseurl: z
      .string()
      .refine(isOrigin, { error: expected("an address such as https://matrix.example.com, without a path") })
      .optional()
      .describe("Where clients reach the server. Default: https://<server_name>"),
    hardware: hardware.default("auto"),
    expected: z
      .strictObject({
        users: count("a whole number above 0")
          .optional()
          .describe("Accounts active on an ordinary day. Default: follows from the hardware"),
        events_per_second: positive("a number above 0")
          .optional()
          .describe("Events sent a second at the busiest. Default: follows from the users"),
        federation: z
          .enum(["closed", "small", "open"])
          .default("small")
          .describe("`closed`: no other servers; `small`: a few; `open`: all of them"),
      })
      .prefault({})
      .describe("The load to be ready for"),
    docker: z
      .strictObject({
        host: z
          .string()
          .regex(/^(unix:\/\/\/|ssh:\/\/|tcp:\/\/).+$/, {
            error: expected("an engine such as ssh://user@host or unix:///var/run/docker.sock"),
          })
          .optional()
          .describe("Engine to deploy on. Default: the Docker client's own"),
        network: z
          .string()
          .refine(isNetwork, { error: expected("a private /22 such as 10.89.4.0/22") })
          .optional()
          .describe("A /22 that no other network of the engine uses. Default: follows from the environment's name"),
      })
      .prefault({}),
    listen: z
      .strictObject({
        address: z.ipv4({ error: expected("an IPv4 address of the host") }).default("127.0.0.1"),
        port: z
          .int({ error: expected("a port from 1 to 65535") })
          .min(1, { error: expected("a port from 1 to 65535") })
          .max(65535, { error: expected("a port from 1 to 65535") })
          .default(8008),
      })
      .prefault({})
      .describe("Where Nginx listens on the host; plain HTTP, for a TLS proxy in front"),
    images: z
      .union([
        z.enum(["official", "local", "auto"]),
        z.strictObject({
          source: z.enum(["official", "local", "auto"]).default("auto"),
          postgres: image.optional(),
          pgbouncer: image.optional(),
          redis: image.optional(),
          synapse: image.optional(),
          nginx: image.optional(),
          seeder: image.optional(),
        }),
      ])
      .default("auto")
      .describe(
        "`official` pulls, `local` builds from distribution packages, `auto` builds when no registry answers; single references win",
      ),
    state: z
      .strictObject({
        backend: z.enum(["local", "s3", "http", "pg"]).default("local"),
        config: flat.default({}).describe("Settings of the backend, in Terraform's words"),
      })
      .prefault({})
      .describe("Where Terraform keeps its state, which holds the secrets. `local`: state/<env>.tfstate"),
    postgres: z
      .strictObject({
        version: z
          .union([z.literal(16), z.literal(17), z.literal(18)], { error: expected("16, 17 or 18") })
          .default(18)
          .describe("Major version. A change needs a dump and a restore"),
        jit: z.boolean().default(false).describe("Off: Synapse's many short queries lose by it"),
        memory: size.optional().describe("Memory limit of the container. Default: solved"),
        shared_buffers: size.optional().describe("Default: solved"),
        work_mem: size.optional().describe("Default: solved"),
        maintenance_work_mem: size.optional().describe("Default: solved"),
        max_connections: count("a whole number above 0").optional().describe("Default: solved"),
        max_wal_size: size.optional().describe("Default: solved"),
        huge_pages: z.enum(["try", "on", "off"]).default("try"),
        synchronous_commit: z.boolean().default(true).describe("Off loses the last acknowledged messages in a crash"),
        settings: flat.default({}).describe("Any other setting of postgresql.conf"),
      })
      .prefault({}),
    pgbouncer: z
      .strictObject({
        enabled: z
          .union([z.boolean(), z.literal("auto")])
          .default("auto")
          .describe("`auto`: on as soon as there are workers"),
        pool_size: count("a whole number above 0")
          .optional()
          .describe("Server connections that the workers share. Default: solved"),
        settings: flat.default({}).describe("Any other setting of the [pgbouncer] section"),
      })
      .prefault({}),
    redis: z
      .strictObject({
        flavour: z.enum(["redis", "valkey"]).default("redis"),
        maxmemory: size.optional().describe("Default: solved"),
        settings: flat.default({}).describe("Any other setting of redis.conf"),
      })
      .prefault({}),
    synapse: z
      .strictObject({
        workers: z
          .enum(["auto", ...WORKER_LAYOUTS])
          .default("auto")
          .describe("Worker processes beside main. `auto`: by cores, RAM and load"),
        registration: z
          .enum(["closed", "token", "open"])
          .default("closed")
          .describe("`open` lets anybody in, without verification"),
        presence: z.boolean().default(true).describe("Who is online; costs a lot on small boxes"),
        report_stats: z.boolean().default(false).describe("Sends anonymous figures to the Matrix.org foundation"),
        max_upload_size: size.default("50MB"),
        url_previews: z.boolean().default(false),
        log_level: z.enum(["DEBUG", "INFO", "WARNING", "ERROR"]).default("INFO"),
        global_cache_factor: positive("a number above 0").optional().describe("Default: solved"),
        cp_max: count("a whole number above 0")
          .optional()
          .describe("Largest database pool of one process. Default: solved"),
        rate_limits: z.partialRecord(z.enum(RATE_LIMITS), limits).default({}).describe("Synapse's rc_ settings"),
        sentry_dsn: z.url({ error: expected("the DSN of a Sentry project") }).optional(),
        federation_domain_whitelist: z
          .array(z.string())
          .optional()
          .describe("Only these servers, with federation `small`"),
        settings: nested.default({}).describe("Any other key of homeserver.yaml"),
      })
      .prefault({}),
    nginx: z
      .strictObject({
        admin_api_from: z
          .array(z.string().refine(isNetworkRange, { error: expected("an address or a network such as 10.0.0.0/8") }))
          .default([])
          .describe("Networks that may reach /_synapse/admin. Default: none"),
        settings: flat.default({}).describe("Directives of the http block"),
      })
      .prefault({}),
  })
  .meta({ title: "synapse-kit environment" });

/** A checked file, defaults filled in. */
export type EnvironmentFile = z.output<typeof environmentSchema>;
