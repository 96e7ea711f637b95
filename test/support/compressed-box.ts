import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { hostAddress, subnetsOf } from "../../configs/network";
import { DATABASE } from "../../constructs/postgres/provision";
import { prepareSize } from "../../host/prepare";
import type { Plan } from "../../sizing/plan";
import { CompressorScripts } from "./compressor-scripts";
import { type CliOutcome, docker, EngineProject } from "./engine-project";
import { MatrixClient } from "./matrix-client";
import { untilNothingLeft } from "./prometheus-api";

const PORT = 18023;
const NETWORK = "10.123.164.0/22";
/** Of the /24 of a network, far from what the kit gives to its containers. */
const SCRIPTS_NUMBER = 240;
const UID = 991;
const LOOK_MS = 200;
/** More than all rooms have. */
const ALL_CHUNKS = "99999";
/** Until Synapse has done its own work on the tables of state groups. */
const UPDATES_SECONDS = 180;

const OFTEN = "{ per_second: 10000, burst_count: 10000 }";
const YAML = `server_name: localhost
public_baseurl: http://127.0.0.1:${PORT}
hardware: { ram: 4GB, cpus: 2 }
listen: { address: 127.0.0.1, port: ${PORT} }
docker: { network: ${NETWORK} }
monitoring: { enabled: false }
# Not during a test.
compressor: { enabled: true, schedule: "0 0 29 2 *" }
expected: { federation: closed, users: 100 }
nginx: { admin_api_from: [${NETWORK}] }
synapse:
  workers: none
  registration: open
  rate_limits: { rc_message: ${OFTEN}, rc_registration: ${OFTEN}, rc_login: { address: ${OFTEN}, account: ${OFTEN} } }
  # A second between every two of them, otherwise.
  settings: { background_updates: { sleep_enabled: false } }
`;

const client = promisify(execFile);

/** Its progress in a room; a room that it never met stands at the beginning. */
const PROGRESS = "LEFT JOIN synapse_kit_compressor.state_compressor p ON p.room_id = s.room_id";

/** A deployed server and its compressor, with a long history beside the server's own rooms in the database. */
export class CompressedBox {
  readonly project = new EngineProject("e2e-compressor");
  readonly guest = new MatrixClient(`http://127.0.0.1:${PORT}`);
  plan!: Plan;
  private scripts!: CompressorScripts;

  async deploy(): Promise<void> {
    writeFileSync(this.project.file, YAML);
    const { code, stderr } = await this.project.kit(["deploy", this.project.name]);
    if (code !== 0) throw new Error(stderr);
    ({ plan: this.plan } = await prepareSize(this.project.name, this.project.dir));
    const image = docker("inspect", "--format", "{{.Config.Image}}", this.container("compressor"));
    this.scripts = new CompressorScripts(this.container("scripts"), image, [
      ...["--network", `${this.project.name}-backend`, "--ip", hostAddress(subnetsOf(NETWORK).backend, SCRIPTS_NUMBER)],
      // For the file with the password.
      ...["--user", `${UID}:${UID}`, "--volumes-from", `${this.container("synapse-main")}:ro`],
      ...["--env", "PGHOST=postgres", "--env", "PGPASSFILE=/config/pgpass"],
    ]);
    const updates = async () => ((await this.compress("--dry-run")).code === 5 ? ["background updates"] : []);
    await untilNothingLeft(updates, UPDATES_SECONDS);
  }

  container(service: string): string {
    return `${this.project.name}-${service}`;
  }

  /** One run over all rooms, unless told otherwise. */
  compress(...args: readonly string[]): Promise<CliOutcome> {
    const which = args.includes("--room") ? [] : ["--chunks", ALL_CHUNKS];
    return this.project.kit(["compress", this.project.name, "--json", ...which, ...args]);
  }

  /** What the program in the box knows of its runs. */
  // biome-ignore lint/suspicious/noExplicitAny: read by tests only
  status(): any {
    return JSON.parse(docker("exec", this.container("compressor"), "compressor", "status", "--json"));
  }

  /** `test/support/compressor/large.py` on the box's database. */
  history(...args: readonly string[]): Promise<Record<string, unknown>> {
    return this.scripts.run(DATABASE, "large.py", ...args);
  }

  /** Numbers of the one row that a question has. */
  async numbers(sql: string): Promise<number[]> {
    const psql = ["psql", "-U", "postgres", "-d", DATABASE, "-AtF", "|", "-c", sql];
    const { stdout } = await client("docker", ["exec", this.container("postgres"), ...psql]);
    return stdout.trim().split("|").map(Number);
  }

  /** State groups that the compressor has passed, and all. */
  async passed(): Promise<[passed: number, all: number]> {
    const found = await this.numbers(
      `SELECT count(*) FILTER (WHERE s.id <= p.last_group), count(*) FROM state_groups s ${PROGRESS}`,
    );
    return found as [number, number];
  }

  /** State groups that a run over all rooms has before it. */
  async waiting(): Promise<number> {
    const [found] = await this.numbers(
      `SELECT coalesce(sum(groups), 0) FROM (SELECT count(*) AS groups FROM state_groups s ${PROGRESS}
        WHERE s.id > coalesce(p.last_group, 0) GROUP BY s.room_id HAVING count(*) >= 100) rooms`,
    );
    return found as number;
  }

  /**
   * Waits while a run works until it has passed such a share of all state groups.
   * @returns the fewest that it had passed at any moment
   */
  async untilPassed(share: number, run: Promise<CliOutcome>): Promise<number> {
    let ended: CliOutcome | undefined;
    run.then((outcome) => {
      ended = outcome;
    });
    for (let fewest = Number.POSITIVE_INFINITY; ; await sleep(LOOK_MS)) {
      const [passed, all] = await this.passed();
      if (ended) throw new Error(`ended at ${passed} of ${all} state groups: ${ended.code} ${ended.stderr}`);
      fewest = Math.min(fewest, passed);
      if (passed >= share * all) return fewest;
    }
  }

  remove(): void {
    this.project.removeAll();
  }
}
