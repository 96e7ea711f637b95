import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/** A certificate for an address, signed by itself, that ends after so many days. */
export const certificateFor = (address: string, days: number): KeyPair => {
  const dir = mkdtempSync(join(tmpdir(), "synapse-kit-certificate-"));
  try {
    const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
    const { status, stderr } = spawnSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
        ...["-days", String(days), "-subj", `/CN=${address}`, "-addext", `subjectAltName=IP:${address}`],
        ...["-keyout", key, "-out", cert],
      ],
      { encoding: "utf8" },
    );
    if (status !== 0) throw new Error(stderr);
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } finally {
    rmSync(dir, { recursive: true });
  }
};
