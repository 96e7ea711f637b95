import type { Environment } from "../configs/environment";
import { UserError } from "../configs/user-error";
import { STATE_DIR } from "../host/detected";
import type { Docker } from "../host/docker";
import { lastWords } from "./last-words";
import { type Terraform, TerraformError } from "./terraform";

interface Known {
  readonly pattern: RegExp;
  readonly explain: (match: RegExpExecArray, environment: Environment, docker: Docker) => string;
}

/** Where the state of an environment lies, for people. */
const stateOf = ({ name, state }: Environment): string =>
  `the state of \`${name}\` (${state.backend === "local" ? localState(name) : `backend \`${state.backend}\``})`;

/** Where each environment's configuration for Terraform lies. */
const STACKS = "cdktf.out/stacks";

const localState = (name: string): string => `${STATE_DIR}/${name}.tfstate`;

/** The engine's and Terraform's words for what an operator can mend. */
const KNOWN: readonly Known[] = [
  {
    pattern: /created by ((?:Terraform|OpenTofu) v?[\d.]*\d)/i,
    explain: ([, release], environment) =>
      `${stateOf(environment)} was written by ${release}: install that release or a newer one`,
  },
  {
    pattern: /(The state file (?:could not be|does not have)[\s\S]*?)\.?\s*(?:- |$)/,
    explain: ([, words], environment) => {
      const backup = `; Terraform's own from before the last change is ${localState(environment.name)}.backup`;
      return `${stateOf(environment)} is damaged: ${words}. Put a whole copy in its place${environment.state.backend === "local" ? backup : ""}. Nothing was changed`;
    },
  },
  {
    pattern: /Error (?:refreshing|loading) state: ([\s\S]*)/,
    explain: ([, words], environment) =>
      `${stateOf(environment)} cannot be read: ${words?.trim()}. Check \`state\` in ${environment.file}, and the credentials in the environment`,
  },
  {
    pattern:
      /Cannot connect to the Docker daemon|Error pinging Docker server|connection refused|docker daemon is not running|: (?:unexpected )?EOF\b/i,
    explain: (_match, _environment, docker) =>
      `the Docker engine${docker.host ? ` at ${docker.host}` : ""} does not answer: start it and run the same command again, it goes on where it stopped`,
  },
  {
    pattern: /port is already allocated|address already in use|Ports are not available/i,
    explain: ({ input }, { listen, monitoring: { grafana } }) => {
      const inGrafana = new RegExp(`${grafana.address.replaceAll(".", "\\.")}:${grafana.port}(?!\\d)`).test(input);
      const [{ address, port }, key] = inGrafana ? [grafana, "monitoring.grafana.port"] : [listen, "listen.port"];
      return `port ${address}:${port} is taken: stop what listens there, or set \`${key}\` to another`;
    },
  },
  {
    pattern: /Pool overlaps with other one|invalid pool request/i,
    explain: (_, { docker }) =>
      `\`docker.network\` ${docker.network} overlaps with another network of this engine: set it to a free /22`,
  },
  {
    pattern: /no space left on device/i,
    explain: () =>
      "the disk of the Docker engine is full: free some space (`docker system df` shows what holds it) and run the same command again",
  },
  {
    pattern: /unable to pull image ([^\s:]+(?::[^\s:]+)?)|No such image: (\S+)/i,
    explain: (match) =>
      `image ${match[1] ?? match[2]} is not there and cannot be pulled: check its name and the registry, or set \`images: local\` to build it here`,
  },
  {
    pattern: /error setting rlimits?.*(?:type 7|RLIMIT_NOFILE)/i,
    explain: () =>
      "the Docker engine itself may open fewer files than the budget gives a container: raise its limit (`LimitNOFILE` of the docker service) and run the same command again",
  },
  {
    pattern: /Failed to (?:query available provider packages|install provider)[\s\S]*/i,
    explain: ({ input }) =>
      `${input.trim()}\nWhere no provider registry can be reached, \`npm start\` builds the providers here`,
  },
  {
    pattern: /Backend (?:configuration|type) changed|Backend initialization required|previously set backend/i,
    explain: (_, { name, file }) =>
      `\`state\` names another place than the one that this folder worked with: move the state there first (\`-chdir=${STACKS}/${name} init -migrate-state\` ` +
      `of Terraform or OpenTofu does), or set \`state\` in ${file} back; nothing was changed`,
  },
  {
    pattern: /Error acquiring the state lock|state lock/i,
    explain: () => "another run holds the lock of this environment's state: wait for it to end",
  },
  {
    pattern: /cannot be destroyed|prevent_destroy/i,
    explain: () => "the change would destroy something that is stored (a data volume or a secret); nothing was done",
  },
];

/** What a failure is explained with. */
export interface FailureContext {
  readonly environment: Environment;
  readonly docker: Docker;
  readonly terraform?: Pick<Terraform, "serverName" | "stopped">;
}

const isServerNameRefusal = (text: string): boolean =>
  text.includes("terraform_data.server_name") && text.includes("prevent_destroy");

const otherServerName = async ({ environment, terraform }: FailureContext): Promise<string> => {
  const { name, serverName } = environment;
  return (
    `\`server_name\` is ${serverName}, and this environment was deployed as ${(await terraform?.serverName()) ?? "another"}: it is part ` +
    "of every user and room id in the database and can never be changed. Set it back, or make another environment; if " +
    `nothing of it is needed, run \`synapse-kit destroy ${name} --data\` first. Nothing was changed`
  );
};

/**
 * One message for whatever ended a run of Terraform: what it means and what to do, the log of a container that did not
 * become healthy, and Terraform's own words where the kit knows no better.
 */
export const explainFailure = async (error: unknown, context: FailureContext): Promise<unknown> => {
  // What else fails then, fails because of it: a Ctrl-C reaches Docker's client too.
  if (context.terraform?.stopped) return context.terraform.stopped;
  if (!(error instanceof TerraformError)) return error;
  const { environment, docker } = context;
  const messages: string[] = [];
  for (const { summary, detail, address } of error.diagnostics) {
    const text = `${summary} ${detail ?? ""}`;
    if (/failed to be in healthy state/i.test(text) && address !== undefined) {
      const service = address.slice(address.indexOf(".") + 1).replaceAll("_", "-");
      const container = `${environment.name}-${service}`;
      messages.push(`${service} did not become healthy; its last words:\n${await lastWords(docker, container)}`);
      continue;
    }
    if (isServerNameRefusal(text)) {
      messages.push(await otherServerName(context));
      continue;
    }
    const known = KNOWN.map(({ pattern, explain }) => {
      const match = pattern.exec(text);
      return match && explain(match, environment, docker);
    }).find((message) => message !== null);
    messages.push(known ?? text.trim());
  }
  return new UserError([...new Set(messages)].join("\n"));
};
