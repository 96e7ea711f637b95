import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../configs/package-root";

/** Text of one of the kit's own small programs, which run in a container that has an interpreter anyway. */
export const programText = (name: string): string => readFileSync(join(packageRoot(), "programs", name), "utf8");
