import type { Environment } from "./environment";
import { resolveEnvironment } from "./resolve";
import { environmentSchema } from "./schema/environment-file";

/** An environment that is all defaults, for figures without a file. */
export const defaultEnvironment = (name: string): Environment =>
  resolveEnvironment(name, "defaults", environmentSchema.parse({ server_name: "example.com" }));
