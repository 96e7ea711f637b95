import { PORTS } from "../../configs/ports";
import { Bytes } from "../../configs/units/bytes";
import { withoutUndefined } from "../../configs/without-undefined";
import type { Docker } from "../../host/docker";

/** What is asked of Prometheus: PromQL by the name of the answer. */
const QUERIES = {
  memory: "container_memory_working_set_bytes",
  cpu: "rate(container_cpu_usage_seconds_total[2m])",
  alerts: 'ALERTS{alertstate="firing",alertname!="Watchdog"}',
  lag: "max by (job, index) (scalar(max(synapse_event_persisted_position)) - synapse_event_processing_positions)",
  wait: "rate(synapse_storage_schedule_time_sum[5m]) / rate(synapse_storage_schedule_time_count[5m])",
  waiting: "sum by (database) (pgbouncer_pools_client_waiting_connections)",
  compressorEnd: "synapse_kit_compressor_last_run_end_timestamp_seconds",
  compressorSuccess: "synapse_kit_compressor_last_run_success",
  compressorBefore: "synapse_kit_compressor_last_run_rows_before",
  compressorAfter: "synapse_kit_compressor_last_run_rows_after",
  compressorSeconds: "synapse_kit_compressor_last_run_duration_seconds",
  compressorPeak: "synapse_kit_compressor_last_run_peak_memory_bytes",
} as const;
type Query = keyof typeof QUERIES;

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

export interface Alert {
  readonly name: string;
  readonly severity: string;
  /** Labels that tell which of several it is. */
  readonly about: Readonly<Record<string, string>>;
}

/** The last run of the state compressor. */
export interface CompressorRun {
  readonly ended: Date;
  readonly success: boolean;
  readonly rowsBefore?: number;
  readonly rowsAfter?: number;
  readonly seconds?: number;
  /** Bytes. */
  readonly peakMemory?: number;
}

/** What Prometheus knows; every part may be missing. */
export interface Measurements {
  /** Bytes that cannot go at once, by service. */
  readonly memory: ReadonlyMap<string, number>;
  /** Cores in use, by service. */
  readonly cpu: ReadonlyMap<string, number>;
  readonly alerts: readonly Alert[];
  /** Events that a process has still to go through, by service. */
  readonly lag: ReadonlyMap<string, number>;
  /** Seconds that a query waits for a database connection, by service. */
  readonly databaseWait: ReadonlyMap<string, number>;
  /** Clients that wait for a server connection, by PgBouncer's database. */
  readonly poolWaiting: ReadonlyMap<string, number>;
  readonly compressor?: CompressorRun;
}

/** One process of `wget` a question, all in one call of the engine: each such call costs a tenth of a second. */
const ASK = `for query in "$@"; do wget -q -T 2 -O - "http://127.0.0.1:${PORTS.prometheus}/api/v1/query?query=$query" || true; echo; done`;

/** A silent Prometheus must not hold up what the engine knows. */
const TIMEOUT_MS = 5000;

const samplesIn = (line: string | undefined): Sample[] => {
  try {
    const { data } = JSON.parse(line ?? "") as { readonly data?: { readonly result?: Sample[] } };
    return data?.result ?? [];
  } catch {
    return [];
  }
};

const numbers = (samples: readonly Sample[], keyOf: (labels: Sample["metric"]) => string | undefined) =>
  new Map(
    samples.flatMap(({ metric, value: [, value] }): [string, number][] => {
      const key = keyOf(metric);
      return key === undefined || Number.isNaN(Number(value)) ? [] : [[key, Number(value)]];
    }),
  );

/** The container that Synapse's labels stand for: `synapse` 1 is main, `synapse-sync` 2 is `synapse-sync2`. */
const processOf =
  (services: ReadonlySet<string>) =>
  ({ job = "", index = "" }: Sample["metric"]): string | undefined =>
    job === "synapse" ? "synapse-main" : [`${job}${index}`, job].find((name) => services.has(name));

const alertOf = ({ metric }: Sample): Alert => {
  const { __name__, alertname = "", alertstate, severity = "", instance, environment, ...about } = metric;
  return { name: alertname, severity, about };
};

const runOf = (value: (query: Query) => number | undefined): CompressorRun | undefined => {
  const ended = value("compressorEnd");
  if (ended === undefined) return undefined;
  return {
    ended: new Date(ended * 1000),
    success: value("compressorSuccess") === 1,
    ...withoutUndefined({
      rowsBefore: value("compressorBefore"),
      rowsAfter: value("compressorAfter"),
      seconds: value("compressorSeconds"),
      peakMemory: value("compressorPeak"),
    }),
  };
};

/**
 * What Prometheus of an environment knows now.
 * @returns undefined where it cannot be asked
 */
export const measurementsOf = async (
  docker: Docker,
  environment: string,
  services: ReadonlySet<string>,
): Promise<Measurements | undefined> => {
  const queries = Object.values(QUERIES).map(encodeURIComponent);
  const container = `${environment}-prometheus`;
  const { code, stdout } = await docker.run(["exec", container, "sh", "-c", ASK, "ask", ...queries], {
    timeoutMs: TIMEOUT_MS,
  });
  const lines = stdout.split("\n");
  if (code !== 0 || lines.every((line) => line === "")) return undefined;
  const answers = new Map(Object.keys(QUERIES).map((name, at) => [name as Query, samplesIn(lines[at])]));
  const answer = (query: Query): Sample[] => answers.get(query) ?? [];
  const single = (query: Query): number | undefined => numbers(answer(query), () => "")?.get("");
  const compressor = runOf(single);
  return {
    memory: numbers(answer("memory"), ({ name }) => name),
    cpu: numbers(answer("cpu"), ({ name }) => name),
    alerts: answer("alerts").map(alertOf),
    lag: numbers(answer("lag"), processOf(services)),
    databaseWait: numbers(answer("wait"), processOf(services)),
    poolWaiting: numbers(answer("waiting"), ({ database }) => database),
    ...(compressor ? { compressor } : {}),
  };
};

/** Memory by the engine's own look, which takes it two seconds: for boxes that nobody watches. */
export const memoryByEngine = async (
  docker: Docker,
  environment: string,
  services: readonly string[],
): Promise<Map<string, number>> => {
  const names = services.map((service) => `${environment}-${service}`);
  const { stdout } = await docker.run(["stats", "--no-stream", "--format", "{{.Name}}\t{{.MemUsage}}", ...names]);
  return new Map(
    stdout.split("\n").flatMap((line): [string, number][] => {
      const [name = "", usage = ""] = line.split("\t");
      // `145.2MiB / 512MiB`
      const bytes = Bytes.tryParse(usage.split("/")[0]?.trim() ?? "")?.toBytes();
      return bytes === undefined ? [] : [[name.slice(environment.length + 1), bytes]];
    }),
  );
};
