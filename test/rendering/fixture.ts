import { defaultEnvironment } from "../../configs/default-environment";
import type { Environment, NginxModel, SynapseModel, WorkerLayoutName } from "../../configs/environment";
import { WORKER_LAYOUTS } from "../../configs/environment";
import { Bytes } from "../../configs/units/bytes";
import { Cpus } from "../../configs/units/cpus";
import type { HostFacts, Plan } from "../../sizing/plan";
import { solve } from "../../sizing/solve";

export const LAYOUT_NAMES = WORKER_LAYOUTS;

interface Changes extends Partial<Omit<Environment, "synapse" | "nginx">> {
  readonly synapse?: Partial<SynapseModel>;
  readonly nginx?: Partial<NginxModel>;
}

/** All defaults but for the changes. */
export const environment = (changes: Changes = {}): Environment => {
  const base = defaultEnvironment("test");
  return {
    ...base,
    docker: { network: "10.89.4.0/22" },
    ...changes,
    synapse: { ...base.synapse, ...changes.synapse },
    nginx: { ...base.nginx, ...changes.nginx },
  };
};

/** A machine on which every layout fits. */
export const HOST: HostFacts = {
  ram: Bytes.gib(64),
  cpus: Cpus.of(16),
  disk: { kind: "nvme", size: Bytes.gib(500) },
  source: "declared",
};

/** The plan for a layout, whatever the machine would suggest. */
export const planFor = (layout: WorkerLayoutName, env: Environment = environment(), host: HostFacts = HOST): Plan =>
  solve({ ...env, synapse: { ...env.synapse, workers: layout } }, host);
