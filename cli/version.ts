import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Version of the kit, from its package.json. */
export const packageVersion = (root: string): string =>
  JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
