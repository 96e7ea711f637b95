import { redisSize } from "../../../configs/settings/redis-value";
import { Duration } from "../../../configs/units/duration";
import type { RedisPlan } from "../../../sizing/plan";
import { downExpr } from "./down";
import type { AlertRule } from "./rule";
import { shareOf } from "./thresholds";

/** Of maxmemory, at which the oldest keys are about to go. */
const FULL = 0.9;

const service = "redis";

export const redisAlerts = (plan: RedisPlan): AlertRule[] => {
  const setting = (name: string): string => plan.settings[name]?.value ?? "";
  const maxmemory = redisSize(setting("maxmemory"))?.toBytes() ?? 0;
  const maxclients = Number(setting("maxclients"));
  return [
    {
      alert: "RedisDown",
      service,
      expr: downExpr("redis_up", plan.container.name),
      for: Duration.minutes(1),
      severity: "page",
      summary: "Redis does not answer",
      description: "Synapse's processes hear nothing of each other: clients see new messages late or not at all.",
    },
    ...(maxmemory > 0
      ? [
          {
            alert: "RedisMemoryFull",
            service,
            expr: `redis_memory_used_bytes > ${shareOf(maxmemory, FULL)}`,
            for: Duration.minutes(5),
            severity: "ticket" as const,
            summary: "Redis holds {{ $value | humanize1024 }}B",
            description: `More than 90 % of its maxmemory of ${setting("maxmemory")}: keys go before their time, which costs Synapse look-ups. Synapse itself keeps little there.`,
          },
        ]
      : []),
    {
      alert: "RedisConnectionsHigh",
      service,
      expr: `redis_connected_clients > ${shareOf(maxclients)} or increase(redis_rejected_connections_total[10m]) > 0`,
      for: Duration.minutes(5),
      severity: "ticket",
      summary: "Redis is at its limit of connections",
      description: `More than 80 % of maxclients (${maxclients}) are connected, or some were refused. A process that gets none hears nothing of the others.`,
    },
  ];
};
