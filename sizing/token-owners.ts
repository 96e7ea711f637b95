import { holdersOf, type LayoutProcess } from "../configs/catalogue/layouts";
import { ROLES } from "../configs/catalogue/roles";
import type { Environment } from "../configs/environment";
import { Bytes } from "../configs/units/bytes";
import { MIB } from "./constants";

/** Two tokens of five minutes and one to spare for each client, at 326 bytes each (measured with njs 1.0.2). */
const PER_CLIENT = Bytes.kib(1);

/** Whether the authentication service gives out the tokens. */
export const hasAuthenticationService = ({ synapse }: Environment): boolean => {
  const service = synapse.settings.matrix_authentication_service;
  return typeof service === "object" && service !== null && "enabled" in service && service.enabled === true;
};

/**
 * Whether Nginx has to ask whose a token is: those of the authentication service do not say it and change every few
 * minutes, which matters where several processes share the users among themselves.
 */
export const asksForTokenOwners = (env: Environment, processes: readonly LayoutProcess[]): boolean =>
  hasAuthenticationService(env) &&
  ROLES.some(({ name, balancing }) => balancing === "user" && holdersOf(processes, name).length > 1);

/** Memory of what Nginx was told, without steps; it drops the oldest when that is full. */
export const tokenOwnersMemory = (clients: number): Bytes => Bytes.max(MIB, PER_CLIENT.times(clients));
