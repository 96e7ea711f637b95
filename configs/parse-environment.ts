import type { Environment } from "./environment";
import { type Problem, problemsOf } from "./problems";
import { resolveEnvironment } from "./resolve";
import { type EnvironmentFile, environmentSchema } from "./schema";
import { checkSettings } from "./settings/check";
import { UserError } from "./user-error";
import { parseYaml } from "./yaml-document";

const together: readonly [path: readonly string[], check: (file: EnvironmentFile) => string | undefined][] = [
  [
    ["hardware"],
    ({ hardware }) =>
      typeof hardware === "object" && (hardware.ram === undefined) !== (hardware.cpus === undefined)
        ? `\`ram\` and \`cpus\` belong together: give ${hardware.ram === undefined ? "`ram`" : "`cpus`"} too, or leave both to be read from the machine`
        : undefined,
  ],
  [
    ["synapse", "federation_domain_whitelist"],
    ({ expected, synapse }) =>
      synapse.federation_domain_whitelist !== undefined && expected.federation !== "small"
        ? `goes with \`expected.federation: small\`, which is ${expected.federation} here`
        : undefined,
  ],
];

/** What no single key shows. */
const crossChecks = (file: EnvironmentFile): Problem[] =>
  together.flatMap(([path, check]) => {
    const message = check(file);
    return message === undefined ? [] : [{ path, part: "key" as const, message }];
  });

const settingProblems = (file: EnvironmentFile): Problem[] =>
  checkSettings(file).map(({ path, message }) => ({ path, part: "key", message }));

/**
 * The model of a YAML text.
 * @param file - named in messages
 * @throws UserError with one line a mistake: file, line, column, property, what is wrong, what is allowed
 */
export const parseEnvironment = (text: string, name: string, file: string): Environment => {
  const document = parseYaml(text, file);
  const checked = environmentSchema.safeParse(document.value, { reportInput: true });
  const problems: Problem[] = checked.success
    ? [...crossChecks(checked.data), ...settingProblems(checked.data)]
    : checked.error.issues.flatMap((issue) => problemsOf(issue, environmentSchema, document.value));
  if (!checked.success || problems.length > 0) {
    const lines = problems.map(({ path, part, message }) => {
      const { line, column } = document.find(path, part);
      return { line, column, text: `${file}:${line}:${column}: \`${path.join(".")}\`: ${message}` };
    });
    lines.sort((a, b) => a.line - b.line || a.column - b.column);
    throw new UserError(lines.map((l) => l.text).join("\n"));
  }
  return resolveEnvironment(name, file, checked.data);
};
