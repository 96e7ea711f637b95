import { PORTS } from "../../configs/ports";
import { secretPlaceholder } from "../../configs/secrets";
import type { RedisPlan } from "../../sizing/plan";
import type { ConfigFile } from "../file";
import { MONITORING_ROLE } from "../monitoring-role";

/** Sees how the server is, and none of its keys or messages. */
const MONITORING_USER = [
  `user ${MONITORING_ROLE} on >${secretPlaceholder("monitoring_password")} resetkeys resetchannels -@all`,
  "+ping +info +config|get +client|list +client|setname +latency|latest +latency|histogram +slowlog|len +slowlog|get",
].join(" ");

const conf = (plan: RedisPlan, watched: boolean): string =>
  `${[
    "# Rendered by synapse-kit.",
    "bind * -::*",
    `port ${PORTS.redis}`,
    "protected-mode yes",
    `requirepass ${secretPlaceholder("redis_password")}`,
    ...(watched ? [MONITORING_USER] : []),
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
export const redisFiles = (plan: RedisPlan, watched: boolean): ConfigFile[] => [
  { path: "redis.conf", content: conf(plan, watched) },
  { path: "redis_password", content: secretPlaceholder("redis_password") },
  { path: "health.sh", content: HEALTH_SH },
];
