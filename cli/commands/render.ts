import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../../configs/user-error";
import { render as renderAll } from "../../constructs/render";
import { prepareSize } from "../../host/prepare";

/** Writes every rendered file as `<out>/<service>/<file>`; secrets stand as placeholders. */
export const render = async (name: string, options: { readonly out: string }): Promise<void> => {
  if (options.out === "") throw new UserError('`--out`: expected a folder, got ""', { usage: true });
  const { environment, plan } = await prepareSize(name, process.cwd());
  let count = 0;
  for (const { service, files } of renderAll(environment, plan)) {
    for (const file of files) {
      const path = join(options.out, service, file.path);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, file.content);
      count += 1;
    }
  }
  console.log(`${count} files in ${options.out}`);
};
