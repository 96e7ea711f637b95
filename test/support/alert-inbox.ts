import { createServer, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export interface DeliveredAlert {
  readonly status: "firing" | "resolved";
  readonly labels: Readonly<Record<string, string>>;
  readonly startsAt: string;
}

export interface Delivery {
  readonly path: string;
  readonly at: number;
  readonly alerts: readonly DeliveredAlert[];
}

const POLL_MS = 200;

/** A web server that takes what Alertmanager's webhooks send, and remembers when. */
export class AlertInbox {
  readonly deliveries: Delivery[] = [];
  private readonly server: Server;

  constructor(address: string, port: number) {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { alerts } = JSON.parse(Buffer.concat(chunks).toString());
        this.deliveries.push({ path: request.url ?? "", at: Date.now(), alerts });
        response.end();
      });
    }).listen(port, address);
  }

  /** Names of what began at a path since then, each once. */
  fired(path: string, since: number): string[] {
    const alerts = this.deliveries
      .filter((delivery) => delivery.path === path && delivery.at >= since)
      .flatMap((delivery) => delivery.alerts)
      // What is still on is repeated beside what is new.
      .filter(({ status, startsAt }) => status === "firing" && Date.parse(startsAt) >= since);
    return [...new Set(alerts.map(({ labels }) => labels.alertname as string))].sort();
  }

  /**
   * Milliseconds from `since` until a path heard of an alert.
   * @throws when it did not within `limitMs`
   */
  async heard(
    path: string,
    name: string,
    status: "firing" | "resolved",
    since: number,
    limitMs: number,
  ): Promise<number> {
    while (Date.now() <= since + limitMs) {
      const delivery = this.deliveries.find(
        (one) =>
          one.path === path &&
          one.at >= since &&
          one.alerts.some((alert) => alert.status === status && alert.labels.alertname === name),
      );
      if (delivery) return delivery.at - since;
      await sleep(POLL_MS);
    }
    throw new Error(`${path} did not hear that ${name} is ${status} within ${limitMs / 1000} s`);
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
