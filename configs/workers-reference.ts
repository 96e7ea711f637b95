import { isSingle, LAYOUTS, type Layout } from "./catalogue/layouts";
import { type NamedRole, ROLES } from "./catalogue/roles";
import { CHECKED_VERSIONS } from "./catalogue/versions";

export const WORKERS_REFERENCE_FILE = "docs/reference/workers.md";

const HEADER = `# Roles and layouts

What [synapse.workers](../workers.md) chooses from. Checked against Synapse ${CHECKED_VERSIONS.join(" and ")}. A role that no
worker holds is main's.

Written from the catalogue by \`node scripts/generate.mjs\`.
`;

const BALANCED: Readonly<Record<NamedRole["balancing"], string>> = {
  user: "user",
  room: "room, else user",
  origin: "asking server",
  uri: "path and query",
  none: "",
};

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

const standIn = ({ fallsBackToMain, writesTo = [], streams, endpoints }: NamedRole): string => {
  if (!fallsBackToMain) return "nobody stands in";
  const some = endpoints.flatMap((endpoint) => endpoint.writesTo ?? []);
  if (writesTo.length + some.length === 0) return "main stands in";
  const elsewhere = [...new Set([...writesTo, ...some])].filter((stream) => !streams.includes(stream));
  if (elsewhere.length === 0) return "main stands in for reads";
  const what = writesTo.length === 0 ? "some writes" : "writes";
  return `main stands in; for ${what} only where another process writes ${elsewhere.map((stream) => `\`${stream}\``).join(", ")}`;
};

const roleRow = (role: NamedRole): string => {
  const { name, summary, singleton, balancing, endpoints, since, experimental } = role;
  const isRouted = endpoints.length > 0;
  const needs = experimental === undefined ? "" : `; with \`experimental_features.${experimental}\``;
  return row([
    `\`${name}\``,
    summary,
    singleton === false ? "any number" : `one: ${singleton}`,
    isRouted && singleton === false ? BALANCED[balancing] : "",
    isRouted ? standIn(role) : "",
    `${since}${needs}`,
  ]);
};

const layoutRow = ({ name, groups, processes }: Layout): string => {
  const parts = groups.map(({ name: group, count }) => `\`${group}\`${isSingle(group) ? "" : ` × ${count}`}`);
  return row([`\`${name}\``, String(processes.length - 1), parts.join(", ")]);
};

const groupRows = ({ name, groups }: Layout): string[] =>
  groups.map((group) => row([`\`${name}\``, `\`${group.name}\``, group.roles.map((role) => `\`${role}\``).join(", ")]));

/** The reference of every role and layout, in Markdown. */
export const workersReferenceText = (): string => {
  const layouts = Object.values(LAYOUTS);
  return [
    HEADER,
    "## Roles",
    "",
    "In the order in which Nginx tries their paths.",
    "",
    row(["role", "what it does", "processes", "chosen by", "when it is down", "Synapse since"]),
    "|---|---|---|---|---|---|",
    ...ROLES.map(roleRow),
    "",
    "## Layouts",
    "",
    row(["layout", "workers", "groups"]),
    "|---|---:|---|",
    ...layouts.map(layoutRow),
    "",
    row(["layout", "group", "roles of each process"]),
    "|---|---|---|",
    ...layouts.flatMap(groupRows),
    "",
  ].join("\n");
};
