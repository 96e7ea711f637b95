import { UserError } from "./user-error";

/** The two networks of an environment, both /24 and both inside its /22. */
export interface Subnets {
  /** Nginx and the Synapse processes; the way out to other servers. */
  readonly frontend: string;
  /** Databases and everything between the processes; no way out. */
  readonly backend: string;
}

const toNumber = (address: string): number =>
  address.split(".").reduce((total, octet) => total * 256 + Number(octet), 0);

const toAddress = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");

/** @throws UserError unless the text is a /22 on its own boundary. */
export const subnetsOf = (network: string): Subnets => {
  const match = /^(\d{1,3}(?:\.\d{1,3}){3})\/22$/.exec(network);
  const base = match?.[1] === undefined ? Number.NaN : toNumber(match[1]);
  if (!match || match[1]?.split(".").some((octet) => Number(octet) > 255) || base % 1024 !== 0) {
    throw new UserError(`expected a private /22 such as 10.89.4.0/22, got ${JSON.stringify(network)}`);
  }
  return { frontend: `${toAddress(base)}/24`, backend: `${toAddress(base + 256)}/24` };
};

/** Address of host `number` in a /24. */
export const hostAddress = (subnet: string, number: number): string => {
  const base = subnet.slice(0, subnet.indexOf("/"));
  return toAddress(toNumber(base) + number);
};
