import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadEnvironment } from "../../configs/load-environment";
import { parseEnvironment } from "../../configs/parse-environment";
import { UserError } from "../../configs/user-error";

const yamlOf = (alerts: string) => `server_name: example.com\nmonitoring:\n  alerts:\n    ${alerts}\n`;
const parse = (alerts: string) => parseEnvironment(yamlOf(alerts), "test", "test.yaml").monitoring.alerts;

const WEBHOOK =
  "expected an address such as https://alerts.example.com/hook, or {secret_file: FILE} where it holds a secret, got";
const ORIGIN = "expected an address such as https://matrix.example.com, without a path, got";
const NAME =
  "expected a name of small letters, digits and dashes, a letter first, 32 at most, other than nobody and dead-man, got";
const SECRET = (key: string, file: string) =>
  `a secret stays out of this file: write \`${key}: {secret_file: FILE}\`, with ${file} in FILE`;

describe("what the file says", () => {
  it("has Alertmanager, and nobody who is told", () => {
    expect(parse("{}")).toEqual({ enabled: true, receivers: [] });
  });

  it("has every kind of receiver, by its name", () => {
    expect(
      parse(`receivers:
      hook: {webhook: "https://hooks.example.com/a?b=c"}
      secret: {webhook: {secret_file: secrets/hook}, severity: page}
      mail: {email: {to: a@example.com, from: b@example.com, smarthost: "mail.example.com:587"}, severity: ticket}
      account:
        email:
          {to: a@b, from: c@d, smarthost: "m:25", username: u, password: {secret_file: secrets/mail}, require_tls: false}
      room: {matrix: {homeserver: "https://example.org", room_id: "!a:example.org", access_token: {secret_file: t}}}
    dead_man: {webhook: "https://dead.example.com"}`),
    ).toEqual({
      enabled: true,
      receivers: [
        { name: "hook", severity: "all", way: { kind: "webhook", url: "https://hooks.example.com/a?b=c" } },
        { name: "secret", severity: "page", way: { kind: "webhook", url: { secret_file: "secrets/hook" } } },
        {
          name: "mail",
          severity: "ticket",
          way: {
            kind: "email",
            to: "a@example.com",
            from: "b@example.com",
            smarthost: "mail.example.com:587",
            requireTls: true,
          },
        },
        {
          name: "account",
          severity: "all",
          way: {
            kind: "email",
            to: "a@b",
            from: "c@d",
            smarthost: "m:25",
            requireTls: false,
            login: { username: "u", password: { secret_file: "secrets/mail" } },
          },
        },
        {
          name: "room",
          severity: "all",
          way: {
            kind: "matrix",
            homeserver: "https://example.org",
            roomId: "!a:example.org",
            accessToken: { secret_file: "t" },
          },
        },
      ],
      deadMan: "https://dead.example.com",
    });
  });

  it("takes the id of a room of version 12, which has no server name", () => {
    const room =
      "receivers: {r: {matrix: {homeserver: 'http://a', room_id: '!Zm9v-_', access_token: {secret_file: t}}}}";
    expect(parse(room).receivers).toHaveLength(1);
  });
});

describe("a mistake", () => {
  it.each<[yaml: string, ...messages: string[]]>([
    ["enabled: perhaps", '4:14: `monitoring.alerts.enabled`: expected true or false, got "perhaps"'],
    ["receivers: [a]", "4:16: `monitoring.alerts.receivers`: expected a mapping of receivers by name, got a list"],
    ["receivers: {Ops: {webhook: 'https://a'}}", `4:17: \`monitoring.alerts.receivers.Ops\`: ${NAME} "Ops"`],
    ["receivers: {nobody: {webhook: 'https://a'}}", `4:17: \`monitoring.alerts.receivers.nobody\`: ${NAME} "nobody"`],
    [
      "receivers: {ops: {severity: page}}",
      "4:17: `monitoring.alerts.receivers.ops`: says nowhere where to: expected one of webhook, email, matrix",
    ],
    [
      "receivers: {ops: {webhook: 'https://a', email: {to: a@b, from: a@b, smarthost: 'a:1'}}}",
      "4:45: `monitoring.alerts.receivers.ops.email`: stands beside `webhook`: a receiver is one of webhook, email, matrix, so give this one a name of its own",
    ],
    [
      "receivers: {ops: {webook: 'https://a'}}",
      "4:23: `monitoring.alerts.receivers.ops.webook`: unknown key; did you mean `webhook`? Allowed: webhook, email, matrix, severity",
    ],
    [
      "receivers: {ops: {webhook: 'https://a', severity: pages}}",
      '4:55: `monitoring.alerts.receivers.ops.severity`: expected page, ticket or all, got "pages"; did you mean page?',
    ],
    [
      "receivers: {ops: {webhook: 'ftp://a.b'}}",
      `4:32: \`monitoring.alerts.receivers.ops.webhook\`: ${WEBHOOK} "ftp://a.b"`,
    ],
    [
      "receivers: {ops: {webhook: 'https://a/{{x}}'}}",
      `4:32: \`monitoring.alerts.receivers.ops.webhook\`: ${WEBHOOK} "https://a/{{x}}"`,
    ],
    [
      "receivers: {ops: {webhook: {secret_fil: x}}}",
      "4:23: `monitoring.alerts.receivers.ops.webhook.secret_file`: is missing: expected a path of letters, digits, `.`, `_`, `-` and `/`, relative to this file",
      "4:33: `monitoring.alerts.receivers.ops.webhook.secret_fil`: unknown key; did you mean `secret_file`? Allowed: secret_file",
    ],
    [
      "receivers: {ops: {email: {to: a, from: a@b, smarthost: a, require_tls: maybe}}}",
      '4:35: `monitoring.alerts.receivers.ops.email.to`: expected an e-mail address such as ops@example.com, got "a"',
      '4:60: `monitoring.alerts.receivers.ops.email.smarthost`: expected a host and a port such as mail.example.com:587, got "a"',
      '4:76: `monitoring.alerts.receivers.ops.email.require_tls`: expected true or false, got "maybe"',
    ],
    [
      "receivers: {ops: {email: {to: a@b, from: a@b, smarthost: 'a:1', username: x}}}",
      "4:69: `monitoring.alerts.receivers.ops.email.username`: needs `password` beside it: say both, or none where the mail server asks for none",
    ],
    [
      "receivers: {ops: {email: {to: a@b, from: a@b, smarthost: 'a:1', password: {secret_file: x}}}}",
      "4:69: `monitoring.alerts.receivers.ops.email.password`: needs `username` beside it: say both, or none where the mail server asks for none",
    ],
    [
      "receivers: {ops: {matrix: {homeserver: 'https://a/c', room_id: '#a:b', access_token: {secret_file: t}}}}",
      `4:44: \`monitoring.alerts.receivers.ops.matrix.homeserver\`: ${ORIGIN} "https://a/c"`,
      '4:68: `monitoring.alerts.receivers.ops.matrix.room_id`: expected the id of a room such as "!abcdef:example.com", not its alias, got "#a:b"',
    ],
    [
      "receivers: {ops: {matrix: {homeserver: 'https://a', room_id: '!a:b'}}}",
      "4:23: `monitoring.alerts.receivers.ops.matrix.access_token`: is missing: expected {secret_file: FILE}, with the secret in FILE",
    ],
    ["dead_man: {}", `4:5: \`monitoring.alerts.dead_man.webhook\`: is missing: ${WEBHOOK.replace(/, got$/, "")}`],
  ])("%s", (yaml, ...messages) => {
    let message = "";
    try {
      parse(yaml);
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      message = (error as Error).message;
    }
    expect(message.split("\n")).toEqual(messages.map((line) => `test.yaml:${line}`));
  });

  it.each([
    ["webhook: 'https://me:hunter2@a.example/x'", SECRET("webhook", "the whole address")],
    ["email: {to: a@b, from: a@b, smarthost: 'a:1', username: x, password: hunter2}", SECRET("password", "the secret")],
    ["matrix: {homeserver: 'https://a', room_id: '!a:b', access_token: hunter2}", SECRET("access_token", "the secret")],
  ])("that is a secret is not repeated: %s", (way, message) => {
    const act = () => parse(`receivers: {ops: {${way}}}`);
    expect(act).toThrow(message);
    expect(act).toThrow(/^(?!.*hunter2)/s);
  });
});

describe("a secret's file", () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "synapse-kit-alerts-"));
    mkdirSync(join(dir, "secrets"));
    writeFileSync(join(dir, "secrets", "good"), "one line\n");
    writeFileSync(join(dir, "secrets", "lines"), "a\nb\n");
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const load = (file: string) => {
    writeFileSync(
      join(dir, "one.yaml"),
      yamlOf(`receivers: {r: {webhook: {secret_file: ${file}}}}\n    dead_man: {webhook: {secret_file: ${file}}}`),
    );
    return loadEnvironment("one.yaml", dir);
  };

  it("is taken when it holds one line", () => {
    expect(load("secrets/good").monitoring.alerts.deadMan).toEqual({ secret_file: "secrets/good" });
  });

  it.each([
    ["secrets/none", "there is no file secrets/none beside this one: write the secret into it, and keep it out of git"],
    ["secrets/lines", "secrets/lines has several lines, and the value is one"],
  ])("%s is refused wherever it is named", (file, message) => {
    expect(() => load(file)).toThrow(
      [
        `one.yaml:4:21: \`monitoring.alerts.receivers.r.webhook\`: \`secret_file\`: ${message}`,
        `one.yaml:5:16: \`monitoring.alerts.dead_man.webhook\`: \`secret_file\`: ${message}`,
      ].join("\n"),
    );
  });
});
