import type { z } from "zod";
import { compressor } from "./compressor";
import { pgbouncer, postgres, redis } from "./databases";
import { images } from "./images";
import { docker, expectedLoad, hardware, listen } from "./machine";
import { monitoring } from "./monitoring";
import { nginx } from "./nginx";
import { state } from "./state";
import { synapse } from "./synapse";
import { expected, mapping, pattern, serverName } from "./values";

const ORIGIN = "an address such as https://matrix.example.com, without a path";

/** The YAML file of an environment, as an operator writes it: the kit's public surface. */
export const environmentSchema = mapping({
  server_name: serverName().describe("Right half of every user id. It can never be changed"),
  public_baseurl: pattern(ORIGIN, /^https?:\/\/[^\s/?#@]+$/)
    .refine(URL.canParse, { error: expected(ORIGIN) })
    .optional()
    .describe("Where clients reach the server. Default: `https://` and `server_name`"),
  hardware,
  expected: expectedLoad,
  docker,
  listen,
  images,
  state,
  postgres,
  pgbouncer,
  redis,
  synapse,
  nginx,
  monitoring,
  compressor,
}).meta({
  title: "Environment of synapse-kit",
  description: "One Matrix homeserver: see docs/reference/environment.md",
});

/** A checked file, defaults filled in. */
export type EnvironmentFile = z.output<typeof environmentSchema>;
