// Compiles the kit into dist/, beside the old one first: a failed build changes nothing.
import { spawnSync } from "node:child_process";
import { chmodSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./setup.mjs";

/**
 * The command line, each command in one file: loading zod and the rest from some hundred files took a third of the time
 * of `size`. What a command loads later (another command, synthesis) stays a file of its own, and cdktf a package.
 */
const bundleCommands = async (outdir) => {
  const { build } = await import("esbuild");
  const lazy = /^\.{1,2}\/(?:commands\/[a-z-]+|\.\.\/stacks\/synthesize|stacks\/synthesize)$/;
  await build({
    entryPoints: ["cli/main.ts", "cli/commands/*.ts", "stacks/synthesize.ts"],
    absWorkingDir: root,
    outbase: root,
    outdir,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    minifySyntax: true,
    minifyWhitespace: true,
    external: ["cdktf", "@cdktf/*", "constructs"],
    allowOverwrite: true,
    logLevel: "error",
    plugins: [
      {
        name: "lazy",
        setup: ({ onResolve }) => {
          onResolve({ filter: lazy }, ({ kind, path }) => {
            if (kind !== "require-call") return undefined;
            // Seen from dist/cli/commands/, whichever source it was written in.
            return { path: path.replace(/^.*(?=stacks\/)/, "../../"), external: true };
          });
        },
      },
    ],
  });
};

const [dist, next] = [join(root, "dist"), join(root, "dist.next")];
rmSync(next, { recursive: true, force: true });
const { status } = spawnSync(
  "npx",
  ["--no-install", "tsc", "-p", "tsconfig.build.json", "--outDir", "dist.next", "--noEmitOnError"],
  { cwd: root, stdio: "inherit" },
);
if (status !== 0) {
  rmSync(next, { recursive: true, force: true });
  process.exit(status ?? 1);
}
await bundleCommands(next);
chmodSync(join(next, "cli", "main.js"), 0o755);
rmSync(dist, { recursive: true, force: true });
renameSync(next, dist);
