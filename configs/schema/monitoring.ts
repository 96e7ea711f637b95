import * as z from "zod";
import { Duration } from "../units/duration";
import { alerts } from "./alerts";
import { autoFlag, expected, mapping, port, size, text } from "./values";

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
