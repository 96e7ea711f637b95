import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../support/corpus";

/** Jest cannot import ES modules here: the functions run in a process of their own. */
const called = <T>(expression: string): T =>
  JSON.parse(
    execFileSync(
      process.execPath,
      [
        "--input-type=module",
        "--eval",
        `import { canonicalJson, hashText, Signer } from ${JSON.stringify(join(ROOT, "bench/federation/signing.mjs"))};
        import { eventIdOf, signedEvent } from ${JSON.stringify(join(ROOT, "bench/federation/event.mjs"))};
        console.log(JSON.stringify(${expression}))`,
      ],
      { encoding: "utf8" },
    ),
  ) as T;

/** The key of the Matrix specification's test vectors (appendices, "Cryptographic test vectors"), as PKCS #8. */
const SEED = "YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1";
const PEM = `-----BEGIN PRIVATE KEY-----\n${Buffer.concat([
  Buffer.from("302e020100300506032b657004220420", "hex"),
  Buffer.from(SEED, "base64"),
]).toString("base64")}\n-----END PRIVATE KEY-----\n`;
const SIGNER = `new Signer("domain", ${JSON.stringify(PEM)})`;

describe("JSON that the other server signs", () => {
  it("is canonical", () => {
    expect(called('canonicalJson({ b: ["2", null, { d: true, c: 1 }], a: "\\u65e5\\n" })')).toBe(
      '{"a":"日\\n","b":["2",null,{"c":1,"d":true}]}',
    );
  });

  it.each([
    ["{}", "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ"],
    ['{one: 1, two: "Two"}', "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw"],
    // What is left out of a signature.
    [
      '{one: 1, two: "Two", signatures: {domain: {}}, unsigned: {age: 1}}',
      "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw",
    ],
  ])("%s has the signature of the specification", (value, signature) => {
    expect(called(`${SIGNER}.signaturesOf(${value})`)).toEqual({ domain: { "ed25519:1": signature } });
  });
});

describe("an event of the other server", () => {
  const EVENT = `{
    type: "m.room.message", room_id: "!r:domain", sender: "@u:domain", origin: "domain", origin_server_ts: 1000000,
    event_id: "$0:domain", content: { body: "Here is the message content" },
    signatures: {}, unsigned: { age_ts: 1000000 },
  }`;

  it("has the hash of its content that the specification gives", () => {
    expect(called<{ hashes: object }>(`signedEvent(${SIGNER}, ${EVENT})`).hashes).toEqual({
      sha256: "onLKD1bGljeBWQhWZ1kaP9SorVmRQNdN5aM2JYU2n/g",
    });
  });

  it("keeps its ID and its signature where its content is taken away, and not where anything else is", () => {
    const ids = called<string[]>(`[{}, { content: {} }, { depth: 2 }, { hashes: { sha256: "" } }]
      .map((change) => eventIdOf({ ...signedEvent(${SIGNER}, { ...${EVENT}, depth: 1 }), ...change }))`);
    expect(ids[0]).toMatch(/^\$[\w-]{43}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(3);
    const [before, after] = called<{ signatures: object }[]>(`["a", "b"].map((body) =>
      signedEvent(${SIGNER}, { type: "m.room.message", depth: 1, content: { body } }))`);
    // By its hash the content is signed all the same.
    expect(after?.signatures).not.toEqual(before?.signatures);
  });
});
