import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { App } from "cdktf";
import { STATE_DIR } from "../host/detected";
import type { Prepared } from "../host/prepare";
import { HomeserverStack } from "./homeserver-stack";

/** cdktf's own default, so that its CLI finds what ours wrote. */
export const DEFAULT_OUTDIR = "cdktf.out";

export interface SynthesizeOptions {
  readonly projectDir: string;
  /** @default cdktf.out in the project */
  readonly outdir?: string;
  /** False takes the containers down and keeps what was stored. @default true */
  readonly running?: boolean;
  /** Lets Terraform destroy what was stored. @default false */
  readonly disposable?: boolean;
}

/** Folder that Terraform runs in for one environment. */
export const stackDir = (outdir: string, environment: string): string => join(outdir, "stacks", environment);

/**
 * Writes the Terraform configuration of each environment, one stack each.
 * @returns the stack folders, in the order of the environments
 */
export const synthesize = (prepared: readonly Prepared[], options: SynthesizeOptions): string[] => {
  const outdir = options.outdir ?? join(options.projectDir, DEFAULT_OUTDIR);
  const stateDir = join(options.projectDir, STATE_DIR);
  for (const folder of [stateDir, outdir]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // A folder that was there keeps its mode, and settings of an operator's own may hold secrets.
    chmodSync(folder, 0o700);
    writeFileSync(join(folder, ".gitignore"), "*\n");
  }
  const app = new App({ outdir, stackTraces: false });
  const folders = prepared.map(({ environment, plan, images }) => {
    const folder = stackDir(outdir, environment.name);
    // A leftover in Terraform's own language beside the JSON would declare everything twice.
    rmSync(join(folder, "cdk.tf"), { force: true });
    new HomeserverStack(app, {
      environment,
      plan,
      images: images.references,
      statePath: relative(folder, join(stateDir, `${environment.name}.tfstate`)),
      secretFilesFrom: relative(folder, dirname(resolve(options.projectDir, environment.file))),
      running: options.running ?? true,
      disposable: options.disposable ?? false,
    });
    return folder;
  });
  app.synth();
  return folders;
};
