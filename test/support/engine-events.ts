import { type ChildProcess, spawn } from "node:child_process";

/** What happened to a container, in the engine's words. */
export interface EngineEvent {
  /** Milliseconds. */
  readonly time: number;
  /** Without the environment: `synapse-main`. */
  readonly service: string;
  readonly action: "die" | "start" | "healthy" | "unhealthy";
}

interface Raw {
  readonly Action: string;
  readonly timeNano: number;
  readonly Actor: { readonly Attributes: Readonly<Record<string, string>> };
}

/** Listens to the engine while it lives: what it keeps for later are its last 256 events, health checks among them. */
export class EngineEvents {
  private readonly child: ChildProcess;
  private text = "";

  constructor(environment: string) {
    const filters = [
      `label=synapse-kit.environment=${environment}`,
      "event=die",
      "event=start",
      "event=health_status",
    ].flatMap((filter) => ["--filter", filter]);
    this.child = spawn("docker", ["events", "--format", "{{json .}}", ...filters], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      this.text += chunk;
    });
  }

  /** Of the services, oldest first. */
  get list(): EngineEvent[] {
    return this.text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Raw)
      .flatMap(({ Action, timeNano, Actor }) => {
        const service = Actor.Attributes["synapse-kit.service"];
        const action = Action.replace("health_status: ", "") as EngineEvent["action"];
        return service === undefined ? [] : [{ time: timeNano / 1e6, service, action }];
      });
  }

  stop(): void {
    this.child.kill();
  }
}
