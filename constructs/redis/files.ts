import { PORTS } from "../../configs/ports";
import { secretPlaceholder } from "../../configs/secrets";
import type { RedisPlan } from "../../sizing/plan";
import type { ConfigFile } from "../file";

const conf = (plan: RedisPlan): string =>
  `${[
    "# Rendered by synapse-kit.",
    "bind * -::*",
    `port ${PORTS.redis}`,
    "protected-mode yes",
    `requirepass ${secretPlaceholder("redis_password")}`,
    "daemonize no",
    'logfile ""',
    "dir /tmp",
    ...Object.entries(plan.settings).map(([name, { value }]) => `${name} ${value}`),
  ].join("\n")}\n`;

/** `printf` is the shell's own, so the password reaches no command line. */
const HEALTH_SH = `#!/bin/sh
printf 'AUTH %s\\nPING\\n' "$(cat /config/redis_password)" | "$1" -h 127.0.0.1 -p ${PORTS.redis} | grep -q PONG
`;

/** Files of the Redis or Valkey container. */
export const redisFiles = (plan: RedisPlan): ConfigFile[] => [
  { path: "redis.conf", content: conf(plan) },
  { path: "redis_password", content: secretPlaceholder("redis_password") },
  { path: "health.sh", content: HEALTH_SH },
];
