import { ANY_STEPS, rate, SHARE_STEPS } from "../expressions";
import { type Dashboard, stat, timeSeries } from "../model";

/** What carries the processes' news, and a cache. */
export const redis = (): Dashboard => ({
  name: "redis",
  title: "Redis",
  about: "The news between the processes, and a shared cache.",
  rows: [
    {
      title: "Redis",
      panels: [
        stat({
          title: "Answers",
          unit: "none",
          words: { "1": { text: "up", colour: "green" }, "0": { text: "down", colour: "red" } },
          queries: [{ expr: "redis_up", legend: "up" }],
        }),
        stat({
          title: "Refused connections",
          unit: "short",
          steps: ANY_STEPS,
          queries: [{ expr: "increase(redis_rejected_connections_total[1h])", legend: "in an hour" }],
        }),
        timeSeries({
          title: "Memory",
          about:
            "Share of `maxmemory`. When it is full the oldest of the cache goes, which costs a look into the database.",
          unit: "percentunit",
          steps: SHARE_STEPS,
          queries: [{ expr: "redis_memory_used_bytes / redis_memory_max_bytes", legend: "in use" }],
        }),
        timeSeries({
          title: "Clients",
          about: "Each Synapse process has two or three.",
          unit: "short",
          queries: [
            { expr: "redis_connected_clients", legend: "connected" },
            { expr: "redis_blocked_clients", legend: "waiting" },
          ],
        }),
        timeSeries({
          title: "Commands",
          unit: "ops",
          queries: [{ expr: `topk(10, ${rate("redis_commands_total")} > 0)`, legend: "{{cmd}}" }],
        }),
        timeSeries({
          title: "Mean time of a command",
          unit: "s",
          queries: [
            {
              expr: `topk(10, ${rate("redis_commands_duration_seconds_total")} / (${rate("redis_commands_total")} > 0))`,
              legend: "{{cmd}}",
            },
          ],
        }),
        timeSeries({
          title: "Found in the cache",
          unit: "percentunit",
          max: 1,
          queries: [
            {
              expr: `${rate("redis_keyspace_hits_total")} / (${rate("redis_keyspace_hits_total")} + ${rate("redis_keyspace_misses_total")} > 0)`,
              legend: "share",
              onlyWhen: "the cache was asked",
            },
          ],
        }),
        timeSeries({
          title: "Keys let go",
          unit: "ops",
          queries: [
            { expr: rate("redis_evicted_keys_total"), legend: "for want of memory" },
            { expr: rate("redis_expired_keys_total"), legend: "too old" },
          ],
        }),
        timeSeries({
          title: "Bytes",
          unit: "Bps",
          queries: [
            { expr: rate("redis_net_input_bytes_total"), legend: "received" },
            { expr: rate("redis_net_output_bytes_total"), legend: "sent" },
          ],
        }),
      ],
    },
  ],
});
