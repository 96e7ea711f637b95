import { explainFailure } from "../../cli/failure";
import { TerraformError } from "../../cli/terraform";
import { parseEnvironment } from "../../configs/parse-environment";
import { UserError } from "../../configs/user-error";
import { Docker } from "../../host/docker";

const environment = (yaml = "") => parseEnvironment(`server_name: example.org\n${yaml}`, "chat", "chat.yaml");

const messageOf = async (summary: string, detail = "", yaml = ""): Promise<string> => {
  const error = new TerraformError([{ severity: "error", summary, detail }]);
  const explained = await explainFailure(error, { environment: environment(yaml), docker: new Docker() });
  expect(explained).toBeInstanceOf(UserError);
  return (explained as UserError).message;
};

/** Words of Terraform 1.11.4. */
const DAMAGED =
  "Error: Error refreshing state: 2 problems: - Unsupported state file format: The state file could not be parsed as JSON: syntax error at byte offset 21.";
const S3 = "state: {backend: s3, config: {bucket: b, key: k, region: r}}\n";

describe("a state that cannot be read", () => {
  it("when damaged, is to be put back from a copy", async () => {
    expect(await messageOf(DAMAGED)).toBe(
      "the state of `chat` (state/chat.tfstate) is damaged: The state file could not be parsed as JSON: syntax error at byte offset 21. " +
        "Put a whole copy in its place; Terraform's own from before the last change is state/chat.tfstate.backup. Nothing was changed",
    );
    expect(await messageOf("Failed to read state file", "The state file could not be read: unexpected EOF")).toContain(
      "is damaged: The state file could not be read: unexpected EOF. Put a whole copy",
    );
  });

  it("names no file of this machine where a remote backend keeps it", async () => {
    const message = await messageOf(DAMAGED, "", S3);
    expect(message).toContain("the state of `chat` (backend `s3`) is damaged");
    expect(message).not.toContain("tfstate");
  });

  it("when written by a newer release, asks for that release", async () => {
    expect(
      await messageOf(
        "Error: Error refreshing state: Unsupported state file format: The state file uses format version 99, which is not supported by Terraform 1.11.4. This state file was created by Terraform 9.9.9.",
      ),
    ).toBe(
      "the state of `chat` (state/chat.tfstate) was written by Terraform 9.9.9: install that release or a newer one",
    );
  });

  it("when its backend fails, is no matter of the Docker engine", async () => {
    expect(
      await messageOf('Error: Error refreshing state: Get "http://127.0.0.1:9/state": connection refused', "", S3),
    ).toBe(
      'the state of `chat` (backend `s3`) cannot be read: Get "http://127.0.0.1:9/state": connection refused. Check `state` in chat.yaml, and the credentials in the environment',
    );
  });
});

describe("a port that is taken", () => {
  it.each([
    ["Bind for 127.0.0.1:3000 failed: port is already allocated", "127.0.0.1:3000", "monitoring.grafana.port"],
    ["listen tcp4 127.0.0.1:8080: bind: address already in use", "127.0.0.1:8080", "listen.port"],
    ["listen tcp4 127.0.0.1:30001: bind: address already in use", "127.0.0.1:30001", "listen.port"],
  ])("is named with its key: %s", async (words, place, key) => {
    const yaml = `listen: {port: ${place.split(":")[1]}}\n`;
    expect(await messageOf(words, "", key === "listen.port" ? yaml : "")).toBe(
      `port ${place} is taken: stop what listens there, or set \`${key}\` to another`,
    );
  });
});

describe("an engine that is gone", () => {
  it.each([
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock",
    'Error making request: Post "http://%2Fvar%2Frun%2Fdocker.sock/v1.41/containers/create": EOF',
  ])("is to be started: %s", async (summary) => {
    expect(await messageOf(summary)).toMatch(/^the Docker engine does not answer: start it/);
  });

  it("is not seen in every word with these three letters", async () => {
    expect(await messageOf("Invalid value", "geoffrey is no user")).toBe("Invalid value geoffrey is no user");
  });
});

test("an interruption is all there is to say, whatever failed because of it", async () => {
  const stopped = new UserError("interrupted");
  const context = {
    environment: environment(),
    docker: new Docker(),
    terraform: { serverName: async () => undefined, stopped },
  };
  for (const error of [new UserError("the new configuration of nginx is refused"), new TerraformError([])]) {
    expect(await explainFailure(error, context)).toBe(stopped);
  }
});

describe("another server name", () => {
  const TERRAFORM =
    "Resource terraform_data.server_name has lifecycle.prevent_destroy set, but the plan calls for this resource to be destroyed.";
  const OPENTOFU =
    "Resource instance terraform_data.server_name has prevent_destroy set, but the plan calls for it to be destroyed.";
  const refused = (deployedAs?: string, detail = TERRAFORM) =>
    explainFailure(new TerraformError([{ severity: "error", summary: "Instance cannot be destroyed", detail }]), {
      environment: environment(),
      docker: new Docker(),
      terraform: { serverName: async () => deployedAs, stopped: undefined },
    });

  it.each([TERRAFORM, OPENTOFU])("is refused, with the one that the state knows: %s", async (detail) => {
    expect(await refused("other.example", detail)).toMatchObject({
      message:
        "`server_name` is example.org, and this environment was deployed as other.example: it is part of every user and room id in " +
        "the database and can never be changed. Set it back, or make another environment; if nothing of it is needed, run " +
        "`synapse-kit destroy chat --data` first. Nothing was changed",
    });
  });

  it("is refused all the same when the state does not tell", async () => {
    expect(await refused()).toMatchObject({ message: expect.stringContaining("was deployed as another:") });
  });

  it("is not what any other loss is taken for", async () => {
    expect(
      await messageOf(
        "Instance cannot be destroyed",
        "Resource docker_volume.postgres_data has lifecycle.prevent_destroy set",
      ),
    ).toContain("would destroy something that is stored");
  });
});

describe("a failed setup", () => {
  it("names the way without a registry when providers are what is missing", async () => {
    const advice = "Where no provider registry can be reached, `npm start` builds the providers here";
    expect(await messageOf("Error: Failed to query available provider packages Could not retrieve the list")).toBe(
      `Error: Failed to query available provider packages Could not retrieve the list\n${advice}`,
    );
    expect(await messageOf("Error: Failed to install provider Error while installing kreuzwerker/docker")).toContain(
      advice,
    );
    expect(await messageOf('Error: Backend initialization required: "x"')).not.toContain(advice);
  });
});
