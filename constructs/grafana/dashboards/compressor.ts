import type { Environment } from "../../../configs/environment";
import type { CompressorPlan } from "../../../sizing/plan";
import { staleAfter } from "../../prometheus/rules/state";
import { ANY_STEPS } from "../expressions";
import { type Dashboard, type Query, stat, timeSeries } from "../model";

const PREFIX = "synapse_kit_compressor_";
const RAN = "the compressor ran";

const of = (name: string, legend: string): Query => ({ expr: `${PREFIX}${name}`, legend, onlyWhen: RAN });

/** What the state compressor did. */
export const compressor = (env: Environment, { container }: CompressorPlan): Dashboard => ({
  name: "compressor",
  title: "State compressor",
  about: "Its last run, and what it saved.",
  rows: [
    {
      title: "Last run",
      panels: [
        stat({
          title: "Ended well",
          unit: "none",
          words: { "1": { text: "yes", colour: "green" }, "0": { text: "no", colour: "red" } },
          queries: [of("last_run_success", "success")],
        }),
        stat({
          title: "Since the last good one",
          about: "Red, where the next should have been over for a day: it does not get through any more.",
          unit: "s",
          steps: [{ from: staleAfter(env.compressor.schedule).toSeconds(), colour: "red" }],
          queries: [
            { expr: `time() - ${PREFIX}last_success_timestamp_seconds`, legend: "age", onlyWhen: "a run ended well" },
          ],
        }),
        stat({
          title: "Rows left of those it looked at",
          unit: "percentunit",
          decimals: 1,
          queries: [
            {
              expr: `${PREFIX}last_run_rows_after / (${PREFIX}last_run_rows_before > 0)`,
              legend: "share",
              onlyWhen: "the last run found something to do",
            },
          ],
        }),
        stat({
          title: "Chunks that did not verify",
          about: "They were rolled back: the state is as it was.",
          unit: "short",
          steps: ANY_STEPS,
          queries: [{ expr: `${PREFIX}mismatches_total`, legend: "of all runs" }],
        }),
        stat({
          title: "At work",
          unit: "none",
          words: { "1": { text: "yes", colour: "blue" }, "0": { text: "no", colour: "text" } },
          queries: [{ expr: `${PREFIX}running`, legend: "running" }],
        }),
        stat({
          title: "Until the next run",
          unit: "s",
          queries: [{ expr: `${PREFIX}next_run_timestamp_seconds - time()`, legend: "left" }],
        }),
      ],
    },
    {
      title: "Runs",
      panels: [
        timeSeries({
          title: "Rows before and after",
          unit: "short",
          queries: [of("last_run_rows_before", "before"), of("last_run_rows_after", "after")],
        }),
        timeSeries({
          title: "Seconds of a run",
          unit: "s",
          queries: [
            of("last_run_duration_seconds", "run"),
            of("last_run_longest_write_seconds", "longest time with row locks"),
          ],
        }),
        timeSeries({
          title: "Peak memory of a run",
          about: `The line is the container's limit of ${container.memory.value}.`,
          unit: "bytes",
          steps: [{ from: container.memory.value.toBytes(), colour: "red" }],
          queries: [of("last_run_peak_memory_bytes", "peak")],
        }),
        timeSeries({
          title: "Rows of the table",
          about: "As Postgres estimates them, with its size.",
          unit: "short",
          queries: [{ expr: 'pg_stat_user_tables_n_live_tup{relname="state_groups_state"}', legend: "rows" }],
        }),
        timeSeries({
          title: "Size of the table",
          unit: "bytes",
          queries: [
            {
              expr: 'pg_stat_user_tables_table_size_bytes{relname="state_groups_state"} + pg_stat_user_tables_index_size_bytes{relname="state_groups_state"}',
              legend: "with its indexes",
            },
          ],
        }),
        timeSeries({
          title: "Runs by how they ended",
          unit: "short",
          queries: [{ expr: `${PREFIX}runs_total`, legend: "{{state}}", onlyWhen: RAN }],
        }),
      ],
    },
  ],
});
