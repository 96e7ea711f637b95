import * as z from "zod";
import { MOST_WORKERS } from "../catalogue/check";
import { ROLES, type RoleName } from "../catalogue/roles";
import { WORKER_LAYOUTS } from "../environment";
import { expected, mapping, oneOf, pattern } from "./values";

/** A number follows, so a letter stands last, as in upstream's own worker script. */
const GROUP = /^[a-z](?:[a-z0-9]{0,18}[a-z])?$/;
const ROLE_NAMES = ROLES.map(({ name }) => name) as [RoleName, ...RoleName[]];
const CHOICES = ["auto", ...WORKER_LAYOUTS] as const;

const count = () => {
  const error = expected(`a whole number from 0 to ${MOST_WORKERS}`);
  return z.int({ error }).min(0, { error }).max(MOST_WORKERS, { error });
};

const group = mapping({
  roles: z
    .array(oneOf(ROLE_NAMES), { error: expected("a list of roles") })
    .min(1, { error: () => `is empty: a worker needs a role, of ${ROLE_NAMES.join(", ")}` })
    .describe("What each process of the group does"),
  count: count().default(1).describe("How many processes; 0 leaves the group out"),
});

const groups = z.record(
  pattern("a group name of small letters and digits, at most 20, a letter first and last", GROUP),
  group,
);

export const workers = z
  .union([z.enum(CHOICES), groups], {
    error: expected(
      `${CHOICES.slice(0, -1).join(", ")} or ${CHOICES.at(-1)}, or a mapping of groups, each with roles and count`,
      CHOICES,
    ),
  })
  .default("auto")
  .describe(
    "Worker processes beside the main one: `auto` decides by cores, RAM and load, a name takes a fixed layout, a mapping is a layout by hand: groups of processes with their `roles` and their `count` (docs/workers.md)",
  );

export const workerCounts = z
  .record(z.string(), count(), { error: expected("a mapping of groups and their counts") })
  .optional()
  .describe("Other counts for groups of the layout that `workers` names or chooses. Default: those of the layout");
