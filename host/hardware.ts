import { request } from "node:http";
import type { Environment } from "../configs/environment";
import { loadProfile } from "../configs/profile";
import { Bytes } from "../configs/units/bytes";
import { Cpus } from "../configs/units/cpus";
import { UserError } from "../configs/user-error";
import type { HostFacts } from "../sizing/plan";
import { localCpus, localRam } from "./cgroup";
import type { Detected } from "./detected";
import { dockerOf, type Engine, engineOf } from "./engine";

/** MemTotal moves by some MB with each kernel; a plan must not. */
const RAM_STEP = Bytes.mib(256);
/** As timescaledb-tune: what differs by less than 5 % from the last run is the same machine. */
const TOLERANCE = 0.05;
const API_TIMEOUT_MS = 3000;
/** A client may have to log in over SSH first. */
const CLIENT_TIMEOUT_MS = 20_000;

interface EngineInfo {
  readonly MemTotal: number;
  readonly NCPU: number;
}

/** What an engine says of its machine, or why it does not. */
type Answer = EngineInfo | { readonly why: string };

/** An engine that is not there has no memory, and a proxy in its place may say anything. */
const answerOf = (text: string): Answer => {
  try {
    const info: EngineInfo = JSON.parse(text);
    if (info.MemTotal > 0 && info.NCPU > 0) return info;
  } catch {
    // Said below.
  }
  return { why: "no answer of a Docker engine" };
};

/** `GET /info` of a local engine, without starting a client. */
const infoOverSocket = (socketPath: string): Promise<Answer> =>
  new Promise((resolve) => {
    const sent = request({ socketPath, path: "/info", timeout: API_TIMEOUT_MS }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve(response.statusCode === 200 ? answerOf(text) : { why: `HTTP status ${response.statusCode}` }),
      );
    });
    sent.on("timeout", () => sent.destroy(new Error(`silent for ${API_TIMEOUT_MS / 1000} s`)));
    sent.on("error", (error: NodeJS.ErrnoException) => resolve({ why: error.code ?? error.message }));
    sent.end();
  });

const infoOf = async (engine: Engine): Promise<Answer> => {
  if (engine.address.startsWith("unix://")) return infoOverSocket(engine.address.slice("unix://".length));
  const { code, stdout, stderr } = await dockerOf(engine).run(["info", "--format", "{{json .}}"], {
    timeoutMs: CLIENT_TIMEOUT_MS,
  });
  return code === 0 ? answerOf(stdout) : { why: stderr.trim() || `silent for ${CLIENT_TIMEOUT_MS / 1000} s` };
};

interface Machine {
  readonly ram: Bytes;
  readonly cpus: Cpus;
  readonly source: string;
}

/** @throws UserError when an engine that was named does not answer: another machine's figures would be wrong for it */
const detect = async (environment: Environment): Promise<Machine> => {
  const engine = await engineOf(environment);
  const { address, namedBy } = engine;
  const answer = await infoOf(engine);
  if (!("why" in answer)) {
    return { ram: Bytes.of(answer.MemTotal), cpus: Cpus.of(answer.NCPU), source: `detected on ${address}` };
  }
  if (namedBy === undefined) return { ram: localRam(), cpus: localCpus(), source: "detected on this machine" };
  throw new UserError(
    `no Docker engine answers on ${address} (${namedBy}), whose hardware the budget needs: ${answer.why}\nStart it, or ` +
      `declare \`hardware\` with \`ram\` and \`cpus\` in ${environment.file}; nothing was changed`,
  );
};

const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= TOLERANCE * b;

/**
 * Facts about the machine that the environment is deployed on: declared, of a profile, or read from the target engine
 * (this machine, within its cgroup limits, where none was named and none answers). What was detected before and is still
 * near stays.
 * @throws UserError when an engine that was named does not answer
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
  const found = await detect(environment);
  const { ram_bytes, cpus } = before;
  const same = ram_bytes !== undefined && cpus === found.cpus.toCores() && isNear(found.ram.toBytes(), ram_bytes);
  const ram = same ? Bytes.of(ram_bytes) : found.ram.floorTo(RAM_STEP);
  return {
    facts: { ram, cpus: found.cpus, disk: wanted.disk, source: found.source },
    detected: { ram_bytes: ram.toBytes(), cpus: found.cpus.toCores() },
  };
};
