import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { PostgresMajor, WorkerLayoutName } from "../../configs/environment";
import { hostAddress, type Subnets, subnetsOf } from "../../configs/network";
import { containersOf, type Plan } from "../../sizing/plan";
import { type CliOutcome, docker, EngineProject } from "./engine-project";
import { buildPostgres16, POSTGRES_16_IMAGE } from "./postgres-16-image";
import { boxOf } from "./programs-boxes";

/** Of the /24 of a network, far from what the kit gives to its containers. */
const CLIENT_NUMBER = 240;
/** Services that are driven to their worst. */
const DRIVEN: readonly string[] = ["nginx", "postgres", "pgbouncer", "redis"];

export interface BoxOptions {
  readonly name: string;
  readonly ram: string;
  readonly cpus: number;
  readonly postgres: PostgresMajor;
  /** A layout that the kit would not pick there itself. */
  readonly workers?: WorkerLayoutName;
  /** Fewer than the hardware is for: an engine may not open the files of so many. */
  readonly users?: number;
  /** Of this machine, for Nginx. */
  readonly port: number;
  readonly network: string;
}

const yamlOf = ({ ram, cpus, postgres, workers, users, port, network }: BoxOptions): string => {
  const image = postgres === 16 ? `images: { postgres: "${POSTGRES_16_IMAGE}" }\n` : "";
  const often = "{ per_second: 10000, burst_count: 10000 }";
  return `server_name: localhost
public_baseurl: http://127.0.0.1:${port}
hardware: { ram: ${ram}, cpus: ${cpus} }
listen: { address: 127.0.0.1, port: ${port} }
docker: { network: ${network} }
postgres: { version: ${postgres} }
expected: { federation: closed${users === undefined ? "" : `, users: ${users}`} }
synapse:
  workers: ${workers ?? "auto"}
  registration: open
  rate_limits: { rc_message: ${often}, rc_room_creation: ${often} }
${image}`;
};

/** What the kit plans for such a machine. */
export const planOf = (options: BoxOptions): Plan => boxOf(options.name, yamlOf(options)).plan;

/** A machine of the plan's, run by the kit itself: every container with its limits and its files. */
export class WorstBox {
  private constructor(
    private readonly project: EngineProject,
    readonly options: BoxOptions,
    readonly plan: Plan,
    /** Of the role in the database. */
    private readonly password: string,
  ) {}

  static async deploy(options: BoxOptions): Promise<WorstBox> {
    if (options.postgres === 16) buildPostgres16();
    const project = new EngineProject(options.name);
    writeFileSync(project.file, yamlOf(options));
    const { code, stderr } = await project.kit(["deploy", project.name]);
    if (code !== 0) {
      project.removeAll();
      throw new Error(stderr);
    }
    const line = docker("exec", `${project.name}-synapse-main`, "cat", "/config/pgpass");
    return new WorstBox(project, options, planOf(options), line.slice(line.lastIndexOf(":") + 1));
  }

  get url(): string {
    return `http://127.0.0.1:${this.options.port}`;
  }

  container(service: string): string {
    return `${this.project.name}-${service}`;
  }

  /** An address that nobody of the environment has. */
  clientAddress(network: keyof Subnets): string {
    return hostAddress(subnetsOf(this.options.network)[network], CLIENT_NUMBER);
  }

  /** Stops all but the services that cases are about: others have connections and addresses that these take. */
  async stopOthers(): Promise<void> {
    const others = containersOf(this.plan).filter(({ service }) => !DRIVEN.includes(service));
    await this.run(["stop", "--time", "1", ...others.map(({ name }) => this.container(name))]);
  }

  /** Runs the docker client and leaves the event loop free. */
  run(args: readonly string[], input = ""): Promise<CliOutcome> {
    return new Promise((resolve) => {
      const child = spawn("docker", args, { stdio: ["pipe", "pipe", "pipe"] });
      let stdout = "";
      let stderr = "";
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        stdout += chunk;
      });
      child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
        stderr += chunk;
      });
      child.on("close", (code) => resolve({ code: code ?? 1, stdout, stderr }));
      child.stdin.end(input);
    });
  }

  /** Runs a shell script with Postgres' programs on the backend network, in a container whose memory nobody counts. */
  client(script: string): Promise<CliOutcome> {
    const image = docker("inspect", "--format", "{{.Image}}", this.container("postgres"));
    return this.run(
      [
        ...["run", "--rm", "--interactive", "--init", "--name", this.container("client")],
        ...["--network", this.container("backend"), "--ip", this.clientAddress("backend"), "--user", "999:999"],
        ...["--env", `PGPASSWORD=${this.password}`, "--entrypoint", "sh", image, "-s"],
      ],
      script,
    );
  }

  removeAll(): void {
    this.project.removeAll();
  }
}
