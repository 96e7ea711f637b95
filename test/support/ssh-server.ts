import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, utils } from "ssh2";

/**
 * An SSH server on 127.0.0.1 that runs what it is asked to on this machine, for one key that it made itself: a remote
 * Docker host without a second machine. The client is the real one, with a configuration of its own.
 */
export class SshServer {
  private readonly dir = mkdtempSync(join(tmpdir(), "synapse-kit-ssh-"));
  private readonly server: Server;
  /** What clients asked for. */
  readonly commands: string[] = [];

  constructor() {
    for (const name of ["host", "client"]) {
      const { status, stderr } = spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(this.dir, name)]);
      if (status !== 0) throw new Error(`ssh-keygen: ${stderr}`);
    }
    const key = utils.parseKey(readFileSync(join(this.dir, "client.pub")));
    if (key instanceof Error) throw key;
    this.server = new Server({ hostKeys: [readFileSync(join(this.dir, "host"))] }, (client) => {
      client.on("error", () => {});
      client.on("authentication", (attempt) => {
        const known = attempt.method === "publickey" && attempt.key.data.equals(key.getPublicSSH());
        if (!known) return attempt.reject(["publickey"]);
        if (!attempt.signature || key.verify(attempt.blob as Buffer, attempt.signature, attempt.hashAlgo)) {
          return attempt.accept();
        }
        return attempt.reject();
      });
      client.on("session", (accept) => {
        const session = accept();
        session.on("exec", (accepted, _reject, { command }) => {
          this.commands.push(command);
          const channel = accepted();
          const child = spawn("sh", ["-c", command], { stdio: ["pipe", "pipe", "pipe"] });
          channel.on("error", () => child.kill());
          channel.on("close", () => child.kill());
          child.stdin.on("error", () => {});
          channel.pipe(child.stdin);
          child.stdout.pipe(channel, { end: false });
          child.stderr.pipe(channel.stderr, { end: false });
          child.on("close", (code) => {
            channel.exit(code ?? 1);
            channel.end();
          });
        });
      });
    });
  }

  /** @returns the engine's address for `docker.host` */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", () => resolve()));
    const { port } = this.server.address() as AddressInfo;
    const hostKey = readFileSync(join(this.dir, "host.pub"), "utf8").split(" ").slice(0, 2).join(" ");
    writeFileSync(join(this.dir, "known_hosts"), `[127.0.0.1]:${port} ${hostKey}\n`);
    writeFileSync(
      join(this.dir, "config"),
      `Host *
  IdentityFile ${join(this.dir, "client")}
  IdentitiesOnly yes
  UserKnownHostsFile ${join(this.dir, "known_hosts")}
  StrictHostKeyChecking yes
`,
    );
    return `ssh://kit@127.0.0.1:${port}`;
  }

  /** PATH with a client in front that reads the configuration above and not the user's. */
  get path(): string {
    const bin = join(this.dir, "bin");
    mkdirSync(bin, { recursive: true });
    const ssh = spawnSync("sh", ["-c", "command -v ssh"], { encoding: "utf8" }).stdout.trim();
    writeFileSync(join(bin, "ssh"), `#!/bin/sh\nexec ${ssh} -F ${join(this.dir, "config")} "$@"\n`);
    chmodSync(join(bin, "ssh"), 0o755);
    return `${bin}:${process.env.PATH}`;
  }

  stop(): void {
    this.server.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
