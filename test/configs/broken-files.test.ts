import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listEnvironments, loadEnvironment } from "../../configs/load-environment";
import { parseEnvironment } from "../../configs/parse-environment";
import { UserError } from "../../configs/user-error";
import { BROKEN_FILES } from "./broken-files";

const errorOf = (act: () => unknown): Error => {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
};

describe("a file with a mistake", () => {
  it.each(BROKEN_FILES)("fails with its place and what is allowed: %s", (_mistake, yaml, ...messages) => {
    const error = errorOf(() => parseEnvironment(yaml, "test", "test.yaml"));
    expect(error).toBeInstanceOf(UserError);
    expect(error.message.split("\n")).toEqual(messages.map((message) => `test.yaml:${message}`));
  });

  it.each([
    ["of the public internet", "8.8.8.0/22"],
    ["of another's private network", "192.169.0.0/22"],
  ])("fails for a network %s, which containers could then not reach", (_which, network) => {
    const error = errorOf(() =>
      parseEnvironment(`server_name: example.com\ndocker:\n  network: ${network}\n`, "test", "test.yaml"),
    );
    expect(error.message).toBe(
      `test.yaml:3:12: \`docker.network\`: expected a private /22 such as 10.89.4.0/22, got "${network}"`,
    );
  });

  it("fails with every mistake at once, so that one round of editing is enough", () => {
    const yaml = "server_name: a b\nlisten: {port: 0, address: x}\nposgres: {}\nredis: {flavour: x, settings: []}\n";
    expect(errorOf(() => parseEnvironment(yaml, "test", "test.yaml")).message.split("\n")).toHaveLength(6);
  });
});

describe("a file that cannot be loaded", () => {
  let project: string;
  const folder = () => join(project, "configs", "environments");

  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), "synapse-kit-load-"));
    mkdirSync(folder(), { recursive: true });
  });
  afterEach(() => rmSync(project, { recursive: true }));

  const messageOf = (nameOrPath: string): string => {
    const error = errorOf(() => loadEnvironment(nameOrPath, project));
    expect(error).toBeInstanceOf(UserError);
    return error.message;
  };
  const write = (name: string, text = "server_name: example.com\n") => writeFileSync(join(folder(), name), text);

  it("fails with the environments that there are", () => {
    write("dev.yaml");
    write("staging.yaml");
    write("notes.txt");
    expect(messageOf("production")).toBe("no environment `production`; there are: dev, staging");
    expect(messageOf("stagign")).toBe("no environment `stagign`; did you mean `staging`? There are: dev, staging");
  });

  it("fails with what to write when there is none yet", () => {
    const told =
      "no environment `dev`; there is none in configs/environments/ yet: write configs/environments/dev.yaml";
    expect(messageOf("dev")).toBe(told);
    rmSync(join(project, "configs"), { recursive: true });
    expect(messageOf("dev")).toBe(told);
  });

  it("fails for a path that leads nowhere", () => {
    expect(messageOf("somewhere/else.yaml")).toBe("somewhere/else.yaml: there is no such file");
    expect(messageOf("else.yml")).toBe("else.yml: there is no such file");
  });

  it("fails for a folder in place of a file", () => {
    mkdirSync(join(folder(), "dev.yaml"));
    expect(messageOf("dev")).toBe(
      "configs/environments/dev.yaml: cannot be read: EISDIR: illegal operation on a directory, read",
    );
  });

  it("fails for a file below another file", () => {
    write("dev.yaml");
    expect(messageOf("configs/environments/dev.yaml/inner.yaml")).toMatch(
      /^configs\/environments\/dev\.yaml\/inner\.yaml: cannot be read: ENOTDIR/,
    );
  });

  it.each([
    ["a capital letter", "Dev"],
    ["a digit first", "1dev"],
    ["a dash first", "-dev"],
    ["a space", "my dev"],
    ["an underscore", "my_dev"],
    ["a dot", "dev.old"],
    ["32 letters", "a".repeat(32)],
    ["an umlaut", "dév"],
    ["nothing", ""],
  ])("fails for a name with %s", (_what, name) => {
    expect(messageOf(name)).toBe(
      `\`${name}\` is no name for an environment: small letters, digits and dashes, a letter first, 31 at most`,
    );
  });

  it("fails for a path whose file has no name for an environment", () => {
    expect(messageOf("here/My Server.yaml")).toBe(
      "`My Server` is no name for an environment: small letters, digits and dashes, a letter first, 31 at most",
    );
  });

  it("names the file in each message as the user sees it from the project", () => {
    write("dev.yaml", "server_name: 1\n");
    expect(messageOf("dev")).toMatch(/^configs\/environments\/dev\.yaml:1:14: `server_name`: /);
    expect(messageOf(join(folder(), "dev.yaml"))).toMatch(/^configs\/environments\/dev\.yaml:1:14: `server_name`: /);
  });

  it("takes a name, a relative path and an absolute path for the same environment", () => {
    write("dev.yaml");
    const [byName, byPath, byAbsolute] = ["dev", "configs/environments/dev.yaml", join(folder(), "dev.yaml")].map(
      (nameOrPath) => loadEnvironment(nameOrPath, project),
    );
    expect(byPath).toEqual(byName);
    expect(byAbsolute).toEqual(byName);
    expect(byName?.file).toBe("configs/environments/dev.yaml");
  });

  it("finds by its name whatever it lists, of either ending", () => {
    write("short.yml");
    write("long.yaml");
    const names = listEnvironments(project);
    expect(names).toEqual(["long", "short"]);
    expect(names.map((name) => loadEnvironment(name, project).name)).toEqual(names);
  });
});
