import type { Message } from "./terraform";

/** Things that are part of a service and say nothing to a person. */
const QUIET =
  /^(docker_volume\.config_|docker_container\.seed_|random_|terraform_data|docker_container\.synapse_media_owner)/;

const label = (address: string): string => address.slice(address.indexOf(".") + 1).replaceAll("_", "-");

/** Prints what Terraform is at, one line a resource, to stderr: stdout belongs to results. */
export const printProgress = (message: Message): void => {
  const { type, hook } = message;
  const address = hook?.resource?.addr;
  if (address === undefined || QUIET.test(address)) return;
  const seconds = hook?.elapsed_seconds;
  const isContainer = address.startsWith("docker_container.");
  if (type === "apply_start" && hook?.action === "create" && isContainer) {
    console.error(`  ${label(address)}: starting`);
  } else if (type === "apply_complete") {
    const done = { create: isContainer ? "healthy" : "made", update: "changed", delete: "removed" }[hook?.action ?? ""];
    if (done) console.error(`  ${label(address)}: ${done}${seconds ? ` after ${seconds} s` : ""}`);
  } else if (type === "apply_progress" && isContainer && seconds !== undefined && seconds % 20 === 0) {
    const what = hook?.action === "delete" ? "still stopping" : "not healthy yet";
    console.error(`  ${label(address)}: ${what} after ${seconds} s`);
  }
};
