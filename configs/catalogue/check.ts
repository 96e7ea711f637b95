import type { Layout } from "./layouts";
import { ROLES } from "./roles";

/** Safe in file names, in Nginx and in Docker (upstream's own worker script asks for as much). */
const SAFE_NAME = /^[a-z][a-z0-9]*$/;

/**
 * What is wrong with a layout; nothing in it is noticed by Synapse itself before it serves wrongly.
 * @returns one sentence a mistake; empty when the layout is sound
 */
export const checkLayout = ({ processes }: Layout): string[] => {
  const mistakes: string[] = [];
  if (processes[0]?.name !== "main") mistakes.push("the first process must be main");
  const names = processes.map((process) => process.name);
  for (const name of new Set(names)) {
    if (names.filter((other) => other === name).length > 1) mistakes.push(`two processes are called ${name}`);
    if (!SAFE_NAME.test(name)) mistakes.push(`${name} is no safe process name: small letters and digits only`);
  }
  for (const role of ROLES) {
    const holders = processes.filter((process) => process.roles.includes(role.name)).map((process) => process.name);
    if (role.singleton && holders.length > 1) {
      mistakes.push(`${role.name} may run in one process only, not in ${holders.join(" and ")}`);
    }
  }
  return mistakes;
};
