#!/usr/bin/env node
import { Command, CommanderError, Option } from "commander";
import { packageRoot } from "../configs/package-root";
import { UserError } from "../configs/user-error";
import { packageVersion } from "./version";

/** Documented in docs/cli.md. */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

// Each command is loaded when it runs: `--help` and `size` must not wait for cdktf.
const program = new Command("synapse-kit")
  .description("Deploys a sized Matrix Synapse with workers, from one short YAML file per environment")
  .version(packageVersion(packageRoot()))
  .showHelpAfterError("(run with --help for what is allowed)")
  .exitOverride();

program
  .command("size")
  .argument("[env]", "name under configs/environments/, or a path to a YAML file")
  .description("show the budget of the whole box, with the reason for each number")
  .option("--ram <size>", "instead of an environment: RAM, as in 4GB")
  .option("--cpus <count>", "instead of an environment: CPUs, as in 2 or 1.5")
  .option("--explain <setting>", "how one number was found, as in postgres.work_mem")
  .option("--json", "for scripts")
  .action(async (env, options) => {
    const { size } = require("./commands/size") as typeof import("./commands/size");
    await size(env, options);
  });

program
  .command("render")
  .argument("<env>", "name or path")
  .description("write every rendered configuration file, to read or check")
  .requiredOption("--out <dir>", "folder to write <service>/<file> into")
  .action(async (env, options) => {
    const { render } = require("./commands/render") as typeof import("./commands/render");
    await render(env, options);
  });

program
  .command("routes")
  .argument("<env>", "name or path")
  .description("show which process gets which request, in matching order")
  .option("--json", "for scripts")
  .option(
    "--explain <request...>",
    "where one request goes and why: method and path, as in GET /_matrix/client/versions",
  )
  .option("--user <name>", "with --explain: who sends it, where that chooses the process")
  .option("--origin <server>", "with --explain: which server sends it, where that chooses the process")
  .action(async (env, options) => {
    const { routes } = require("./commands/routes") as typeof import("./commands/routes");
    await routes(env, options);
  });

program
  .command("synth")
  .argument("[env...]", "names or paths; all of configs/environments/ when left out")
  .description("write the Terraform configuration")
  .action(async (envs) => {
    const { synth } = require("./commands/synth") as typeof import("./commands/synth");
    await synth(envs);
  });

program
  .command("plan")
  .argument("<env>", "name or path")
  .description("say what a deployment would replace, restart and keep")
  .option("--json", "for scripts")
  .option("--detailed-exitcode", "exit with 2 when there are changes")
  .action(async (env, options) => {
    const { plan } = require("./commands/plan") as typeof import("./commands/plan");
    await plan(env, options);
  });

program
  .command("deploy")
  .argument("<env>", "name or path")
  .description("bring the environment up, or to what its file says now")
  .action(async (env) => {
    const { deploy } = require("./commands/deploy") as typeof import("./commands/deploy");
    await deploy(env);
  });

program
  .command("destroy")
  .argument("<env>", "name or path")
  .description("take the containers down; data and secrets stay")
  .option("--data", "remove the data and secrets too, after a typed confirmation")
  .action(async (env, options) => {
    const { destroy } = require("./commands/destroy") as typeof import("./commands/destroy");
    await destroy(env, options);
  });

program
  .command("status")
  .argument("<env>", "name or path")
  .description("how each service is, and what fires; exit code 1 when one is not healthy")
  .option("--watch", "again every two seconds, until Ctrl-C")
  .option("--json", "for scripts")
  .action(async (env, options) => {
    const { status } = require("./commands/status") as typeof import("./commands/status");
    await status(env, options);
  });

program
  .command("logs")
  .argument("<env>", "name or path")
  .argument("[service]", "one service, as `status` names it")
  .description("show what the services wrote")
  .option("--follow", "go on as more is written")
  .option("--tail <lines>", "lines from the end", "100")
  .action(async (env, service, options) => {
    const { logs } = require("./commands/logs") as typeof import("./commands/logs");
    await logs(env, service, options);
  });

program
  .command("compress")
  .argument("<env>", "name or path")
  .description("store the state of rooms in fewer rows now, as the schedule does")
  .addOption(new Option("--room <id>", "this room alone, from its first state group on").conflicts("groups"))
  .option("--groups <range>", "these state groups alone, as in 1000-2000")
  .addOption(new Option("--dry-run", "say what would be saved, and change nothing").conflicts("sql"))
  .option("--sql <file>", "write SQL transactions to review into a new file, and change nothing")
  .option("--chunk-size <groups>", "state groups that are worked on at a time")
  .option("--chunks <count>", "at most so many chunks")
  .option("--levels <list>", "longest chain of each level, as in 100,50,25")
  .option("--json", "for scripts")
  .action(async (env, options) => {
    const { compress } = require("./commands/compress") as typeof import("./commands/compress");
    await compress(env, options);
  });

program
  .command("user")
  .description("accounts")
  .command("add")
  .argument("<env>", "name or path")
  .argument("<name>", "localpart, without @ and server name")
  .description("make an account; prints a new password unless one is given")
  .option("--admin", "may use the admin API")
  .option("--password-stdin", "read the password from stdin")
  .option("--json", "for scripts")
  .action(async (env, name, options) => {
    const { userAdd } = require("./commands/user-add") as typeof import("./commands/user-add");
    await userAdd(env, name, options);
  });

/** The operating system names the file and what is wrong with it; anything else is a fault of the kit. */
const messageOf = (error: unknown): string => {
  if (UserError.is(error)) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== undefined && /^E[A-Z]+$/.test(code)) return message;
  return `this is a fault of synapse-kit, please report it: ${message}`;
};

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
    return;
  }
  const { usage = false, exitCode = usage ? EXIT_USAGE : EXIT_FAILED } = UserError.is(error) ? error.options : {};
  process.exitCode = exitCode;
  console.error(messageOf(error));
});
