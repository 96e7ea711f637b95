import type { Environment } from "../../configs/environment";
import { PORTS } from "../../configs/ports";
import { secretPlaceholder } from "../../configs/secrets";
import type { CompressorPlan } from "../../sizing/plan";
import { CONFIG_DIR, type ConfigFile } from "../file";
import { DATABASE, ROLE } from "../postgres/provision";

/** images/compressor/README.md lists the fields. */
const settings = ({ compressor }: Environment, plan: CompressorPlan): object => ({
  database: {
    // Straight, since its locks belong to a session, and a pool would hand them on.
    host: "postgres",
    port: PORTS.postgres,
    name: DATABASE,
    user: ROLE,
    password_file: `${CONFIG_DIR}/password`,
  },
  schedule: compressor.schedule,
  chunk_size: compressor.chunkSize,
  chunks_to_compress: compressor.chunks,
  levels: compressor.levels,
  memory: plan.usable.toBytes(),
  metrics: { port: PORTS.compressor },
});

/** Files of the compressor's container. */
export const compressorFiles = (env: Environment, plan: CompressorPlan): ConfigFile[] => [
  { path: "compressor.json", content: `${JSON.stringify(settings(env, plan), null, 2)}\n` },
  { path: "password", content: secretPlaceholder("postgres_password") },
];
