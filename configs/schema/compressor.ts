import * as z from "zod";
import { Bytes } from "../units/bytes";
import { isCron } from "./cron";
import { autoFlag, expected, mapping, size, text, wholeBetween } from "./values";

/** Of the program and one small chunk. */
const LEAST_MEMORY = Bytes.mib(104);

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
