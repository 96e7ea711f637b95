import { alertProblems } from "./check-alerts";
import { imageProblems, workerProblems } from "./check-workers";
import type { Environment } from "./environment";
import { positionsIn } from "./place";
import { atKey, type Problem, problemsOf, property } from "./problems";
import { resolveEnvironment, versionsOf } from "./resolve";
import { type EnvironmentFile, environmentSchema } from "./schema/environment-file";
import { isSecretFile, takesPath } from "./secret-file";
import { checkSettings } from "./settings/check";
import { BACKEND_CREDENTIALS, BACKEND_SETTINGS } from "./state-backends";
import { UserError } from "./user-error";
import { versionInTag } from "./versions";
import { type Path, parseYaml, type YamlDocument } from "./yaml-document";

/** Compiling a validator costs more than one file takes: commands have to answer at once. */
const ONCE = { jitless: true } as const;

/** What no single key shows. */
const crossChecks = (file: EnvironmentFile): Problem[] => {
  const { hardware, expected, synapse, state } = file;
  const problems: Problem[] = [];
  if (typeof hardware === "object" && (hardware.ram === undefined) !== (hardware.cpus === undefined)) {
    const [given, other] = hardware.ram === undefined ? ["cpus", "ram"] : ["ram", "cpus"];
    problems.push(
      atKey(["hardware", given], `needs \`${other}\` beside it: say both, or none to read them from the host`),
    );
  }
  if (synapse.federation_domain_whitelist !== undefined && expected.federation !== "small") {
    const message = `goes with \`expected.federation: small\`, which is \`${expected.federation}\` here`;
    problems.push(atKey(["synapse", "federation_domain_whitelist"], message));
  }
  if (state.backend === "local" && Object.keys(state.config).length > 0) {
    problems.push(
      atKey(["state", "config"], "the backend `local` has no settings: its file is `state/<environment>.tfstate`"),
    );
  }
  problems.push(...versionProblems(file), ...postgresTagProblem(file));
  if (state.backend !== "local") problems.push(...backendProblems(state.backend, Object.keys(state.config)));
  problems.push(...workerProblems(synapse), ...imageProblems(file), ...alertProblems(file));
  return problems;
};

const backendProblems = (backend: keyof typeof BACKEND_SETTINGS, keys: readonly string[]): Problem[] =>
  keys
    .filter((key) => !BACKEND_SETTINGS[backend].includes(key))
    .map((key) => {
      const allowed = `allowed with \`${backend}\`: ${BACKEND_SETTINGS[backend].join(", ")}`;
      return atKey(["state", "config", key], `unknown key; ${allowed}${BACKEND_CREDENTIALS[backend]}`);
    });

/** The kit's own mark: in a user's text it would be filled with a secret. */
const placeholderProblems = (value: unknown, path: Path = []): Problem[] => {
  if (typeof value === "string" && value.includes("{{secret:")) {
    return [atKey(path, "`{{secret:` stands for the kit's own secrets and cannot be written here")];
  }
  return isContainer(value)
    ? Object.entries(value).flatMap(([key, inner]) =>
        placeholderProblems(inner, [...path, Array.isArray(value) ? Number(key) : key]),
      )
    : [];
};

const settingProblems = (file: EnvironmentFile): Problem[] => {
  const { pgbouncer, redis, nginx } = versionsOf(file);
  return checkSettings({
    ...file,
    pgbouncer: { ...file.pgbouncer, version: pgbouncer.version },
    redis: { ...file.redis, version: redis.version },
    nginx: { ...file.nginx, version: nginx.version },
  }).map(({ path, message }) => atKey(path, message));
};

const versionProblems = (file: EnvironmentFile): Problem[] =>
  Object.entries(versionsOf(file)).flatMap(([program, answer]) =>
    "problem" in answer
      ? [atKey(answer.at === "image" ? ["images", program] : [program, "version"], answer.problem)]
      : [],
  );

/** Two majors would share a data volume under the name of one. */
const postgresTagProblem = ({ images, postgres }: EnvironmentFile): Problem[] => {
  const reference = typeof images === "string" ? undefined : images.postgres;
  const major = Number.parseInt((reference && versionInTag(reference)) ?? "", 10);
  if (Number.isNaN(major) || major === postgres.version) return [];
  const message = `the tag says Postgres ${major}, and \`postgres.version\` is ${postgres.version}: make both the same`;
  return [atKey(["images", "postgres"], message)];
};

/**
 * What is wrong with a file that `{secret_file: …}` names; `inline` when its text becomes a value.
 * @returns undefined when nothing is
 */
export type CheckSecretFile = (path: string, inline: boolean) => string | undefined;

const secretFileProblems = ({ synapse, monitoring }: EnvironmentFile, check: CheckSecretFile): Problem[] => {
  const visit = (path: Path, value: unknown): Problem[] => {
    if (isSecretFile(value)) {
      const message = check(value.secret_file, !takesPath(path));
      return message === undefined ? [] : [atKey(path, message)];
    }
    return isContainer(value)
      ? Object.entries(value).flatMap(([key, inner]) =>
          visit([...path, Array.isArray(value) ? Number(key) : key], inner),
        )
      : [];
  };
  return [...visit(["synapse", "settings"], synapse.settings), ...visit(["monitoring", "alerts"], monitoring.alerts)];
};

const isContainer = (value: unknown): value is Record<string | number, unknown> =>
  typeof value === "object" && value !== null;

/** A copy without what stands at the paths. */
const without = (value: unknown, paths: readonly Path[]): unknown => {
  if (!isContainer(value)) return value;
  const kept = Object.entries(value).filter(
    ([key]) => !paths.some((path) => path.length === 1 && `${path[0]}` === key),
  );
  const copies = kept.map(([key, inner]): [string, unknown] => {
    const below = paths.filter((path) => path.length > 1 && `${path[0]}` === key).map((path) => path.slice(1));
    return [key, below.length > 0 ? without(inner, below) : inner];
  });
  return Array.isArray(value) ? copies.map(([, inner]) => inner) : Object.fromEntries(copies);
};

const startsWith = (path: Path, start: Path): boolean => start.every((part, index) => part === path[index]);

/** All mistakes at once: what the schema refuses is left out, so that the rest can be checked too. */
const problemsWithRest = (value: object, refused: readonly Problem[]): Problem[] => {
  const paths = refused.map(({ path }) => path);
  const rest = environmentSchema.safeParse({ ...(without(value, paths) as object), server_name: "example.com" }, ONCE);
  if (!rest.success) return [...refused];
  // A section with a mistake is not judged as a whole: what was left out would be taken for missing.
  const sections = new Set(paths.map(([section]) => section));
  return [
    ...refused,
    // What is wrong with an image may be said by a key of its program's section.
    ...crossChecks(rest.data).filter(({ path }) => !path.slice(0, 2).some((part) => sections.has(part))),
    ...settingProblems(rest.data).filter(({ path }) => !paths.some((known) => startsWith(path, known))),
  ];
};

/** One line a mistake, in the order of the file. */
const report = (problems: readonly Problem[], document: YamlDocument, file: string): string =>
  problems
    .map(({ path, part, message }) => ({ ...document.find(path, part), path, message }))
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, column, path, message }) => `${file}:${line}:${column}: \`${property(path)}\`: ${message}`)
    .join("\n");

/**
 * The model of a YAML text.
 * @param file - named in messages
 * @param checkSecretFile - looks at the files that hold secrets; without it they are taken for good
 * @throws UserError with one line a mistake: file, line, column, property, what is wrong, what is allowed
 */
export const parseEnvironment = (
  text: string,
  name: string,
  file: string,
  checkSecretFile: CheckSecretFile = () => undefined,
): Environment => {
  const document = parseYaml(text, file);
  const { value } = document;
  const checked = environmentSchema.safeParse(value, ONCE);
  if (!checked.success) {
    const refused = checked.error.issues.flatMap((issue) => problemsOf(issue, environmentSchema, value));
    throw new UserError(report(problemsWithRest(value, refused), document, file));
  }
  const problems = [...crossChecks(checked.data), ...settingProblems(checked.data), ...placeholderProblems(value)];
  if (problems.length === 0) problems.push(...secretFileProblems(checked.data, checkSecretFile));
  if (problems.length > 0) throw new UserError(report(problems, document, file));
  return resolveEnvironment(name, file, checked.data, positionsIn(document));
};
