import { longestGapDays } from "../../../configs/schema/cron";
import { Duration } from "../../../configs/units/duration";
import { FILE_SYSTEMS } from "./host";
import type { AlertRule } from "./rule";

const SECONDS_TO_FULL = 30 * 86_400;

const service = "compressor";

/** The table of rooms' state, which grows fastest of all and shrinks by the compressor alone. */
export const stateGrowthAlert: AlertRule = {
  alert: "StateGroupsGrowing",
  service: "postgres",
  expr: [
    `${SECONDS_TO_FULL} * deriv(pg_stat_user_tables_table_size_bytes{relname="state_groups_state"}[1d])`,
    `> on (instance) group_left () min by (instance) (node_filesystem_avail_bytes{${FILE_SYSTEMS}})`,
  ].join(" "),
  for: Duration.hours(6),
  severity: "ticket",
  summary: "The state of rooms alone fills the disk within a month",
  description:
    "state_groups_state grew that fast for a day: many joins in large rooms, and no compressor or one that does not keep up.",
};

const METRIC = "synapse_kit_compressor";
/** Another run or a backup, a background update, asked to stop: the next run makes up for it (images/compressor). */
const PUT_OFF = [4, 5, 143];

/** A good run is too old when the next should have been over for a day. */
export const staleAfter = (schedule: string): Duration => Duration.hours(24 * (longestGapDays(schedule) + 1));

/** @param schedule - cron, by which the compressor runs */
export const compressorAlerts = (schedule: string): readonly AlertRule[] => [
  {
    alert: "CompressorFailing",
    service,
    expr: `${METRIC}_last_run_success == 0 unless (${PUT_OFF.map((code) => `${METRIC}_last_run_exit_code == ${code}`).join(" or ")})`,
    for: Duration.minutes(5),
    severity: "ticket",
    summary: "The last run of the state compressor failed",
    description:
      "It ran out of memory, lost the database or met an error. Nothing is lost: what was not verified is rolled back.",
  },
  {
    alert: "CompressorPutOff",
    service,
    expr: `${METRIC}_last_run_success == 0`,
    for: Duration.hours(72),
    severity: "ticket",
    summary: "The state compressor has not run well for three days",
    description:
      "Each time something else was at work on the database, or it failed. The state of rooms grows meanwhile.",
  },
  {
    // What failed or was put off is told above. Where no run ever was good, it counts from when the next should begin.
    alert: "CompressorStale",
    service,
    expr: [
      `time() - (${METRIC}_last_success_timestamp_seconds or ${METRIC}_next_run_timestamp_seconds)`,
      `> ${staleAfter(schedule).toSeconds()} unless ${METRIC}_last_run_success == 0`,
    ].join(" "),
    for: Duration.hours(1),
    severity: "ticket",
    summary: "The last good run of the state compressor was {{ $value | humanizeDuration }} ago",
    description:
      "It should have run since, and did not: a run hangs, or the box is always down at that time. The state of rooms grows meanwhile.",
  },
  {
    alert: "CompressorMismatch",
    service,
    expr: `increase(${METRIC}_mismatches_total[1d]) > 0`,
    severity: "ticket",
    summary: "The state compressor gave up {{ $value | humanize }} chunks that did not verify",
    description:
      "The compressed state was not the same as before, so nothing of it was written. That is an error of the program.",
  },
];
