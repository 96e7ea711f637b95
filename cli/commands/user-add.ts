import { randomBytes } from "node:crypto";
import { loadEnvironment } from "../../configs/load-environment";
import { PORTS } from "../../configs/ports";
import { UserError } from "../../configs/user-error";
import { dockerOf, engineOf } from "../../host/engine";
import { requireEngine } from "../project";
import { requireRunning } from "../require-running";

/**
 * Runs inside the main container, where the shared secret and the admin API are. Everything secret comes and goes by
 * stdin and stdout: command lines and environments are visible to others.
 */
const REGISTER = `
import hashlib, hmac, json, socket, sys, urllib.error, urllib.request
order = json.load(sys.stdin)
secret = open("/config/registration_shared_secret").read().strip()
for address in sorted({i[4][0] for i in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}):
    url = "http://%s:${PORTS.synapse}/_synapse/admin/v1/register" % address
    try:
        nonce = json.load(urllib.request.urlopen(url, timeout=10))["nonce"]
        break
    except OSError as error:
        last = error
else:
    sys.exit("main does not answer: %s" % last)
parts = [nonce, order["user"], order["password"], "admin" if order["admin"] else "notadmin"]
mac = hmac.new(secret.encode(), b"\\0".join(p.encode() for p in parts), hashlib.sha1).hexdigest()
body = {"nonce": nonce, "username": order["user"], "password": order["password"], "admin": order["admin"], "mac": mac}
request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
try:
    print(json.load(urllib.request.urlopen(request, timeout=60))["user_id"])
except urllib.error.HTTPError as error:
    sys.exit(json.load(error).get("error", str(error)))
`;

export interface UserAddOptions {
  readonly admin?: boolean;
  readonly passwordStdin?: boolean;
  readonly json?: boolean;
}

const readStdin = async (): Promise<string> => {
  let text = "";
  for await (const chunk of process.stdin) text += chunk;
  return text.replace(/\r?\n$/, "");
};

/** 128 bits, without characters that a person could mix up in a shell. */
const newPassword = (): string => randomBytes(16).toString("hex");

/** Makes an account. The password is read from stdin, or made and printed once. */
export const userAdd = async (name: string, user: string, options: UserAddOptions): Promise<void> => {
  const environment = loadEnvironment(name, process.cwd());
  const docker = dockerOf(await engineOf(environment));
  await requireEngine(docker);
  const main = await requireRunning(docker, environment.name, "synapse-main", name);
  const password = options.passwordStdin ? await readStdin() : newPassword();
  if (password === "") throw new UserError("the password on stdin is empty");
  const { code, stdout, stderr } = await docker.run(["exec", "--interactive", main, "python3", "-c", REGISTER], {
    input: JSON.stringify({ user, password, admin: options.admin ?? false }),
  });
  if (code !== 0) throw new UserError(`user \`${user}\` was not made: ${stderr.trim() || stdout.trim()}`);
  const id = stdout.trim();
  if (options.json) {
    console.log(JSON.stringify({ user_id: id, ...(options.passwordStdin ? {} : { password }) }));
    return;
  }
  console.log(options.passwordStdin ? id : `${id}\npassword: ${password}`);
};
