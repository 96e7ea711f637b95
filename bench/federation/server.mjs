// What our server asks of the other one: its key, and to take what ours sends. The certificate is signed by itself.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { output } from "../lib.mjs";

const DAY_MS = 86_400_000;

/** For an address, signed by itself. */
const certificateFor = (address) => {
  const dir = mkdtempSync(join(tmpdir(), "synapse-kit-bench-"));
  try {
    const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
    output("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
      ...["-subj", `/CN=${address}`, "-addext", `subjectAltName=IP:${address}`, "-keyout", key, "-out", cert],
    ]);
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(dir, { recursive: true });
  }
};

/** @param signer - whose name is an address with a port. @returns the server, to be closed */
export const serve = async (signer) => {
  const [address, port] = signer.name.split(":");
  const keys = () => {
    const answer = {
      server_name: signer.name,
      valid_until_ts: Date.now() + DAY_MS,
      verify_keys: { [signer.keyId]: { key: signer.publicKey } },
      old_verify_keys: {},
    };
    return { ...answer, signatures: signer.signaturesOf(answer) };
  };
  const answerTo = ({ method, url }) => {
    if (url.startsWith("/_matrix/key/v2/server")) return [200, keys()];
    if (method === "PUT" && url.startsWith("/_matrix/federation/v1/send/")) return [200, { pdus: {} }];
    return [404, { errcode: "M_NOT_FOUND", error: "not here" }];
  };
  const server = createServer(certificateFor(address), (request, response) => {
    const [status, body] = answerTo(request);
    request.resume();
    request.on("end", () => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(Number(port), address, resolve);
  });
  return server;
};
