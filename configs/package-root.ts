import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Folder of the kit's own package.json: resource files lie below it, for the sources and for `dist` alike. */
export const packageRoot = (from: string = __dirname): string => {
  let folder = from;
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${from}`);
    folder = parent;
  }
  return folder;
};
