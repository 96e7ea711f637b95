import { CLIENT_ROLES } from "./client-roles";
import type { Role } from "./role";
import { MEDIA_ROLE, SERVER_ROLES } from "./server-roles";
import { STREAM_ROLES, type StreamRoleName } from "./stream-roles";

export type RoleName =
  | (typeof MEDIA_ROLE)["name"]
  | StreamRoleName
  | (typeof CLIENT_ROLES)[number]["name"]
  | (typeof SERVER_ROLES)[number]["name"];

export type NamedRole = Role & { readonly name: RoleName };

/**
 * Every role, in the order in which Nginx has to try their endpoints: the first pattern that fits wins. Media stands in
 * front of everything (its quarantine patterns, and `/_matrix/federation/v1/media/` before the other federation
 * routes), then the streams that fail elsewhere.
 *
 * The endpoints were compared with the workers document of Synapse 1.160 and with what 1.163.2 registers. Left to main
 * although workers could: the admin API but for media, and what no document mentions (transaction-id forms of joins,
 * single events, dehydrated devices …).
 */
export const ROLES: readonly NamedRole[] = [MEDIA_ROLE, ...STREAM_ROLES, ...CLIENT_ROLES, ...SERVER_ROLES];

const BY_NAME: ReadonlyMap<string, NamedRole> = new Map(ROLES.map((role) => [role.name, role]));

export const roleOf = (name: RoleName): NamedRole => BY_NAME.get(name) as NamedRole;
