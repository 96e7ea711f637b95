// What watching costs: CPU and memory of Prometheus, the exporters and Alertmanager on a box of 2 cores and 4 GB, the disk
// that a day of measurements takes, and how long `status` takes.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { docker, listed, removeEnvironment } from "./engine.mjs";
import { CLI, markdown, output, shown, spread, start, sum, wallSeconds } from "./lib.mjs";
import { coresBetween, Meter } from "./meter.mjs";

const ENVIRONMENT = "benchm";
const PORT = 18430;
const BOX = { cores: 2, ramMiB: 4096 };
const STATUS_RUNS = 5;
/** Connections, first scrapes and the first compaction of memory are over by then. */
const SETTLED_AFTER_MS = 90_000;
const DAY_SECONDS = 86_400;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const isWatcher = (service) => /-exporter$|^prometheus$|^alertmanager$|^grafana$/.test(service);

const FILE = `server_name: localhost
public_baseurl: http://127.0.0.1:${PORT}
hardware: { ram: ${BOX.ramMiB}MB, cpus: ${BOX.cores} }
docker: { network: 10.126.212.0/22 }
listen: { port: ${PORT} }
synapse: { workers: two }
`;

/** One number of Prometheus' own. */
const ask = (query) => {
  const url = `http://127.0.0.1:9090/api/v1/query?query=${encodeURIComponent(query)}`;
  const { data } = JSON.parse(docker("exec", `${ENVIRONMENT}-prometheus`, "wget", "-q", "-O", "-", url));
  return Number(data.result[0]?.value[1]);
};

/** Bytes of a sample once it is written in blocks: facts.prometheus.io says 1 to 2; its own formula for the disk. */
const BYTES_PER_SAMPLE = 2;

const measured = async ({ count, seconds }) => {
  const containers = listed(ENVIRONMENT, "ps", "--format", "{{.Names}}");
  const meter = new Meter(ENVIRONMENT, containers);
  const windows = [];
  for (let turn = 0; turn < count; turn += 1) {
    const from = meter.cpu();
    await sleep(seconds * 1000);
    const { services } = coresBetween(from, meter.cpu());
    windows.push({ cores: services, memory: meter.memory() });
  }
  const watchers = Object.keys(windows[0].cores).filter(isWatcher);
  const of = (kind, service) => spread(windows.map((window) => window[kind][service]));
  const total = (kind) => spread(windows.map((window) => sum(watchers.map((service) => window[kind][service]))));
  const samples = ask("rate(prometheus_tsdb_head_samples_appended_total[2m])");
  return {
    services: watchers.map((service) => ({ service, cores: of("cores", service), mib: of("memory", service) })),
    cores: total("cores"),
    mib: total("memory"),
    series: ask("prometheus_tsdb_head_series"),
    samples_per_second: samples,
    mib_per_day: (samples * BYTES_PER_SAMPLE * DAY_SECONDS) / 1024 ** 2,
  };
};

export const benchMonitoring = async ({ count = 3, seconds = 30 } = {}) => {
  removeEnvironment(ENVIRONMENT);
  const dir = mkdtempSync(join(tmpdir(), "synapse-kit-bench-"));
  try {
    mkdirSync(join(dir, "configs", "environments"), { recursive: true });
    writeFileSync(join(dir, "configs", "environments", `${ENVIRONMENT}.yaml`), FILE);
    await start(process.execPath, [CLI, "deploy", ENVIRONMENT], { cwd: dir });
    await sleep(SETTLED_AFTER_MS);
    const figures = await measured({ count, seconds });
    const status = Array.from({ length: STATUS_RUNS }, () => wallSeconds([CLI, "status", ENVIRONMENT], dir));
    output(process.execPath, [CLI, "status", ENVIRONMENT, "--json"], { cwd: dir });
    return { box: BOX, window_seconds: seconds, ...figures, status_seconds: spread(status) };
  } finally {
    removeEnvironment(ENVIRONMENT);
    rmSync(dir, { recursive: true, force: true });
  }
};

const percent = (value, whole) => `${((100 * value) / whole).toFixed(1)} %`;

export const monitoringTable = ({ box, services, cores, mib, series, mib_per_day, status_seconds }) =>
  [
    markdown([
      ["watching, nobody using the server", "cores", "MiB"],
      ...services.map((one) => [one.service, shown(one.cores), shown(one.mib)]),
      ["all", shown(cores), shown(mib)],
      [
        `share of ${box.cores} cores and ${box.ramMiB} MiB`,
        percent(cores.median, box.cores),
        percent(mib.median, box.ramMiB),
      ],
    ]),
    `${series} series, ${mib_per_day.toFixed(0)} MiB a day; \`status\` takes ${shown(status_seconds)} s.`,
  ].join("\n\n");
