// JSON that is signed: the Matrix specification's appendices, "Canonical JSON" and "Signing JSON".
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";

const KEY_ID = "ed25519:1";
const PUBLIC_KEY_BYTES = 32;

/** Keys in order, no spaces. */
export const canonicalJson = (value) => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
  return `{${members.join(",")}}`;
};

const unpadded = (bytes) => bytes.toString("base64").replace(/=+$/, "");

/** SHA-256 of the canonical JSON. */
export const hashOf = (value) => createHash("sha256").update(canonicalJson(value)).digest();
export const hashText = (value) => unpadded(hashOf(value));

/** A server's name and its key. */
export class Signer {
  #key;

  /** @param pem - the private key (PKCS #8), by which another process can sign alike */
  constructor(name, pem) {
    this.name = name;
    this.pem = pem;
    this.#key = createPrivateKey(pem);
  }

  static withNewKey(name) {
    const { privateKey } = generateKeyPairSync("ed25519");
    return new Signer(name, privateKey.export({ type: "pkcs8", format: "pem" }));
  }

  get keyId() {
    return KEY_ID;
  }

  get publicKey() {
    const der = createPublicKey(this.#key).export({ type: "spki", format: "der" });
    return unpadded(der.subarray(-PUBLIC_KEY_BYTES));
  }

  /** Of everything but `signatures` and `unsigned`. */
  signatureOf({ signatures: _, unsigned: __, ...rest }) {
    return unpadded(sign(null, Buffer.from(canonicalJson(rest)), this.#key));
  }

  signaturesOf(value) {
    return { [this.name]: { [KEY_ID]: this.signatureOf(value) } };
  }
}
