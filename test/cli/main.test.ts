import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { routes } from "../../constructs/nginx/routes";
import { routingTable } from "../../constructs/nginx/table";
import { render } from "../../constructs/render";
import { prepared, ROOT } from "../support/corpus";

const MAIN = join(ROOT, "dist", "cli", "main.js");
const YAML = "server_name: example.org\nhardware: {ram: 4GB, cpus: 2, disk: ssd}\nsynapse: {workers: two}\n";
/** Nothing answers there: commands without an engine must not need one. */
const NO_ENGINE = "unix:///nonexistent/docker.sock";

let project: string;
beforeAll(() => {
  // What runs here is compiled: `npm run build`, which the test runner does.
  expect(existsSync(MAIN)).toBe(true);
  project = mkdtempSync(join(tmpdir(), "synapse-kit-cli-"));
  mkdirSync(join(project, "configs", "environments"), { recursive: true });
  writeFileSync(join(project, "configs", "environments", "chat.yaml"), YAML);
  writeFileSync(join(project, "configs", "environments", "broken.yaml"), "server_name: a b\nlisten: {port: 0}\n");
});
afterAll(() => rmSync(project, { recursive: true }));

const kit = (...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [MAIN, ...args], {
    cwd: project,
    encoding: "utf8",
    env: { ...process.env, DOCKER_HOST: NO_ENGINE, NO_COLOR: "1" },
  });

const COMMANDS = ["size", "render", "routes", "synth", "plan", "deploy", "destroy", "status", "logs", "user"];

describe("help", () => {
  it("names every command on stdout, and ends well", () => {
    const { status, stdout, stderr } = kit("--help");
    expect([status, stderr]).toEqual([0, ""]);
    const listed = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1]);
    expect(listed).toEqual(expect.arrayContaining(COMMANDS));
  });

  it.each(COMMANDS)("is there for each command: %s", (command) => {
    const { status, stdout, stderr } = kit(command, "--help");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(new RegExp(`^Usage: synapse-kit ${command}\\b`));
  });

  it("is what no command at all gives, as a mistake of usage", () => {
    const { status, stdout, stderr } = kit();
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^Usage: synapse-kit/);
  });

  it("tells the version of the package", () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    expect(kit("--version").stdout).toBe(`${version}\n`);
  });
});

describe("a mistake on the command line", () => {
  it.each<[what: string, args: string[], message: RegExp]>([
    ["an unknown command", ["deplyo"], /^error: unknown command 'deplyo'\n\(Did you mean deploy\?\)/],
    ["an unknown option", ["size", "--rma", "4GB"], /^error: unknown option '--rma'\n\(Did you mean --ram\?\)/],
    ["a missing argument", ["render", "--out", "x"], /^error: missing required argument 'env'/],
    ["a missing option", ["render", "chat"], /^error: required option '--out <dir>' not specified/],
    ["an option without its value", ["size", "--ram"], /^error: option '--ram <size>' argument missing/],
    ["too many arguments", ["deploy", "a", "b"], /^error: too many arguments/],
    ["nothing to size", ["size"], /^give an environment, or both `--ram` and `--cpus`$/m],
    ["RAM without CPUs", ["size", "--ram", "4GB"], /^give an environment, or both `--ram` and `--cpus`$/m],
    [
      "an environment and RAM",
      ["size", "chat", "--ram", "4GB"],
      /^give an environment or `--ram` and `--cpus`, not both/,
    ],
    [
      "RAM without a unit",
      ["size", "--ram", "4", "--cpus", "2"],
      /^`--ram`: expected a size such as 512MB or 4GB, got "4"$/m,
    ],
    ...["two", "0", "", "0.0001", "1e9"].map((cpus): [what: string, args: string[], message: RegExp] => [
      `CPUs of ${JSON.stringify(cpus)}`,
      ["size", "--ram", "4GB", "--cpus", cpus],
      new RegExp(`^\`--cpus\`: expected a number from 0\\.25 to 1024, got "${cpus}"$`, "m"),
    ]),
    [
      "more RAM than any machine has",
      ["size", "--ram", "999999999TB", "--cpus", "2"],
      /^`--ram`: expected a size of at most 4 TB, got "999999999TB"$/m,
    ],
    ["no folder to render into", ["render", "chat", "--out", ""], /^`--out`: expected a folder, got ""$/m],
    [
      "a number that the plan does not have",
      ["size", "chat", "--explain", "postgres.wrk_mem"],
      /^the plan has no postgres\.wrk_mem; did you mean postgres\.work_mem\? It has .*postgres\.work_mem/,
    ],
    ["nothing to explain", ["size", "chat", "--explain", "nothing"], /^the plan has no nothing; it has .*postgres\.…/],
    [
      "a request without its path",
      ["routes", "chat", "--explain", "GET"],
      /^`--explain`: expected a method and a path/,
    ],
    [
      "a request of three words",
      ["routes", "chat", "--explain", "GET", "/a", "b"],
      /^`--explain`: expected a method and/,
    ],
    ["a method in small letters", ["routes", "chat", "--explain", "get", "/a"], /^expected a method in capitals/],
    ["a path without its slash", ["routes", "chat", "--explain", "GET", "a"], /^expected a path as a client sends it/],
    [
      "a user without a request",
      ["routes", "chat", "--user", "alice"],
      /^`--user` and `--origin` go with `--explain`$/m,
    ],
    ["routes of nothing", ["routes"], /^error: missing required argument 'env'/],
  ])("fails with 2 and one message: %s", (_what, args, message) => {
    const { status, stdout, stderr } = kit(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(3);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe("a mistake in an environment", () => {
  it.each<[what: string, args: string[], message: string]>([
    [
      "one that is not there",
      ["size", "caht"],
      "no environment `caht`; did you mean `chat`? There are: broken, chat\n",
    ],
    ["a file that is not there", ["size", "x/y.yaml"], "x/y.yaml: there is no such file\n"],
    [
      "a broken one",
      ["size", "broken"],
      'configs/environments/broken.yaml:1:14: `server_name`: expected a Matrix server name such as example.com, got "a b"\n' +
        "configs/environments/broken.yaml:2:16: `listen.port`: expected a port from 1 to 65535, got 0\n",
    ],
  ])("fails with 1 and the message alone: %s", (_what, args, message) => {
    const { status, stdout, stderr } = kit(...args);
    expect([status, stdout, stderr]).toEqual([1, "", message]);
  });

  it("fails with 1 and the arithmetic when the machine is too small", () => {
    const { status, stdout, stderr } = kit("size", "--ram", "300MB", "--cpus", "1");
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/the least .* is \d+ MB of RAM/);
    expect(stderr).not.toMatch(/\n\s+at |internal error/);
  });
});

describe("size", () => {
  interface Service {
    name: string;
    service: string;
    replicas: number;
    memory_limit_bytes: number;
    cpus: number;
    connections: number;
  }
  interface Report {
    profile: string;
    host: { ram_bytes: number; cpus: number; source: string };
    layout: { name: string };
    services: Service[];
    reserves: { operating_system_bytes: number; slack_bytes: number };
    left_over: { ram_bytes: number; cpus: number };
  }
  const report = (...args: string[]): Report => {
    const { status, stdout, stderr } = kit("size", ...args, "--json");
    expect([status, stderr]).toEqual([0, ""]);
    return JSON.parse(stdout);
  };

  it("prints, for scripts, the host, each service and what is left, in bytes", () => {
    const { profile, host, services, left_over } = report("--ram", "4GB", "--cpus", "2");
    expect(["small", "medium", "large", "xlarge", "xxlarge"]).toContain(profile);
    expect(host).toEqual({ ram_bytes: 4 * 1024 ** 3, cpus: 2, source: "declared" });
    expect(services.map(({ name }) => name)).toEqual([
      "postgres",
      "synapse-main",
      "nginx",
      "compressor",
      "node-exporter",
      "container-exporter",
      "postgres-exporter",
      "blackbox-exporter",
      "alertmanager",
      "prometheus",
      "grafana",
    ]);
    for (const service of services) {
      const program = service.name.startsWith("synapse-") ? "synapse" : service.name;
      expect(service).toMatchObject({ replicas: 1, service: program });
      const { memory_limit_bytes, cpus, connections } = service;
      expect([memory_limit_bytes, connections].every(Number.isSafeInteger)).toBe(true);
      expect(memory_limit_bytes > 0 && cpus > 0 && connections >= 0).toBe(true);
    }
    expect(left_over.ram_bytes).toBeGreaterThanOrEqual(0);
  });

  it("spends no more than there is: limits, reserves and what is left are the RAM of the host", () => {
    for (const [ram, cpus] of [
      ["2GB", "1"],
      ["4GB", "2"],
      ["16GB", "8"],
      ["64GB", "16"],
    ] as const) {
      const { host, services, reserves, left_over } = report("--ram", ram, "--cpus", cpus);
      const limits = services.reduce((sum, service) => sum + service.memory_limit_bytes, 0);
      const total = limits + reserves.operating_system_bytes + reserves.slack_bytes + left_over.ram_bytes;
      expect([ram, total]).toEqual([ram, host.ram_bytes]);
    }
  });

  it("reads an environment", () => {
    const { host, layout } = report("chat");
    expect([host, layout.name]).toEqual([{ ram_bytes: 4 * 1024 ** 3, cpus: 2, source: "declared" }, "two"]);
  });

  it("takes the environment by its path too", () => {
    expect(report("configs/environments/chat.yaml")).toEqual(report("chat"));
  });

  it("prints a table with a line for each service, for people", () => {
    const { status, stdout } = kit("size", "chat");
    expect(status).toBe(0);
    for (const name of ["postgres", "synapse-main", "synapse-federation1", "nginx"]) {
      expect(stdout).toMatch(new RegExp(`^${name} +\\d+ +\\d+\\.\\d\\d +\\d+$`, "m"));
    }
  });

  it("explains one number: value, rule, source", () => {
    const { status, stdout } = kit("size", "chat", "--explain", "postgres.work_mem");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^postgres\.work_mem = \S+\n {2}\S.*\n {2}source: \S/);
  });

  it("writes nothing into the project", () => {
    kit("size", "chat");
    expect(readdirSync(project)).toEqual(["configs"]);
  });
});

describe("render", () => {
  it("writes every file of every container, secrets left as placeholders, as the library renders them", () => {
    const out = join(project, "out");
    const { status, stdout, stderr } = kit("render", "chat", "--out", "out");
    expect([status, stderr]).toEqual([0, ""]);
    const { environment, plan } = prepared("chat", YAML);
    const wanted = render(environment, plan);
    expect(stdout).toBe(`${wanted.reduce((sum, { files }) => sum + files.length, 0)} files in out\n`);
    const withFiles = wanted.filter(({ files }) => files.length > 0).map(({ service }) => service);
    expect(readdirSync(out).sort()).toEqual(withFiles.sort());
    for (const { service, files } of wanted.filter(({ service: name }) => withFiles.includes(name))) {
      const written = readdirSync(join(out, service), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(join(out, service), join(entry.parentPath, entry.name)));
      expect(written.sort()).toEqual(files.map(({ path }) => path).sort());
      for (const { path, content } of files) {
        expect([service, path, readFileSync(join(out, service, path), "utf8")]).toEqual([service, path, content]);
      }
    }
    rmSync(out, { recursive: true });
  });
});

describe("routes", () => {
  const { environment, plan } = prepared("chat", YAML);

  it("prints, for scripts, the rows of the table as the library makes them", () => {
    const { status, stdout, stderr } = kit("routes", "chat", "--json");
    expect([status, stderr]).toEqual([0, ""]);
    const rows = JSON.parse(stdout);
    expect(rows).toEqual(JSON.parse(JSON.stringify(routingTable(routes(environment, plan)))));
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(
        expect.arrayContaining(["methods", "pattern", "role", "process", "key", "fallback", "reason"]),
      );
    }
  });

  it("prints a line for each row, for people", () => {
    const { status, stdout } = kit("routes", "chat");
    expect(status).toBe(0);
    expect(stdout.split("\n").filter((line) => line.includes("^/_"))).toHaveLength(routes(environment, plan).length);
  });

  it("explains one request, for people and for scripts", () => {
    const args = ["routes", "chat", "--explain", "PUT", "/_matrix/client/v3/rooms/!a:x/typing/@b:x"];
    const { status, stdout } = kit(...args);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^process {3}client1$\nrole {6}typing$/m);
    expect(JSON.parse(kit(...args, "--json").stdout)).toMatchObject({
      process: "client1",
      role: "typing",
      fallback: null,
    });
  });

  it("explains what Nginx answers itself", () => {
    const { status, stdout } = kit("routes", "chat", "--explain", "GET", "/_synapse/admin/v1/users");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^answer {4}403, by Nginx itself$/m);
  });
});

describe("cdktf, which takes long to load", () => {
  /** Runs the program, then says which packages it has loaded. */
  const loadedBy = (...args: string[]): string[] => {
    const probe = join(project, "probe.cjs");
    writeFileSync(
      probe,
      `process.on("exit", () => process.stderr.write("\\nLOADED " + Object.keys(require.cache).join("|")));\n` +
        `require(${JSON.stringify(MAIN)});\n`,
    );
    const { stderr } = spawnSync(process.execPath, [probe, ...args], {
      cwd: project,
      encoding: "utf8",
      env: { ...process.env, DOCKER_HOST: NO_ENGINE },
    });
    const files = /LOADED (.*)$/s.exec(stderr)?.[1]?.split("|") ?? [];
    return [...new Set(files.map((file) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? ""))].filter(
      Boolean,
    );
  };
  const HEAVY = ["cdktf", "constructs", "@cdktf/provider-docker", "@cdktf/provider-random"];

  it.each([
    ["--help", ["--help"]],
    ["--version", ["--version"]],
    ["size by flags", ["size", "--ram", "4GB", "--cpus", "2"]],
    ["size of an environment", ["size", "chat"]],
    ["render", ["render", "chat", "--out", "out-loaded"]],
    ["routes", ["routes", "chat"]],
    ["status without an engine", ["status", "chat"]],
    ["logs without an engine", ["logs", "chat"]],
    ["a mistake of usage", ["size", "--nonsense"]],
  ])("is not loaded by %s", (_what, args) => {
    const packages = loadedBy(...args);
    expect(packages.filter((name) => HEAVY.includes(name))).toEqual([]);
  });

  it("is seen by this test where it is needed, so that the law above means something", () => {
    writeFileSync(join(project, "pinned.yaml"), `${YAML}images: official\n`);
    expect(loadedBy("synth", "pinned.yaml")).toEqual(expect.arrayContaining(["cdktf", "constructs"]));
  });
});

describe("a command that needs an engine", () => {
  it.each([["status"], ["logs"]])("fails with 1 and one message when none answers: %s", (command) => {
    const { status, stderr } = kit(command, "chat");
    expect(status).toBe(1);
    expect(stderr).toMatch(/no Docker engine answers on unix:\/\/\/nonexistent\/docker\.sock/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
