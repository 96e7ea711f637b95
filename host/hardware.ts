import { request } from "node:http";
import type { Environment } from "../configs/environment";
import { loadProfile } from "../configs/profile";
import { Bytes } from "../configs/units/bytes";
import { Cpus } from "../configs/units/cpus";
import type { HostFacts } from "../sizing/plan";
import { localCpus, localRam } from "./cgroup";
import type { Detected } from "./detected";
import { Docker } from "./docker";

/** MemTotal moves by some MB with each kernel; a plan must not. */
const RAM_STEP = Bytes.mib(256);
/** As timescaledb-tune: what differs by less than 5 % from the last run is the same machine. */
const TOLERANCE = 0.05;
const API_TIMEOUT_MS = 3000;

interface EngineInfo {
  readonly MemTotal: number;
  readonly NCPU: number;
}

const DEFAULT_SOCKET = "unix:///var/run/docker.sock";

const engineOf = (environment: Environment): string =>
  environment.docker.host ?? process.env.DOCKER_HOST ?? DEFAULT_SOCKET;

/** `GET /info` of a local engine, without starting a client. */
const infoOverSocket = (socketPath: string): Promise<EngineInfo | undefined> =>
  new Promise((resolve) => {
    const sent = request({ socketPath, path: "/info", timeout: API_TIMEOUT_MS }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve(response.statusCode === 200 ? JSON.parse(text) : undefined));
    });
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => resolve(undefined));
    sent.end();
  });

const engineInfo = async (environment: Environment): Promise<EngineInfo | undefined> => {
  const engine = engineOf(environment);
  if (engine.startsWith("unix://")) return infoOverSocket(engine.slice("unix://".length));
  const { code, stdout } = await new Docker(environment.docker.host).run(["info", "--format", "{{json .}}"]);
  return code === 0 ? JSON.parse(stdout) : undefined;
};

const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= TOLERANCE * b;

/**
 * Facts about the machine that the environment is deployed on: declared, of a profile, or read from the target engine
 * (this machine, within its cgroup limits, where no engine answers). What was detected before and is still near stays.
 */
export const hostFacts = async (
  environment: Environment,
  before: Detected,
): Promise<{ readonly facts: HostFacts; readonly detected: Detected }> => {
  const wanted = environment.hardware;
  if (wanted.kind === "declared") {
    return { facts: { ram: wanted.ram, cpus: wanted.cpus, disk: wanted.disk, source: "declared" }, detected: {} };
  }
  if (wanted.kind === "profile") {
    const { ram, cpus, disk } = loadProfile(wanted.name);
    return { facts: { ram, cpus, disk, source: `profile ${wanted.name}` }, detected: {} };
  }
  const info = await engineInfo(environment);
  const found = info
    ? { ram: Bytes.of(info.MemTotal), cpus: Cpus.of(info.NCPU), source: `detected on ${engineOf(environment)}` }
    : { ram: localRam(), cpus: localCpus(), source: "detected on this machine" };
  const { ram_bytes, cpus } = before;
  const same = ram_bytes !== undefined && cpus === found.cpus.toCores() && isNear(found.ram.toBytes(), ram_bytes);
  const ram = same ? Bytes.of(ram_bytes) : found.ram.floorTo(RAM_STEP);
  return {
    facts: { ram, cpus: found.cpus, disk: wanted.disk, source: found.source },
    detected: { ram_bytes: ram.toBytes(), cpus: found.cpus.toCores() },
  };
};
