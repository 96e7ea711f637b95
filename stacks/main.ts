import { resolve } from "node:path";
import { listEnvironments } from "../configs/load-environment";
import { UserError } from "../configs/user-error";
import { prepare } from "../host/prepare";
import { synthesize } from "./synthesize";

/** The app of `cdktf.json`: every environment of the project becomes a stack of the stock cdktf CLI. */
const main = async (): Promise<void> => {
  const projectDir = process.cwd();
  const prepared = [];
  for (const name of listEnvironments(projectDir)) prepared.push(await prepare(name, projectDir));
  const { CDKTF_OUTDIR: outdir } = process.env;
  synthesize(prepared, { projectDir, ...(outdir === undefined ? {} : { outdir: resolve(outdir) }) });
};

main().catch((error: unknown) => {
  if (!UserError.is(error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
});
