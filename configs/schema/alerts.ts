import * as z from "zod";
import { SECRET_PATH } from "../secret-file";
import { expected, flag, mapping, oneOf, pattern } from "./values";

/** Names of the kit's own receivers, beside which those of the file stand in alertmanager.yml. */
const RESERVED: readonly string[] = ["nobody", "dead-man"];

const NAME = /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
const nameError = expected(
  `a name of small letters, digits and dashes, a letter first, 32 at most, other than ${RESERVED.join(" and ")}`,
);
const receiverName = z
  .string({ error: nameError })
  .regex(NAME, { error: nameError, abort: true })
  .refine((name) => !RESERVED.includes(name), { error: nameError });

/** Never shows what was found, which would be the secret. */
const secretFile = (key: string) =>
  z.strictObject(
    {
      secret_file: pattern(
        "a path of letters, digits, `.`, `_`, `-` and `/`, relative to this file",
        SECRET_PATH,
      ).describe("File that holds the secret in one line"),
    },
    {
      error: ({ code, input }) => {
        if (code !== "invalid_type") return undefined;
        if (input === undefined) return `is missing: expected {secret_file: FILE}, with the secret in FILE`;
        return `a secret stays out of this file: write \`${key}: {secret_file: FILE}\`, with the secret in FILE`;
      },
    },
  );

/** No name and password before the host, and no braces, which Alertmanager would take for a template. */
const URL_FORM = /^https?:\/\/[^\s/?#@{}]+(?:[/?#][^\s{}]*)?$/;
const USERINFO = /^https?:\/\/[^\s/?#]*@/;
const URL_WORDS = "an address such as https://alerts.example.com/hook, or {secret_file: FILE} where it holds a secret";

const urlError = ({ input }: { readonly input?: unknown }): string =>
  typeof input === "string" && USERINFO.test(input)
    ? "a secret stays out of this file: write `webhook: {secret_file: FILE}`, with the whole address in FILE"
    : expected(URL_WORDS)({ input });

const webhook = () =>
  z.union(
    [
      z
        .string({ error: urlError })
        .regex(URL_FORM, { error: urlError, abort: true })
        .refine(URL.canParse, { error: urlError }),
      secretFile("webhook"),
    ],
    { error: urlError },
  );

const ADDRESS = /^[^\s@,<>{}"]+@[^\s@,<>{}"]+$/;
const address = () => pattern("an e-mail address such as ops@example.com", ADDRESS);

const email = mapping({
  to: address().describe("Who gets the mail"),
  from: address().describe("Who it comes from"),
  smarthost: pattern("a host and a port such as mail.example.com:587", /^[^\s:/@{}]+:\d{1,5}$/).describe(
    "Mail server that takes it",
  ),
  username: pattern("a text without spaces", /^[^\s{}]+$/)
    .optional()
    .describe("Account on the mail server, with `password`. Default: none, the server asks for none"),
  password: secretFile("password").optional().describe("Its password. Default: none"),
  require_tls: flag().default(true).describe("Send nothing over a connection that is not encrypted"),
});

const matrix = mapping({
  homeserver: pattern("an address such as https://matrix.example.com, without a path", /^https?:\/\/[^\s/?#@{}]+$/)
    .refine(URL.canParse, { error: expected("an address such as https://matrix.example.com, without a path") })
    .describe("Homeserver of the account that writes; best another one than this, which may be what is down"),
  // Since room version 12 an id has no server name.
  room_id: pattern('the id of a room such as "!abcdef:example.com", not its alias', /^![^\s:]+(?::\S+)?$/).describe(
    "Room that the account has joined; not encrypted",
  ),
  access_token: secretFile("access_token").describe("Access token of the account"),
});

const receiver = mapping({
  webhook: webhook().optional().describe("Address that Alertmanager's JSON is sent to. Default: none"),
  email: email.optional().describe("Mail. Default: none"),
  matrix: matrix.optional().describe("A Matrix room. Default: none"),
  severity: oneOf(["page", "ticket", "all"])
    .default("all")
    .describe("Alerts that it gets: `page` cannot wait until the morning, `ticket` can"),
}).meta({ title: "receiver" });

export const alerts = mapping({
  enabled: flag().default(true).describe("Alertmanager; without it nobody is told of anything"),
  receivers: z
    .record(receiverName, receiver, { error: expected("a mapping of receivers by name") })
    .default({})
    .describe("Who is told, by a name of your own: each one of `webhook`, `email` or `matrix`"),
  dead_man: mapping({
    webhook: webhook().describe("Address that is called every minute while all is well"),
  })
    .optional()
    .describe("A watch elsewhere, which rings when it is called no more. Default: none"),
})
  .prefault({})
  .describe("Who is told when something is wrong");
