/** Storage parameters for tables of one kind; what is left out stays with the cluster's settings (`sizing/postgres-autovacuum.ts`). */
export interface TableParameters {
  readonly tables: readonly string[];
  /** In Postgres' own words; `toast.` for the table's TOAST. All can be set beside readers and writers. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly reason: string;
  /** Where the kind and its churn are established; the numbers are a `guess` (docs/sizing.md). */
  readonly source: string;
}

const QUEUE = {
  autovacuum_vacuum_scale_factor: "0",
  autovacuum_vacuum_threshold: "1000",
  autovacuum_analyze_scale_factor: "0.05",
  autovacuum_vacuum_cost_delay: "0",
  // Giving the empty end of the file back takes an ACCESS EXCLUSIVE lock, and the next burst needs it again.
  vacuum_truncate: "off",
} as const;

/**
 * Tables of Synapse that the cluster's autovacuum suits badly. Thresholds keep all of them quiet while they are small.
 * A table that Synapse's version does not have is passed over.
 */
export const TABLE_PARAMETERS: readonly TableParameters[] = [
  {
    tables: [
      "event_push_actions_staging",
      "device_inbox",
      "device_federation_inbox",
      "device_federation_outbox",
      "federation_inbound_events_staging",
      "worker_read_write_locks",
      "e2e_one_time_keys_json",
      "delayed_events",
      "sliding_sync_connections",
      "sliding_sync_connection_positions",
      "sliding_sync_connection_streams",
      "sticky_events",
    ],
    parameters: QUEUE,
    reason: "queues: few live rows, all of them replaced within minutes, so a share of the rows says nothing",
    source: "synapse: storage/databases/main (event_push_actions.py, deviceinbox.py, lock.py, sliding_sync.py)",
  },
  {
    tables: ["stream_positions", "worker_locks"],
    parameters: { ...QUEUE, fillfactor: "50" },
    reason: "a handful of rows, updated every few seconds in columns without an index: room for it on the same page",
    source: "synapse: storage/util/id_generators.py, storage/databases/main/lock.py",
  },
  {
    tables: ["event_push_summary", "destinations"],
    parameters: {
      fillfactor: "80",
      autovacuum_vacuum_scale_factor: "0.02",
      autovacuum_vacuum_threshold: "1000",
    },
    reason: "rows are updated in columns without an index, for which a fifth of each page is kept free",
    source: "synapse: storage/databases/main/event_push_actions.py, transactions.py",
  },
  {
    tables: ["user_ips", "receipts_linearized", "monthly_active_users", "presence_stream"],
    parameters: { autovacuum_vacuum_scale_factor: "0.02", autovacuum_vacuum_threshold: "5000" },
    reason: "each update moves the row and all its index entries, since an indexed column changes",
    source: "synapse: storage/databases/main (client_ips.py, receipts.py, monthly_active_users.py, presence.py)",
  },
  {
    tables: [
      "cache_invalidation_stream_by_instance",
      "event_push_actions",
      "device_lists_changes_in_room",
      "device_lists_outbound_pokes",
      "device_lists_stream",
      "stream_ordering_to_exterm",
      "received_transactions",
      "push_rules_stream",
    ],
    parameters: {
      autovacuum_vacuum_scale_factor: "0.01",
      autovacuum_vacuum_threshold: "10000",
      autovacuum_analyze_scale_factor: "0.02",
    },
    reason: "large, written at one end and deleted at the other all day",
    source: "matrix-org/synapse#5569, matrix-org/synapse#6437, element-hq/synapse#19313",
  },
  {
    tables: [
      "state_groups_state",
      "state_group_edges",
      "events",
      "event_edges",
      "event_auth",
      "event_auth_chains",
      "event_auth_chain_links",
      "event_to_state_groups",
      "event_search",
      "room_memberships",
      "current_state_delta_stream",
    ],
    parameters: {
      autovacuum_vacuum_insert_scale_factor: "0.01",
      autovacuum_vacuum_scale_factor: "0.01",
      autovacuum_vacuum_threshold: "1000",
      autovacuum_analyze_scale_factor: "0.005",
      autovacuum_analyze_threshold: "1000",
    },
    reason: "giants that only grow: a share that suits others would be tens of millions of rows",
    source: "synapse: docs/usage/administration/useful_sql_for_admins.md; crunchydata.com, vacuum and autovacuum",
  },
  {
    tables: ["event_json"],
    parameters: {
      autovacuum_vacuum_insert_scale_factor: "0.01",
      autovacuum_vacuum_scale_factor: "0.01",
      autovacuum_vacuum_threshold: "1000",
      autovacuum_analyze_scale_factor: "0.005",
      autovacuum_analyze_threshold: "1000",
      "toast.autovacuum_vacuum_scale_factor": "0.01",
      "toast.autovacuum_vacuum_threshold": "1000",
    },
    reason: "the largest of the giants, most of it in its TOAST",
    source: "synapse: docs/usage/administration/useful_sql_for_admins.md",
  },
];

/** What every table shall have, by table and parameter. */
const wantedOf = (groups: readonly TableParameters[]): Record<string, Readonly<Record<string, string>>> =>
  Object.fromEntries(groups.flatMap(({ tables, parameters }) => tables.map((table) => [table, parameters])));

/** True once Synapse has made its tables: in one transaction, so one of them stands for all. */
export const SCHEMA_READY_SQL = "SELECT to_regclass('public.events') IS NOT NULL";

/**
 * One DO statement for a superuser in Synapse's database. Sets what is missing, changes what the kit itself set
 * otherwise, and resets what it set and no longer wants; a value that somebody else set stays. What it set it remembers
 * in `synapse_kit.table_parameters`, which goes with the last entry. Run again it changes nothing and takes no lock.
 *
 * Every table is a transaction of its own and waits two seconds for its lock (SHARE UPDATE EXCLUSIVE: readers and
 * writers go on); those that were locked are named in the error at the end, for another try.
 * @param groups - none of them takes back all that earlier runs did
 */
export const tableParametersSql = (groups: readonly TableParameters[]): string => `DO $do$
DECLARE
  wanted CONSTANT jsonb := '${JSON.stringify(wantedOf(groups))}';
  change record;
  changed int := 0;
  locked text[] := '{}';
BEGIN
  PERFORM set_config('search_path', 'pg_catalog, pg_temp', false), set_config('lock_timeout', '2s', false),
    set_config('log_min_error_statement', 'panic', false);
  IF to_regclass('synapse_kit.table_parameters') IS NULL THEN
    IF wanted = '{}' THEN RETURN; END IF;
    CREATE SCHEMA synapse_kit;
    CREATE TABLE synapse_kit.table_parameters
      (table_name text, parameter text, value text NOT NULL, PRIMARY KEY (table_name, parameter));
  END IF;
  FOR change IN
    WITH wish AS (
      SELECT t.key AS table_name, p.key AS parameter, p.value
      FROM jsonb_each(wanted) t CROSS JOIN jsonb_each_text(t.value) p
    ), present AS (
      SELECT c.relname::text AS table_name, prefix || o.option_name AS parameter, o.option_value AS value
      FROM pg_class c
      LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
      CROSS JOIN LATERAL (VALUES ('', c.reloptions), ('toast.', toast.reloptions)) options (prefix, list)
      CROSS JOIN LATERAL pg_options_to_table(options.list) o
      WHERE c.relnamespace = to_regnamespace('public') AND c.relkind = 'r'
    ), compared AS (
      SELECT table_name, parameter, wish.value AS wish, known.value AS known,
        to_regclass(format('public.%I', table_name)) IS NOT NULL AS there,
        present.value IS NULL AS free, known.value IS NOT DISTINCT FROM present.value AS ours, present.value AS actual
      FROM wish
      FULL JOIN synapse_kit.table_parameters known USING (table_name, parameter)
      LEFT JOIN present USING (table_name, parameter)
    ), decided AS (
      SELECT *, there AND wish IS NOT NULL AND (free OR ours AND wish <> actual) AS sets,
        there AND wish IS NULL AND NOT free AND ours AS resets
      FROM compared
    )
    SELECT table_name,
      string_agg(format('%s = %L', parameter, wish), ', ' ORDER BY parameter) FILTER (WHERE sets) AS to_set,
      string_agg(parameter, ', ' ORDER BY parameter) FILTER (WHERE resets) AS to_reset,
      coalesce(jsonb_object_agg(parameter, wish) FILTER (WHERE sets), '{}') AS to_remember,
      array_agg(parameter) FILTER (WHERE known IS NOT NULL AND NOT sets AND (resets OR free OR NOT ours)) AS to_forget
    FROM decided GROUP BY table_name ORDER BY table_name
  LOOP
    CONTINUE WHEN change.to_set IS NULL AND change.to_forget IS NULL;
    BEGIN
      IF change.to_set IS NOT NULL THEN
        EXECUTE format('ALTER TABLE public.%I SET (%s)', change.table_name, change.to_set);
      END IF;
      IF change.to_reset IS NOT NULL THEN
        EXECUTE format('ALTER TABLE public.%I RESET (%s)', change.table_name, change.to_reset);
      END IF;
      DELETE FROM synapse_kit.table_parameters k
        WHERE k.table_name = change.table_name AND k.parameter = ANY (change.to_forget);
      INSERT INTO synapse_kit.table_parameters
        SELECT change.table_name, key, value FROM jsonb_each_text(change.to_remember)
        ON CONFLICT (table_name, parameter) DO UPDATE SET value = excluded.value;
      changed := changed + 1;
    EXCEPTION WHEN lock_not_available OR undefined_table THEN
      locked := locked || change.table_name;
    END;
    COMMIT;
  END LOOP;
  IF wanted = '{}' AND NOT EXISTS (SELECT FROM synapse_kit.table_parameters) THEN
    DROP TABLE synapse_kit.table_parameters;
    DROP SCHEMA synapse_kit;
  END IF;
  IF changed > 0 THEN RAISE LOG 'synapse-kit: storage parameters of % tables changed', changed; END IF;
  IF locked <> '{}' THEN
    COMMIT;
    RAISE EXCEPTION 'synapse-kit: storage parameters wait for locks on %', array_to_string(locked, ', ');
  END IF;
END
$do$;
`;
