import { PORTS } from "../../configs/ports";
import { buildOlderPrograms, type OlderBase } from "../support/older-programs";
import { type Box, boxOf, hasService, SECRETS, yamlOf } from "../support/programs-boxes";
import { type CaseOutcome, filesOf, ProgramContainer } from "../support/programs-container";

const NOBODY = 65_534;
/** The kernel's setting is the machine's; and PgBouncer's answer to this test's own look whether it is there. */
const NOT_THE_FILE = "Memory overcommit must be enabled!|pooler error: not allowed";

/** The smallest machine, one with a layout in the middle, and the largest layout. */
const MACHINES = [
  [1, 1],
  [8, 4],
  [64, 16],
] as const;

const machines = (image: string, more: string): Box[] =>
  MACHINES.map(([ram, cpus]) => boxOf(`${ram}gb-${cpus}cpu`, yamlOf(ram, cpus, more, `{source: local, ${image}}`)));

interface Program {
  readonly name: string;
  readonly base: OlderBase;
  readonly service: string;
  /** What the package holds, and the image of an operator's own that says so. */
  readonly version: string;
  readonly tell: string;
  readonly image: string;
  readonly more?: string;
  /** Runs it with `/config`; what it prints is what it has to say against the file. */
  readonly script: string;
}

const started = (program: string, ready: string, stop: string): string => `${program} >/tmp/program.log 2>&1 &
    server=$!
    trap "kill -9 $server 2>/dev/null" EXIT
    tries=0
    until ${ready}; do
      kill -0 $server && [ $tries -lt 100 ] || { cat /tmp/program.log; return 1; }
      tries=$((tries + 1))
      sleep 0.05
    done
    ${stop}
    wait $server || { cat /tmp/program.log; return 1; }
    grep -iE "warning|error|unrecognized|unknown" /tmp/program.log | grep -vE "${NOT_THE_FILE}" || true`;

const keyStore = (name: string, cli: string): string =>
  started(`${name} /config/redis.conf`, `${cli} ping 2>/dev/null | grep -q PONG`, `${cli} shutdown nosave`);

const PROGRAMS: readonly Program[] = [
  {
    name: "Nginx",
    base: "base-bookworm",
    service: "nginx",
    version: "1.22.1",
    tell: "nginx -v",
    image: "nginx: 'example.com/nginx:1.22.1'",
    script: `nginx -t -q -c /config/nginx.conf -g "daemon off;"`,
  },
  {
    name: "PgBouncer",
    base: "base-bookworm",
    service: "pgbouncer",
    version: "1.18.0",
    tell: "pgbouncer --version",
    image: "pgbouncer: 'example.com/pgbouncer:1.18.0'",
    script: started(
      "pgbouncer /config/pgbouncer.ini",
      `pg_isready --quiet -h 127.0.0.1 -p ${PORTS.pgbouncer} -U synapse -d pgbouncer -t 1`,
      "kill -INT $server",
    ),
  },
  {
    name: "Redis",
    base: "base-bookworm",
    service: "redis",
    version: "7.0.15",
    tell: "redis-server --version",
    image: "redis: 'example.com/redis:7.0.15'",
    script: keyStore("redis-server", `REDISCLI_AUTH=${SECRETS.redis_password} redis-cli`),
  },
  {
    name: "Valkey",
    base: "base-trixie",
    service: "redis",
    version: "8.1.",
    tell: "valkey-server --version",
    image: "redis: 'example.com/valkey:8.1.1'",
    more: "redis: {flavour: valkey}\n",
    script: keyStore("valkey-server", `REDISCLI_AUTH=${SECRETS.redis_password} valkey-cli`),
  },
];

describe.each(PROGRAMS)("$name $version", ({ base, service, version, tell, image, more, script }) => {
  const cases = machines(image, more ?? "").filter((box) => hasService(box, service));
  let container: ProgramContainer;
  let outcomes: ReadonlyMap<string, CaseOutcome>;
  beforeAll(() => {
    container = ProgramContainer.of(buildOlderPrograms(base), NOBODY);
    container.add(cases.flatMap((box) => filesOf(box, service)));
    outcomes = container.each(
      cases.map((box) => box.name),
      script,
    );
  }, 600_000);
  afterAll(() => container?.remove());

  it("is what runs", () => {
    expect(container.exec(["sh", "-c", `${tell} 2>&1`])).toContain(version);
  });

  it.each(cases.map((box) => [box.name]))("takes the file that is written for it on %s without a word", (name) => {
    expect(outcomes.get(name)).toEqual({ code: 0, output: "" });
  });
});
