import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { dirname, join } from "node:path";
import type { Environment } from "../../configs/environment";
import { hostAddress, subnetsOf } from "../../configs/network";
import { PORTS } from "../../configs/ports";
import { addressesOf } from "../../constructs/addresses";
import { prometheusUrl } from "../../constructs/prometheus/targets";
import { prepareSize } from "../../host/prepare";
import type { Plan } from "../../sizing/plan";
import { AlertInbox } from "./alert-inbox";
import { certificateFor } from "./certificates";
import { docker, EngineProject } from "./engine-project";
import { editConfig, hurried } from "./hurried-alerts";
import { MailInbox } from "./mail-inbox";
import { MatrixClient } from "./matrix-client";
import { OtherServer } from "./other-server";
import { People } from "./people";
import { PrometheusApi } from "./prometheus-api";
import { PushGateway } from "./push-gateway";

const PORT = 18020;
const TLS_PORT = 18021;
const INBOX_PORT = 18022;
const MAIL_PORT = 18026;
const GATEWAY_PORT = 18027;
const OTHER_PORT = 18028;
const SERVER_NAME = "localhost";
const NETWORK = "10.123.160.0/22";
/** The machine, as containers see it. */
const HOST = hostAddress(subnetsOf(NETWORK).frontend, 1);
export const SCRAPE_SECONDS = 5;
export const MAIL = {
  to: "ops@example.org",
  from: "watch@example.org",
  username: "watch",
  password: "a-password-that-only-mail-needs",
};

const environmentYaml = (receivers = ""): string => `server_name: ${SERVER_NAME}
public_baseurl: https://${HOST}:${TLS_PORT}
hardware: { ram: 8GB, cpus: 4 }
listen: { address: 127.0.0.1, port: ${PORT} }
docker: { network: ${NETWORK} }
expected: { federation: open, users: 100 }
synapse:
  workers: two
  registration: open
  rate_limits:
    rc_message: { per_second: 1000, burst_count: 1000 }
  # The push gateway and the other server are on this machine, and nobody signed the latter's certificate.
  settings: { ip_range_blacklist: [], federation_verify_certificates: false, trusted_key_servers: [] }
monitoring:
  scrape_interval: ${SCRAPE_SECONDS}s
  alerts:
    receivers:
      everything: { webhook: "http://${HOST}:${INBOX_PORT}/all" }
      pager: { webhook: { secret_file: secrets/pager }, severity: page }
      desk:
        email:
          to: ${MAIL.to}
          from: ${MAIL.from}
          smarthost: ${HOST}:${MAIL_PORT}
          username: ${MAIL.username}
          password: { secret_file: secrets/mail }
        severity: page
${receivers}    dead_man: { webhook: "http://${HOST}:${INBOX_PORT}/alive" }
`;

/**
 * A deployed environment with all that watches it: with two workers, a public door with a certificate, people in a room,
 * and receivers of all kinds.
 */
export class WatchedBox {
  readonly project = new EngineProject("watched-e2e");
  readonly guest = new MatrixClient(`http://127.0.0.1:${PORT}`);
  environment!: Environment;
  plan!: Plan;
  people!: People;
  prometheus!: PrometheusApi;
  inbox!: AlertInbox;
  mailbox!: MailInbox;
  gateway!: PushGateway;
  private door!: Server;
  private other!: OtherServer;

  get name(): string {
    return this.project.name;
  }

  async deploy(): Promise<void> {
    this.writeSecret("pager", `http://${HOST}:${INBOX_PORT}/pages\n`);
    this.writeSecret("mail", `${MAIL.password}\n`);
    await this.apply(environmentYaml());
    // From here on the machine has the network's address.
    this.inbox = new AlertInbox(HOST, INBOX_PORT);
    const mailCertificate = certificateFor(HOST, 60);
    this.mailbox = new MailInbox(HOST, MAIL_PORT, MAIL, mailCertificate);
    this.door = createServer(certificateFor(HOST, 60), (_, response) => response.end("{}")).listen(TLS_PORT, HOST);
    this.gateway = new PushGateway(HOST, GATEWAY_PORT);
    this.people = await People.meet(this.guest);
    this.writeSecret("token", this.people.alice.token);
    const first = await prepareSize(this.name, this.project.dir);
    const nginx = `http://${addressesOf(NETWORK, first.plan).get("nginx")?.frontend}:${PORTS.nginx}`;
    await this.apply(
      environmentYaml(
        `      room: { matrix: { homeserver: "${nginx}", room_id: "${this.people.room}", access_token: { secret_file: secrets/token } } }\n`,
      ),
    );
    const { environment, plan } = await prepareSize(this.name, this.project.dir);
    this.environment = environment;
    this.plan = plan;
    this.prometheus = new PrometheusApi(prometheusUrl(environment, plan));
    // Nobody that Alertmanager or the exporter knows signed the test's certificates.
    editConfig(this.container("alertmanager"), "alertmanager.yml", (text) =>
      text.replace(/^( +)smarthost: .*$/m, `$&\n$1tls_config: ${JSON.stringify({ ca: mailCertificate.cert })}`),
    );
    editConfig(this.container("blackbox-exporter"), "blackbox.yml", (text) =>
      text.replace("    http:\n", "    http:\n      tls_config: { insecure_skip_verify: true }\n"),
    );
  }

  /** Somebody of another server joins, and speaks at the same time as the state of the room changes: Synapse resolves it. */
  async federate(): Promise<void> {
    const { alice, room } = this.people;
    this.other = await OtherServer.join({
      ...{ name: `${HOST}:${OTHER_PORT}`, url: `http://127.0.0.1:${PORT}`, destination: SERVER_NAME },
      ...{ room, token: alice.token },
    });
    await this.people.setState("ours", "meanwhile");
    await this.other.say("theirs");
  }

  /**
   * Shortens what the running rules and routes wait for; nothing else of them changes. What is told of the machine's disk,
   * which others fill too, is silenced.
   */
  hurry(factor: number): void {
    editConfig(this.container("prometheus"), "alerts.yml", (text) => hurried(text, factor));
    editConfig(this.container("alertmanager"), "alertmanager.yml", (text) => hurried(text, factor));
    const amtool = ["amtool", `--alertmanager.url=http://127.0.0.1:${PORTS.alertmanager}`, "silence", "add"];
    const words = ["--author", "test", "--comment", "the machine's own", "--duration", "1h"];
    docker("exec", this.container("alertmanager"), ...amtool, ...words, "alertname=~Disk.+");
  }

  container(service: string): string {
    return `${this.name}-${service}`;
  }

  /** Gives the public door a certificate that ends after so many days. */
  useCertificateOf(days: number): void {
    this.door.setSecureContext(certificateFor(HOST, days));
  }

  remove(): void {
    this.inbox?.close();
    this.mailbox?.close();
    this.gateway?.close();
    this.other?.close();
    this.door?.close();
    this.door?.closeAllConnections();
    this.project.removeAll();
  }

  private async apply(yaml: string): Promise<void> {
    writeFileSync(this.project.file, yaml);
    const { code, stderr } = await this.project.kit(["deploy", this.name]);
    if (code !== 0) throw new Error(stderr);
  }

  private writeSecret(file: string, text: string): void {
    const path = join(dirname(this.project.file), "secrets", file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
