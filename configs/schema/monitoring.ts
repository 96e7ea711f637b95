import * as z from "zod";
import { Bytes } from "../units/bytes";
import { Duration } from "../units/duration";
import { alerts } from "./alerts";
import { expected, mapping, port, size, text } from "./values";

const MIN_INTERVAL = Duration.seconds(5);
const MAX_INTERVAL = Duration.minutes(2);

/** Prometheus calls a series gone after five minutes without a sample, and the rules look at five minutes. */
const interval = () =>
  text("a time from 5s to 2m", (value) => {
    const time = Duration.tryParse(value);
    return time !== undefined && !time.isLessThan(MIN_INTERVAL) && !MAX_INTERVAL.isLessThan(time);
  });

const DAY = Duration.hours(24);

const days = () =>
  text("a time of at least a day such as 15d", (value) => {
    const time = Duration.tryParse(value);
    return time !== undefined && !time.isLessThan(DAY);
  });

const percent = () => {
  const error = expected("a share in percent, from 50 to below 100");
  return z.number({ error }).min(50, { error }).lt(100, { error });
};

const autoFlag = () => z.union([z.boolean(), z.literal("auto")], { error: expected("true, false or auto") });

const objectives = mapping({
  send_within_200ms: percent().default(90).describe("Messages whose sending is answered within 0.2 s"),
  send_within_500ms: percent().default(95).describe("Messages whose sending is answered within 0.5 s"),
  send_within_1s: percent().default(99).describe("Messages whose sending is answered within 1 s"),
  availability: percent().default(99.5).describe("Requests that are not answered with an error of the server's own"),
})
  .prefault({})
  .describe("Shares in percent, over 30 days; alerts follow from how fast what may fail is used up");

const grafana = mapping({
  enabled: autoFlag()
    .default("auto")
    .describe("Dashboards; `auto` is on where images are pulled, since no distribution has Grafana"),
  address: z
    .ipv4({ error: expected("an IPv4 address of the host") })
    .default("127.0.0.1")
    .describe("Address of the host that Grafana answers on"),
  port: port().default(3000).describe("Port of the host that Grafana answers on"),
})
  .prefault({})
  .describe("Dashboards in a browser");

export const monitoring = mapping({
  enabled: autoFlag().default("auto").describe("Prometheus, exporters and alerts; `auto` is on from 3.5 GB of RAM on"),
  scrape_interval: interval().default("30s").describe("Time between two looks at every process"),
  retention: mapping({
    time: days().default("15d").describe("Age at which measurements go"),
    size: size().optional().describe("Disk that measurements may take; the oldest go first. Default: solved"),
  })
    .prefault({})
    .describe("How long measurements are kept"),
  objectives,
  alerts,
  grafana,
})
  .prefault({})
  .describe("How the box is watched");

const FIELDS = 5;
const LIMITS: readonly (readonly [low: number, high: number])[] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
];

const inLimits = (part: string, [low, high]: readonly [number, number]): boolean => {
  const match = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part);
  if (!match) return false;
  const [from, to, step] = match.slice(1).map((number) => (number === undefined ? undefined : Number(number)));
  if (step !== undefined && step < 1) return false;
  if (from === undefined) return true;
  return from >= low && from <= high && (to === undefined || (to >= from && to <= high));
};

/** Numbers, ranges, steps and lists: what every cron reads alike. */
const isCron = (value: string): boolean => {
  const fields = value.trim().split(/\s+/);
  return (
    fields.length === FIELDS &&
    fields.every((field, at) => field.split(",").every((part) => inLimits(part, LIMITS[at] as [number, number])))
  );
};

/** Of the program and one small chunk. */
const LEAST_MEMORY = Bytes.mib(104);

const wholeBetween = (low: number, high: number) => {
  const error = expected(`a whole number from ${low} to ${high}`);
  return z.int({ error }).min(low, { error }).max(high, { error });
};

export const compressor = mapping({
  enabled: autoFlag().default("auto").describe("Run it on its schedule; `auto` is on from 1.75 GB of RAM on"),
  schedule: text('five fields of cron in UTC such as "17 3 * * *"', isCron)
    .default("17 3 * * *")
    .describe("When it runs: minute, hour, day of the month, month, day of the week; UTC"),
  chunk_size: wholeBetween(10, 100_000)
    .default(500)
    .describe("State groups that are worked on at a time: fewer take less memory, more save more"),
  chunks_to_compress: wholeBetween(1, 100_000).default(100).describe("Chunks of one run at the most"),
  levels: z
    .array(wholeBetween(2, 1000), { error: expected("a list of whole numbers such as [100, 50, 25]") })
    .min(1, { error: expected("at least one level") })
    .max(10, { error: expected("at most ten levels") })
    .default([100, 50, 25])
    .describe("Longest chain of differences on each level"),
  memory: size()
    .refine((value) => !Bytes.parse(value).isLessThan(LEAST_MEMORY), { error: expected(`at least ${LEAST_MEMORY}`) })
    .optional()
    .describe("Memory limit of the container. Default: solved"),
})
  .prefault({})
  .describe("The state compressor: stores the state of rooms in fewer rows");
