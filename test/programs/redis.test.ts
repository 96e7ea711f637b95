import { WORKER_LAYOUTS } from "../../configs/environment";
import { redisSize } from "../../configs/settings/redis-value";
import { boxes, boxWithLayout, fileOf, hasService, parseRedisConf, SECRETS } from "../support/programs-boxes";
import { type CaseOutcome, filesOf, ProgramContainer } from "../support/programs-container";

/** `redis` in the image. */
const UID = 999;
/** The kernel's setting is the machine's; the kit neither forks nor saves. */
const EXPECTED_WARNING = "WARNING Memory overcommit must be enabled!";

const cases = [...boxes(), ...WORKER_LAYOUTS.map((layout) => boxWithLayout(layout))].filter((box) =>
  hasService(box, "redis"),
);

/** A size in bytes, every other value as it stands. */
const plain = (value: string): string =>
  value
    .split(" ")
    .map((word) => (/^\d+[kmg]b$/i.test(word) ? String(redisSize(word)?.toBytes()) : word))
    .join(" ");

let container: ProgramContainer;
let outcomes: ReadonlyMap<string, CaseOutcome>;
beforeAll(async () => {
  container = await ProgramContainer.start("redis", UID);
  container.add(
    cases.flatMap((box) => [
      ...filesOf(box, "redis"),
      { folder: box.name, path: "nofile", content: String(box.plan.redis?.container.nofile) },
    ]),
  );
  outcomes = container.each(
    cases.map((box) => box.name),
    `ulimit -n $(cat /config/nofile)
    export REDISCLI_AUTH=${SECRETS.redis_password}
    redis-server /config/redis.conf >/tmp/redis.log 2>&1 &
    server=$!
    trap "kill -9 $server 2>/dev/null" EXIT
    tries=0
    until redis-cli ping 2>/dev/null | grep -q PONG; do
      kill -0 $server && [ $tries -lt 200 ] || { cat /tmp/redis.log; return 1; }
      tries=$((tries + 1))
      sleep 0.05
    done
    sh /config/health.sh redis-cli || { echo "the health check fails"; return 1; }
    if grep -q '^user monitoring ' /config/redis.conf; then
      as_monitoring="redis-cli --user monitoring --pass ${SECRETS.monitoring_password} --no-auth-warning"
      $as_monitoring info server | grep -q redis_version || { echo "monitoring cannot look"; return 1; }
      for command in "get key" "keys *" "subscribe channel" "config set timeout 1" "flushall"; do
        $as_monitoring $command 2>&1 | grep -q NOPERM || { echo "monitoring may $command"; return 1; }
      done
    fi
    redis-cli --json config get '*'
    redis-cli shutdown nosave
    wait $server || return
    cat /tmp/redis.log`,
  );
}, 300_000);
afterAll(() => container?.remove());

it.each(cases.map((box) => [box.name, box] as const))("Redis runs with the file of %s as it is meant", (name, box) => {
  const { code, output } = outcomes.get(name) as CaseOutcome;
  expect([code, code === 0 ? "" : output]).toEqual([0, ""]);
  const [json = "", ...log] = output.split("\n");
  const current: Record<string, string> = JSON.parse(json);
  const given = parseRedisConf(fileOf(box, "redis", "redis.conf"));
  expect(given.size).toBeGreaterThan(20);
  for (const [setting, value] of given) {
    // An account, and no setting: the script has tried it.
    if (setting === "user") continue;
    // The other client classes keep their defaults.
    const seen =
      setting === "client-output-buffer-limit" ? current[setting]?.replace(/^.*(?=pubsub )/, "") : current[setting];
    expect([setting, seen]).toEqual([setting, plain(value)]);
  }
  const warnings = log.filter((line) => /WARNING|# .*(maxclients|error|fail)/i.test(line));
  expect(warnings.filter((line) => !line.includes(EXPECTED_WARNING))).toEqual([]);
});
