import { LABELS } from "../../configs/labels";
import type { Docker } from "../../host/docker";

interface Inspected {
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly Health?: { readonly Status: string };
    readonly StartedAt: string;
  };
  readonly Config: { readonly Image: string; readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: { readonly Memory: number };
}

/** State of one container, as the engine knows it. */
export interface ContainerState {
  /** Name within the environment. */
  readonly service: string;
  /** `healthy`, `unhealthy`, `starting`, or Docker's word for a container that does not run. */
  readonly health: string;
  readonly restarts: number;
  readonly memoryLimitBytes: number;
  readonly startedAt: string;
  readonly image: string;
}

/** Containers of an environment that run or should, in the order of their names. */
export const containerStates = async (docker: Docker, environment: string): Promise<ContainerState[]> => {
  const filter = `label=${LABELS.environment}=${environment}`;
  const listed = await docker.output(["ps", "--all", "--quiet", "--no-trunc", "--filter", filter]);
  const ids = listed.split("\n").filter((id) => id !== "");
  if (ids.length === 0) return [];
  const inspected: Inspected[] = JSON.parse(await docker.output(["inspect", ...ids]));
  // Seeders are never started, and one-shot helpers carry no service label.
  return inspected
    .filter(({ State, Config }) => State.Status !== "created" && Config.Labels[LABELS.service] !== undefined)
    .map(({ State, Config, RestartCount, HostConfig }) => ({
      service: Config.Labels[LABELS.service] as string,
      health: State.Status === "running" ? (State.Health?.Status ?? "running") : State.Status,
      restarts: RestartCount,
      memoryLimitBytes: HostConfig.Memory,
      startedAt: State.StartedAt,
      image: Config.Image,
    }))
    .sort((a, b) => (a.service < b.service ? -1 : 1));
};
