import { createServer, type Server } from "node:http";

/** Takes every push, as the gateways of apps do. */
export class PushGateway {
  private readonly server: Server;

  constructor(
    private readonly address: string,
    private readonly port: number,
  ) {
    this.server = createServer((request, response) => {
      request.resume();
      request.on("end", () => response.setHeader("Content-Type", "application/json").end('{"rejected": []}'));
    }).listen(port, address);
  }

  /** Of the one path that Synapse takes. */
  get url(): string {
    return `http://${this.address}:${this.port}/_matrix/push/v1/notify`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
