import { spawnSync } from "node:child_process";
import type { Plan } from "../../sizing/plan";

const MARK = "kit-fill";

const shell = (environment: string, script: string): void => {
  const { status, stderr } = spawnSync(
    "docker",
    ["exec", `${environment}-redis`, "sh", "-c", `export REDISCLI_AUTH=$(cat /config/redis_password); ${script}`],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stderr);
};

/** Writes more than `maxmemory` of a deployed Redis holds, a megabyte each. */
export const fillRedis = (environment: string, { redis }: Plan): void => {
  const megabytes = Number.parseInt(redis?.settings.maxmemory?.value ?? "", 10);
  if (!(megabytes > 0)) throw new Error(`${environment} has no Redis of a known size`);
  shell(
    environment,
    `for i in $(seq ${megabytes + 5}); do head -c 1048576 /dev/zero | redis-cli -x SET ${MARK}$i >/dev/null || exit 1; done`,
  );
};

export const emptyRedis = (environment: string): void =>
  shell(environment, `redis-cli --raw KEYS '${MARK}*' | xargs redis-cli DEL >/dev/null`);
