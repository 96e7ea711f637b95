import * as z from "zod";
import { environmentSchema } from "./schema/environment-file";

/** Where editors find the schema; environments name it in their first line. */
export const JSON_SCHEMA_FILE = "configs/environment.schema.json";

/** The schema of an environment's YAML, for completion and checks while typing. */
export const jsonSchema = (): z.core.JSONSchema.BaseSchema =>
  z.toJSONSchema(environmentSchema, { io: "input", target: "draft-7" });

/** Content of the committed schema file. */
export const jsonSchemaText = (): string => `${JSON.stringify(jsonSchema(), null, 2)}\n`;
