import { LABELS } from "../../configs/labels";
import { loadEnvironment } from "../../configs/load-environment";
import { Bytes } from "../../configs/units/bytes";
import type { Docker } from "../../host/docker";
import { dockerOf, engineOf } from "../../host/engine";
import { requireEngine } from "../project";

interface Inspected {
  readonly Id: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly Health?: { readonly Status: string };
    readonly StartedAt: string;
  };
  readonly Config: { readonly Image: string; readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: { readonly Memory: number };
}

interface Stats {
  readonly ID: string;
  readonly MemUsage: string;
}

/** State of one container. */
export interface ServiceStatus {
  readonly service: string;
  /** `healthy`, `unhealthy`, `starting`, or Docker's word for a container that does not run. */
  readonly health: string;
  readonly restarts: number;
  readonly memory_bytes: number | null;
  readonly memory_limit_bytes: number;
  readonly started_at: string;
  readonly image: string;
}

/** `docker stats` prints `145.2MiB / 512MiB`. */
const usedBytes = (stats: Stats | undefined): number | null => {
  const text = stats?.MemUsage.split("/")[0]?.trim();
  return (text === undefined ? undefined : Bytes.tryParse(text)?.toBytes()) ?? null;
};

export const statusOf = async (docker: Docker, environment: string): Promise<ServiceStatus[]> => {
  const ids = (
    await docker.output([
      "ps",
      "--all",
      "--quiet",
      "--no-trunc",
      "--filter",
      `label=${LABELS.environment}=${environment}`,
    ])
  )
    .split("\n")
    .filter((id) => id !== "");
  if (ids.length === 0) return [];
  const inspected: Inspected[] = JSON.parse(await docker.output(["inspect", ...ids]));
  // Seeders are never started, and one-shot helpers carry no service label.
  const services = inspected.filter(
    (container) => container.State.Status !== "created" && container.Config.Labels[LABELS.service] !== undefined,
  );
  if (services.length === 0) return [];
  const stats: Stats[] = (
    await docker.output(["stats", "--no-stream", "--no-trunc", "--format", "{{json .}}", ...services.map((s) => s.Id)])
  )
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
  return services
    .map((container) => ({
      service: container.Config.Labels[LABELS.service] as string,
      health:
        container.State.Status === "running" ? (container.State.Health?.Status ?? "running") : container.State.Status,
      restarts: container.RestartCount,
      memory_bytes: usedBytes(stats.find((s) => s.ID === container.Id)),
      memory_limit_bytes: container.HostConfig.Memory,
      started_at: container.State.StartedAt,
      image: container.Config.Image,
    }))
    .sort((a, b) => (a.service < b.service ? -1 : 1));
};

const table = (services: readonly ServiceStatus[]): string => {
  const rows = [
    ["service", "health", "memory", "limit", "restarts", "image"],
    ...services.map((s) => [
      s.service,
      s.health,
      s.memory_bytes === null ? "-" : Bytes.of(s.memory_bytes).toString(),
      Bytes.of(s.memory_limit_bytes).toString(),
      String(s.restarts),
      s.image,
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
};

/** Prints how each service of an environment is. Exit code 1 when one is not healthy or nothing runs. */
export const status = async (name: string, options: { readonly json?: boolean }): Promise<void> => {
  const environment = loadEnvironment(name, process.cwd());
  const docker = dockerOf(await engineOf(environment));
  await requireEngine(docker);
  const services = await statusOf(docker, environment.name);
  if (options.json) console.log(JSON.stringify({ environment: environment.name, services }, null, 2));
  else
    console.log(
      services.length > 0
        ? table(services)
        : `${environment.name} does not run; \`npx synapse-kit deploy ${name}\` starts it`,
    );
  if (services.length === 0 || services.some((service) => service.health !== "healthy")) process.exitCode = 1;
};
