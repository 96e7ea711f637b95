import { CLIENT_ROLES } from "./client-roles";
import type { Role } from "./role";
import { SERVER_ROLES } from "./server-roles";
import { STREAM_ROLES, type StreamRoleName } from "./stream-roles";

export type RoleName = StreamRoleName | (typeof CLIENT_ROLES)[number]["name"] | (typeof SERVER_ROLES)[number]["name"];

/**
 * Every role, in the order in which Nginx has to try their endpoints: the first pattern that fits wins. Media stands in
 * front of everything (its quarantine patterns, and `/_matrix/federation/v1/media/` before the other federation
 * routes), then the streams that fail elsewhere.
 */
export const ROLES: readonly (Role & { readonly name: RoleName })[] = [
  ...SERVER_ROLES.filter((role) => role.name === "media_repository"),
  ...(STREAM_ROLES as readonly (Role & { readonly name: StreamRoleName })[]),
  ...CLIENT_ROLES,
  ...SERVER_ROLES.filter((role) => role.name !== "media_repository"),
];

/** Synapse versions whose endpoints were compared with the catalogue. */
export const CHECKED_VERSIONS = ["1.160.0", "1.163.2"] as const;

export const roleOf = (name: RoleName): Role => ROLES.find((role) => role.name === name) as Role;
