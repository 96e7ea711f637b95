import { flatSettings, mapping, oneOf } from "./values";

export const state = mapping({
  backend: oneOf(["local", "s3", "http", "pg"])
    .default("local")
    .describe("Kind of the store; `local` is `state/<environment>.tfstate`"),
  config: flatSettings().default({}).describe("Settings of the store, in Terraform's words"),
})
  .prefault({})
  .describe("Where Terraform keeps its state, which holds the secrets");
