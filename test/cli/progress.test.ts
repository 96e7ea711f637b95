import { printProgress } from "../../cli/progress";
import type { Message } from "../../cli/terraform";

const printed = (
  type: string,
  action: string,
  elapsed_seconds?: number,
  addr = "docker_container.synapse_main",
): string[] => {
  const lines: string[] = [];
  const error = jest.spyOn(console, "error").mockImplementation((line: string) => void lines.push(line));
  const hook = { resource: { addr }, action };
  const message: Message = {
    type,
    "@message": "",
    hook: elapsed_seconds === undefined ? hook : { ...hook, elapsed_seconds },
  };
  printProgress(message);
  error.mockRestore();
  return lines;
};

test("what is said while a container is made, and while it is removed", () => {
  expect(printed("apply_start", "create")).toEqual(["  synapse-main: starting"]);
  expect(printed("apply_progress", "create", 10)).toEqual([]);
  expect(printed("apply_progress", "create", 20)).toEqual(["  synapse-main: not healthy yet after 20 s"]);
  expect(printed("apply_complete", "create", 25)).toEqual(["  synapse-main: healthy after 25 s"]);
  expect(printed("apply_progress", "delete", 20)).toEqual(["  synapse-main: still stopping after 20 s"]);
  expect(printed("apply_complete", "delete", 25)).toEqual(["  synapse-main: removed after 25 s"]);
});

test.each([
  "docker_container.seed_chat_nginx_0123456789",
  "docker_volume.config_chat_nginx_0123456789",
  "random_password.macaroon_secret_key",
  "terraform_data.server_name",
])("nothing is said of what no person looks after: %s", (addr) => {
  expect(printed("apply_complete", "create", 1, addr)).toEqual([]);
});
