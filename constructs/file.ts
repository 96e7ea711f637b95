/** A file of a container's configuration volume, mounted read-only at `/config`. Rendered without cdktf. */
export interface ConfigFile {
  /** Relative to `/config`: a name, or one below folders (`provisioning/datasources/prometheus.yml`). */
  readonly path: string;
  /** May hold secret placeholders (`configs/secrets.ts`). Never empty: the engine refuses an empty upload. */
  readonly content: string;
  /** Octal, with a leading zero. @default "0400" */
  readonly mode?: string;
}

/** Where every container finds its configuration. */
export const CONFIG_DIR = "/config";
