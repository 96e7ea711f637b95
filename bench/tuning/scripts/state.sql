-- The state of a group: the chain of groups it was made from, newest first.
\set group random(1, :groups)
BEGIN ISOLATION LEVEL REPEATABLE READ;
WITH RECURSIVE sgs(state_group) AS (VALUES(:group::bigint) UNION ALL SELECT prev_state_group FROM state_group_edges AS e, sgs AS s WHERE s.state_group = e.state_group) SELECT DISTINCT ON (type, state_key) type, state_key, event_id FROM state_groups_state WHERE state_group IN (SELECT state_group FROM sgs) ORDER BY type, state_key, state_group DESC;
END;
