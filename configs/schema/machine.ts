import * as z from "zod";
import { PROFILE_NAMES } from "../environment";
import { CPUS_RANGE, LEAST_CPUS, MOST_CPUS, MOST_RAM, RAM_RANGE } from "../machine-range";
import { Bytes } from "../units/bytes";
import { amount, count, expected, isPrivateNetwork, mapping, oneOf, pattern, port, size, text, wordOr } from "./values";

const DISK_KINDS = ["nvme", "ssd", "hdd", "network"] as const;

const disk = wordOr(
  DISK_KINDS,
  mapping({
    kind: oneOf(DISK_KINDS).describe("What the disk is"),
    size: size().optional().describe("Its size, for limits on the write-ahead log. Default: not known"),
  }),
);

const ram = () => size().refine((value) => !Bytes.parse(value).isMoreThan(MOST_RAM), { error: expected(RAM_RANGE) });

const cpus = () => {
  const error = expected(`a number of CPUs ${CPUS_RANGE}`);
  return z.number({ error }).min(LEAST_CPUS, { error }).max(MOST_CPUS, { error });
};

export const hardware = wordOr(
  ["auto", ...PROFILE_NAMES],
  mapping({
    ram: ram().optional().describe("RAM that the kit may spend. Default: read from the Docker host"),
    cpus: cpus()
      .optional()
      .describe("CPUs that the kit may spend; fractions are allowed. Default: read from the Docker host"),
    disk: disk.optional().describe("Disk below the database: its kind, or kind and size. Default: `ssd`"),
  }),
)
  .default("auto")
  .describe(
    "The machine: `auto` reads it from the Docker host, a name takes a profile, a mapping says it (`ram` and `cpus` together)",
  );

export const expectedLoad = mapping({
  users: count().optional().describe("Accounts active on an ordinary day. Default: follows from the hardware"),
  events_per_second: amount()
    .optional()
    .describe("Events in a second at the busiest, with those of other servers. Default: follows from the users"),
  fan_out: amount()
    .optional()
    .describe("Devices that a message is delivered to, in the mean of all messages. Default: 5"),
  federation: oneOf(["closed", "small", "open"])
    .default("small")
    .describe("Other servers: `closed` none, `small` a few, `open` all of them"),
})
  .prefault({})
  .describe("The load to be ready for");

export const docker = mapping({
  host: pattern(
    "an engine such as ssh://user@host or unix:///var/run/docker.sock",
    /^(unix:\/\/\/\S+|(ssh|tcp):\/\/[^\s/]+\S*)$/,
  )
    .optional()
    .describe("Engine to deploy on. Default: the Docker client's own"),
  network: text("a private /22 such as 10.89.4.0/22", isPrivateNetwork)
    .optional()
    .describe("A /22 that nothing else on the host uses. Default: follows from the environment's name"),
})
  .prefault({})
  .describe("Where the containers run");

export const listen = mapping({
  address: z
    .ipv4({ error: expected("an IPv4 address of the host") })
    .default("127.0.0.1")
    .describe("Address of the host that Nginx answers on"),
  port: port().default(8008).describe("Port of the host that Nginx answers on"),
})
  .prefault({})
  .describe("Where Nginx answers: plain HTTP, for a TLS proxy in front");
