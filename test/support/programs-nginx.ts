import { spawnSync } from "node:child_process";
import { randomInt, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http, { type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../configs/environment";
import { hostAddress, subnetsOf } from "../../configs/network";
import { PORTS } from "../../configs/ports";
import { addressesOf } from "../../constructs/addresses";
import { nginxFiles } from "../../constructs/nginx/files";
import { REQUEST_LOG_FOLDER, requestLogMount } from "../../constructs/nginx/request-counts";
import { buildImages } from "../../host/build-images";
import { Docker } from "../../host/docker";
import { resolveImages } from "../../host/images";
import type { Plan } from "../../sizing/plan";

const START_MS = 20_000;
const MAX_OUTPUT_BYTES = 256 * 1024 ** 2;
/** As in `constructs/nginx/nginx.ts`. */
const UID = 101;
const GATEWAY_NUMBER = 1;
/** Nobody's request: Nginx itself looks after some processes. */
const HEALTH = "/health";

const docker = (args: readonly string[], input?: Buffer): string => {
  const { status, stdout, stderr, error } = spawnSync("docker", args, { input, maxBuffer: MAX_OUTPUT_BYTES });
  if (error) throw error;
  if (status !== 0) throw new Error(`docker ${args.slice(0, 4).join(" ")}: ${stderr}${stdout}`);
  return `${stdout}${stderr}`;
};

const until = async (what: string, isSo: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + START_MS;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${START_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

/** A network of loopback addresses that no other run uses: Linux answers on all of 127.0.0.0/8. */
export const loopbackNetwork = (): string => `127.${randomInt(64, 255)}.${4 * randomInt(0, 64)}.0/22`;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One HTTP exchange that the test did not end yet. */
interface Held {
  readonly response: ServerResponse;
}

/** Stands in for a Synapse process: says its own name, or lets a request wait until it is told to go on. */
export class FakeProcess {
  readonly requests: { readonly method: string; readonly url: string; readonly headers: IncomingHttpHeaders }[] = [];
  private held: Held[] = [];
  private holds: (url: string) => boolean = () => false;
  private server: Server | undefined;

  constructor(
    readonly name: string,
    private readonly address: string,
    /** What it answers; its own name where that is undefined. */
    private readonly answer?: (request: IncomingMessage) => { status: number; body: string } | undefined,
  ) {}

  async listen(): Promise<void> {
    const server = http.createServer((request, response) => this.serve(request, response));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(PORTS.synapse, this.address, resolve);
    });
    this.server = server;
  }

  /** From now on requests wait whose path, with its query, fits. */
  hold(what: RegExp): void {
    this.holds = (url) => what.test(url);
  }

  get holding(): number {
    return this.held.length;
  }

  /** Answers what waits, and no longer lets anything wait. */
  release(): void {
    this.holds = () => false;
    for (const { response } of this.held) response.end(this.name);
    this.held = [];
  }

  /** Refuses connections from now on. */
  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    this.held = [];
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url = "", headers } = request;
    request.resume();
    request.on("end", () => {
      if (url !== HEALTH) this.requests.push({ method, url, headers });
      if (this.holds(url)) {
        const held = { response };
        this.held.push(held);
        response.on("close", () => {
          this.held = this.held.filter((one) => one !== held);
        });
        return;
      }
      const { status, body } = this.answer?.(request) ?? { status: 200, body: this.name };
      response.writeHead(status).end(body);
    });
  }
}

/** The real Nginx on its rendered files, in front of processes that are none. Everything listens on loopback alone. */
export class RunningNginx {
  private constructor(
    private readonly id: string,
    private readonly address: string,
    private readonly gateway: string,
    readonly processes: ReadonlyMap<string, FakeProcess>,
  ) {}

  /**
   * @param environment - with a network of `loopbackNetwork`
   * @param answer - of a process, by its name
   * @param edit - last word on nginx.conf, for times that no test can wait
   * @throws when there is no engine or no image, or Nginx does not start: these tests never skip
   */
  static async start(
    environment: Environment,
    plan: Plan,
    answer?: (process: string, request: IncomingMessage) => { status: number; body: string } | undefined,
    edit: (conf: string) => string = (conf) => conf,
  ): Promise<RunningNginx> {
    // Nothing else runs, and not every image can be built.
    const { monitoring: _, compressor: __, ...alone } = plan;
    const { references, local } = resolveImages(environment, alone, "local");
    const image = references.nginx;
    await buildImages(
      local.filter(({ tag }) => tag === image),
      new Docker(),
    );
    const addresses = addressesOf(environment.docker.network, plan);
    const address = addresses.get(plan.nginx.container.name)?.frontend as string;
    const gateway = hostAddress(subnetsOf(environment.docker.network).frontend, GATEWAY_NUMBER);
    const processes = new Map(
      plan.synapse.processes.map(({ name, container }) => [
        name,
        new FakeProcess(
          name,
          addresses.get(container.name)?.frontend as string,
          answer && ((request) => answer(name, request)),
        ),
      ]),
    );
    for (const process of processes.values()) await process.listen();
    const id = docker([
      ...["create", "--network", "host", "--name", `programs-nginx-${randomUUID()}`],
      ...[
        "--read-only",
        "--tmpfs",
        "/tmp:mode=1777",
        "--tmpfs",
        `${REQUEST_LOG_FOLDER}:${requestLogMount(UID)}`,
        "--user",
        `${UID}:${UID}`,
        "--cap-drop",
        "ALL",
      ],
      ...["--volume", "/config", "--entrypoint", "nginx", image, "-c", "/config/nginx.conf", "-g", "daemon off;"],
    ]).trim();
    const running = new RunningNginx(id, address, gateway, processes);
    try {
      docker(
        ["cp", "-", `${id}:/config`],
        running.packed(nginxFiles(environment, plan).map(({ path, content }) => ({ path, content: edit(content) }))),
      );
      docker(["start", id]);
      await until("nginx", async () => (await running.ask({ path: "/" }).catch(() => undefined)) !== undefined);
    } catch (error) {
      await running.stop();
      throw error;
    }
    return running;
  }

  /** The rendered files as a tar, listening on the loopback address alone. */
  private packed(files: readonly { readonly path: string; readonly content: string }[]): Buffer {
    const folder = mkdtempSync(join(tmpdir(), "synapse-kit-nginx-"));
    try {
      for (const { path, content } of files) {
        mkdirSync(join(folder, "files"), { recursive: true });
        const bound = content
          .replace(`listen ${PORTS.nginx} `, `listen ${this.address}:${PORTS.nginx} `)
          .replace(
            new RegExp(`listen (?:127\\.0\\.0\\.1:)?${PORTS.nginxStatus};`),
            `listen ${this.address}:${PORTS.nginxStatus};`,
          )
          .replace(`http://127.0.0.1:${PORTS.nginxStatus}/`, `http://${this.address}:${PORTS.nginxStatus}/`);
        writeFileSync(join(folder, "files", path), bound, { mode: 0o644 });
      }
      const { stdout, stderr, status } = spawnSync("tar", ["-C", join(folder, "files"), "-c", "."]);
      if (status !== 0) throw new Error(`tar: ${stderr}`);
      return stdout;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  process(name: string): FakeProcess {
    const process = this.processes.get(name);
    if (!process) throw new Error(`the layout has no process ${name}`);
    return process;
  }

  /** A request as the TLS proxy in front passes it on. `from` is the client's address. */
  ask(request: {
    readonly path: string;
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly from?: string;
    readonly body?: string;
    readonly agent?: http.Agent;
  }): Promise<Answer> {
    const { path, method = "GET", headers = {}, from = "192.0.2.1", body, agent } = request;
    return new Promise((resolve, reject) => {
      const sent = http.request(
        {
          host: this.address,
          port: PORTS.nginx,
          localAddress: this.gateway,
          agent: agent ?? false,
          method,
          path,
          headers: {
            host: "example.org",
            "x-forwarded-for": from,
            ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
            ...headers,
          },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (chunk: string) => {
            text += chunk;
          });
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
          );
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
  }

  /**
   * Sends requests that a process holds, and waits until all of them are there.
   * @returns their answers, once it lets go of them
   */
  async fill(process: string, requests: readonly Parameters<RunningNginx["ask"]>[0][]): Promise<Promise<Answer>[]> {
    const target = this.process(process);
    const wanted = target.holding + requests.length;
    const answers = requests.map((request) => this.ask(request));
    for (const answer of answers) answer.catch(() => undefined);
    await until(`${wanted} requests at ${process}`, () => target.holding === wanted);
    return answers;
  }

  /** A request whose client goes away while it waits. */
  async abandon(request: Parameters<RunningNginx["ask"]>[0], afterMs: number): Promise<void> {
    const agent = new http.Agent();
    const answer = this.ask({ ...request, agent }).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    agent.destroy();
    await answer;
  }

  /** A page of the server that tells about itself, from an address of one's own: Prometheus' or another. */
  async status(path: string, from: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { host: this.address, port: PORTS.nginxStatus, path, localAddress: from, agent: false };
      const sent = http.get(options, (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          body += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      });
      sent.on("error", reject);
    });
  }

  /** Reads its files again, as `nginx -s reload` does, or starts anew; waits until it answers. */
  async renew(how: "reload" | "restart"): Promise<void> {
    docker(how === "reload" ? ["kill", "--signal", "HUP", this.id] : ["restart", this.id]);
    await until("nginx", async () => (await this.ask({ path: "/" }).catch(() => undefined)) !== undefined);
  }

  /** All that it wrote, accesses and errors. */
  log(): string {
    return docker(["logs", this.id]);
  }

  /** Lines of the access log that have this path. */
  async logged(path: string): Promise<Record<string, string>[]> {
    let found: Record<string, string>[] = [];
    await until(`${path} in the log`, () => {
      const lines = this.log().split("\n");
      found = lines
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line) as Record<string, string>)
        .filter((line) => line.path === path);
      return found.length > 0;
    });
    return found;
  }

  async stop(): Promise<void> {
    docker(["rm", "--force", "--volumes", this.id]);
    for (const process of this.processes.values()) await process.stop();
  }
}
