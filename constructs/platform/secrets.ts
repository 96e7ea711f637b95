import { Bytes as RandomBytes } from "@cdktf/provider-random/lib/bytes";
import { Id } from "@cdktf/provider-random/lib/id";
import { Password } from "@cdktf/provider-random/lib/password";
import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { Fn, type TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { SECRET_NAMES, type SecretName } from "../../configs/secrets";

/** Letters and digits only: 43 of them hold 256 bits, and no configuration format needs to escape them. */
const LENGTH = 43;
/** Seed of an ed25519 key. */
const SIGNING_KEY_BYTES = 32;

/**
 * Every secret of an environment, made once by Terraform, kept in its state and never replaced: a lost signing key or
 * database password is a lost server.
 */
export class Secrets extends Construct {
  private readonly values: ReadonlyMap<SecretName, string>;

  constructor(stack: TerraformStack, id: string, props: { readonly disposable: boolean }) {
    super(stack, id);
    new RandomProvider(this, "random");
    const lifecycle = { preventDestroy: !props.disposable };
    this.values = new Map(
      SECRET_NAMES.map((name): [SecretName, string] => {
        if (name === "signing_key") return [name, this.newSigningKey(lifecycle)];
        const password = new Password(this, name, { length: LENGTH, special: false, lifecycle });
        password.overrideLogicalId(name);
        return [name, password.result];
      }),
    );
  }

  /** A token for the value, to be used in attributes of resources only. */
  reference(name: SecretName): string {
    return this.values.get(name) as string;
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
