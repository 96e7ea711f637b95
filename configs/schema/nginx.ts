import * as z from "zod";
import { expected, flatSettings, imageVersion, isRange, mapping, text } from "./values";

export const nginx = mapping({
  version: imageVersion("Nginx", "nginx", "1.30"),
  admin_api_from: z
    .array(text("an address or a network such as 10.0.0.0/8", isRange), {
      error: expected("a list of networks such as [10.0.0.0/8]"),
    })
    .default([])
    .describe("Networks that may reach `/_synapse/admin`"),
  settings: flatSettings().default({}).describe("Directives of the `http` block"),
})
  .prefault({})
  .describe("The reverse proxy in front of the processes");
