import { isAbsolute, posix } from "node:path";
import { Bytes as RandomBytes } from "@cdktf/provider-random/lib/bytes";
import { Id } from "@cdktf/provider-random/lib/id";
import { Password } from "@cdktf/provider-random/lib/password";
import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { Fn, type TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { type GeneratedSecret, SECRET_NAMES, type SecretFileName, type SecretName } from "../../configs/secrets";

/** Letters and digits only: 43 of them hold 256 bits, and no configuration format needs to escape them. */
const LENGTH = 43;
/** Seed of an ed25519 key. */
const SIGNING_KEY_BYTES = 32;

export interface SecretsProps {
  readonly disposable: boolean;
  /** Folder that paths of secret files start from, relative to the one that Terraform runs in. */
  readonly filesFrom: string;
}

/**
 * Every secret of an environment. Its own are made once by Terraform, kept in its state and never replaced: a lost
 * signing key or database password is a lost server. The operator's are read from files when Terraform runs.
 */
export class Secrets extends Construct {
  private readonly values: ReadonlyMap<GeneratedSecret, string>;
  private readonly filesFrom: string;

  constructor(stack: TerraformStack, id: string, props: SecretsProps) {
    super(stack, id);
    this.filesFrom = props.filesFrom;
    new RandomProvider(this, "random");
    const lifecycle = { preventDestroy: !props.disposable };
    this.values = new Map(
      SECRET_NAMES.map((name): [GeneratedSecret, string] => {
        if (name === "signing_key") return [name, this.newSigningKey(lifecycle)];
        const password = new Password(this, name, { length: LENGTH, special: false, lifecycle });
        password.overrideLogicalId(name);
        return [name, password.result];
      }),
    );
  }

  /** A token for the value, to be used in attributes of resources only. */
  reference(name: SecretName): string {
    return name.includes(":")
      ? this.fromFile(name as SecretFileName)
      : (this.values.get(name as GeneratedSecret) as string);
  }

  private fromFile(name: SecretFileName): string {
    const [kind, path] = name.split(":") as ["file" | "text", string];
    const text = Fn.file(isAbsolute(path) ? path : posix.join(this.filesFrom, path));
    return Fn.sensitive(kind === "file" ? text : Fn.replace(Fn.trimspace(text), "'", "''"));
  }

  /** Synapse's key file: algorithm, version, seed in unpadded base64 (signedjson). */
  private newSigningKey(lifecycle: { preventDestroy: boolean }): string {
    const version = new Id(this, "signing_key_version", { byteLength: 2, lifecycle });
    version.overrideLogicalId("signing_key_version");
    const seed = new RandomBytes(this, "signing_key", { length: SIGNING_KEY_BYTES, lifecycle });
    seed.overrideLogicalId("signing_key");
    return Fn.join("", ["ed25519 a_", version.hex, " ", Fn.trimsuffix(seed.base64, "="), "\n"]);
  }
}
