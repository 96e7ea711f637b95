import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyPostgres } from "../sizing/postgres-binary";
import { docker } from "./engine-project";

export const POSTGRES_16_IMAGE = "synapse-kit-test/postgres:16.14";

/** The locally built image of 17, whose tag holds a hash of its sources. */
const imageOf17 = (): string => {
  const [image] = docker("images", "--format", "{{.Repository}}:{{.Tag}}", "synapse-kit/postgres-17").split("\n");
  if (!image) throw new Error("the image of PostgreSQL 17 has not been built");
  return image;
};

/**
 * Debian has no PostgreSQL 16: the image of 17, which has psql too, with the server that npm has. It is an operator's own
 * image, so the kit does not count on lz4, which that server lacks.
 */
export const buildPostgres16 = (): void => {
  const folder = mkdtempSync(join(tmpdir(), "synapse-kit-pg16-image-"));
  try {
    copyPostgres(16, folder);
    const lines = [
      `FROM ${imageOf17()}`,
      "COPY native /opt/postgres-16",
      "ENV PG_MAJOR=16 PATH=/opt/postgres-16/bin:$PATH",
    ];
    writeFileSync(join(folder, "Dockerfile"), `${lines.join("\n")}\n`);
    docker("build", "--quiet", "--tag", POSTGRES_16_IMAGE, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
