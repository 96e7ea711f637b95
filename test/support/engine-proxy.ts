import { existsSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";

const ENGINE = "/var/run/docker.sock";

/** Decides what happens to a request: pass it on, answer it, or break the connection as a dying engine does. */
export type Intercept = (
  method: string,
  url: string,
) => "pass" | "break" | { readonly status: number; readonly message: string };

/** Stands between the kit and the real engine, so that the engine's failures can be had without harming it. */
export class EngineProxy {
  readonly socket: string;
  private readonly server: Server;
  private readonly open = new Set<Socket>();
  intercept: Intercept = () => "pass";

  constructor(folder: string) {
    this.socket = join(folder, "engine.sock");
    this.server = createServer((incoming, outgoing) => this.handle(incoming, outgoing));
    this.server.on("connection", (socket) => {
      this.open.add(socket);
      socket.on("close", () => this.open.delete(socket));
    });
    // Attaching to a container turns the connection into a stream.
    this.server.on("upgrade", (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
      const upstream = connect(ENGINE, () => {
        const headers = incoming.rawHeaders.reduce((text, part, i) => text + part + (i % 2 === 0 ? ": " : "\r\n"), "");
        upstream.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${headers}\r\n`);
        upstream.write(head);
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on("error", () => socket.destroy());
      socket.on("error", () => upstream.destroy());
    });
  }

  start(): Promise<void> {
    return new Promise((resolve) => this.server.listen(this.socket, resolve));
  }

  /** The engine is gone: no socket, and every connection breaks. */
  stop(): void {
    this.server.close();
    for (const socket of this.open) socket.destroy();
    if (existsSync(this.socket)) rmSync(this.socket);
  }

  private handle(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const verdict = this.intercept(incoming.method ?? "", incoming.url ?? "");
    if (verdict === "break") {
      incoming.socket.destroy();
      return;
    }
    if (verdict !== "pass") {
      outgoing.writeHead(verdict.status, { "Content-Type": "application/json" });
      outgoing.end(JSON.stringify({ message: verdict.message }));
      return;
    }
    const upstream = request(
      { socketPath: ENGINE, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        // Waiting for a container answers with headers at once, and with a body when it ends.
        outgoing.flushHeaders();
        answer.pipe(outgoing);
      },
    );
    upstream.on("error", () => outgoing.destroy());
    incoming.pipe(upstream);
  }
}
