import { docker } from "./engine-project";

/** Each group's whole state, as Synapse resolves it: along the chain, of each key the newest row. */
const RESOLVED = `
  WITH RECURSIVE chain(id, state_group) AS (
    SELECT id, id FROM state_groups
    UNION ALL
    SELECT id, prev_state_group FROM chain JOIN state_group_edges USING (state_group)
  ), newest AS (
    SELECT DISTINCT ON (id, type, state_key) id, type, state_key, event_id
    FROM chain JOIN state_groups_state USING (state_group)
    ORDER BY id, type, state_key, state_group DESC
  )
  SELECT id, md5(string_agg(type || chr(31) || state_key || chr(31) || event_id, chr(30) ORDER BY type, state_key))
  FROM newest GROUP BY id`;

/** What every state group of a deployed database stands for: a digest of each, by group. */
export const resolvedStateGroups = (environment: string): ReadonlyMap<string, string> =>
  new Map(
    docker("exec", `${environment}-postgres`, "psql", "-U", "postgres", "-d", "synapse", "-AtF", "|", "-c", RESOLVED)
      .split("\n")
      .map((line) => line.split("|") as [string, string]),
  );
