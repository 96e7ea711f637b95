import type { Bytes } from "../../configs/units/bytes";
import { DATABASE, ROLE } from "../../constructs/postgres/provision";
import { serverConnections } from "../../sizing/invariants-memory";
import type { Plan } from "../../sizing/plan";
import { postgresBytesIn, postgresNumberIn } from "../../sizing/settings-reader";
import { logsOf } from "./engine-project";
import { MemoryGauge } from "./memory-gauge";
import type { WorstBox } from "./worst-box";
import type { WorstCase } from "./worst-case";

/** Bytes of a row of the tables that fill memory, of which all but some forty are its text. */
const ROW = 1024;
const TEXT = ROW - 40;
/** Share of `work_mem` that a sort is given, so that it stays in memory and holds it. */
const SORT_SHARE = 0.95;
/** More than there is room for: a hash keeps what it may hold and spills the rest. */
const OVERFLOW = 1.3;
/** Each of the 16-byte keys of the inverted indexes takes as much while they wait to be sorted in. */
const KEY_COST = 180;
const KEYS_PER_ROW = 200;
/** Advisory lock at which everyone waits with memory in their hands. */
const BARRIER = 4711;
const WAIT_SECONDS = 120;

const rowsIn = (size: Bytes): number => Math.ceil(size.toBytes() / ROW);

const autovacuumTables = (plan: Plan): string[] =>
  Array.from({ length: postgresNumberIn(plan, "autovacuum_max_workers") }, (_, i) => `worst.inverted${i}`);

/** A table that fills the buffers, one whose index takes more than its memory, and one for each autovacuum worker. */
const fillSql = (plan: Plan): string => {
  const text = `rpad(md5(i::text), ${TEXT}, 'x')`;
  const buffers = rowsIn(plan.postgres.sharedBuffers.times(0.95));
  const keys = rowsIn(postgresBytesIn(plan, "maintenance_work_mem").times(OVERFLOW));
  // Some ten seconds for each, whatever their size: all are to be at work at the same moment.
  const pace = Math.min(10_000, 12 * postgresBytesIn(plan, "autovacuum_work_mem").toMiB());
  const entries = (postgresBytesIn(plan, "autovacuum_work_mem").toBytes() * OVERFLOW) / KEY_COST;
  return `\\set ON_ERROR_STOP 1
set client_min_messages = warning;
drop schema if exists worst cascade;
create schema worst authorization ${ROLE};
create extension if not exists pg_prewarm;
alter system set autovacuum_naptime = '1s';
select pg_reload_conf();
set role ${ROLE};
create table worst.ballast (id int primary key, text text storage plain);
insert into worst.ballast select i, ${text} from generate_series(1, ${buffers}) i;
create table worst.keys (text text storage plain);
insert into worst.keys select ${text} from generate_series(1, ${keys}) i;
${autovacuumTables(plan)
  .map(
    (table) => `create table ${table} (keys text[] storage external) with (autovacuum_enabled = off,
  autovacuum_vacuum_insert_threshold = 1, autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_cost_limit = ${pace}, autovacuum_vacuum_cost_delay = 10);
create index on ${table} using gin (keys) with (fastupdate = on, gin_pending_list_limit = 2000000);
insert into ${table} select array(select md5((i * ${KEYS_PER_ROW} + n)::text) from generate_series(1, ${KEYS_PER_ROW}) n)
  from generate_series(1, ${Math.ceil(entries / KEYS_PER_ROW)}) i;`,
  )
  .join("\n")}
analyze worst.ballast, worst.keys;
reset role;
checkpoint;
select pg_prewarm('worst.ballast'), pg_prewarm('worst.ballast_pkey');
`;
};

/** What a connection of Synapse gathers over its life: every table once, all of the buffers, a temporary table. */
const WARM_SQL = `\\set ON_ERROR_STOP 1
set client_min_messages = warning;
do $$ declare one record; begin
  for one in select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables where schemaname = 'public' loop
    execute 'select 1 from ' || one.name || ' limit 1';
  end loop;
end $$;
select count(text) from worst.ballast;
create temporary table scratch as select * from worst.ballast limit 10000;
`;

/** The barrier has to be up before anyone comes to it. */
const UNTIL_HELD_SQL = `do $$ begin
  while not exists (select from pg_locks where locktype = 'advisory' and objid = ${BARRIER} and granted) loop
    perform pg_sleep(0.1);
  end loop;
end $$;
`;

/** Three sorts and a hash, all of them full at the moment when the first row asks for the lock. */
const hungrySql = (plan: Plan): string => {
  const work = plan.postgres.workMem;
  const processes = 1 + postgresNumberIn(plan, "max_parallel_workers_per_gather");
  const sorted = (key: string) =>
    `(select id, text from worst.ballast where id <= ${rowsIn(work.times(SORT_SHARE))} order by ${key} offset 0)`;
  const share = processes > 1 ? SORT_SHARE : OVERFLOW;
  const hashed = rowsIn(work.times(postgresNumberIn(plan, "hash_mem_multiplier") * processes * share));
  // Processes that share a hash share one of so many times the size.
  const hash =
    processes > 1
      ? `select x.text from worst.ballast x join worst.ballast y on x.text = y.text where y.id <= ${hashed} offset 0`
      : `select text from worst.ballast where id <= ${hashed} group by text offset 0`;
  return `${WARM_SQL}
set enable_material = off;
set enable_sort = off;
set enable_mergejoin = off;
set enable_nestloop = off;
set parallel_setup_cost = 0;
set parallel_tuple_cost = 0;
set min_parallel_table_scan_size = 0;
set min_parallel_index_scan_size = 0;
${UNTIL_HELD_SQL}select pg_advisory_lock_shared(${BARRIER}), length(a.text) + length(b.text) + length(c.text) + length(d.text)
  from ${sorted("md5(text)")} a, ${sorted("left(text, 8)")} b, ${sorted("-id")} c,
    (${hash}) d limit 1;
`;
};

/** Idle beside the others: what backups, exporters and people have open. */
const directSql = `${WARM_SQL}${UNTIL_HELD_SQL}select pg_advisory_lock_shared(${BARRIER});
`;

/** One of the direct clients: waits for all, lets autovacuum loose and builds an index, and lets all go. */
const controllerSql = (plan: Plan, waiting: number): string => `${WARM_SQL}
select pg_advisory_lock(${BARRIER});
create or replace function pg_temp.await(question text) returns void language plpgsql as $$
declare good boolean; begin
  for i in 1..${WAIT_SECONDS * 10} loop
    execute 'select ' || question into good;
    if good then return; end if;
    perform pg_sleep(0.1), pg_stat_clear_snapshot();
  end loop;
  raise exception 'never came true: %', question;
end $$;
select pg_temp.await('count(*) = ${waiting} from pg_locks where locktype = ''advisory'' and objid = ${BARRIER} and not granted');
\\echo everyone waits
${autovacuumTables(plan)
  .map((table) => `alter table ${table} set (autovacuum_enabled = on);`)
  .join("\n")}
select pg_temp.await('count(*) >= ${autovacuumTables(plan).length} from pg_stat_progress_vacuum');
\\echo autovacuum works
create index on worst.keys (text);
select pg_temp.await('sum(autovacuum_count) >= ${autovacuumTables(plan).length} from pg_stat_user_tables where schemaname = ''worst''');
select pg_advisory_unlock(${BARRIER});
`;

/** What must not stand in the log of a server that had enough memory. */
const TROUBLE =
  /out of memory|could not resize shared memory|No space left|terminated by signal|\b(ERROR|FATAL|PANIC)\b/;

/** Connections that anyone can open: the rest is for superusers and roles that may use reserved ones. */
const openConnections = (plan: Plan): number =>
  postgresNumberIn(plan, "max_connections") -
  postgresNumberIn(plan, "superuser_reserved_connections") -
  postgresNumberIn(plan, "reserved_connections");

/** Every connection that can be opened, Synapse's with as much memory as its settings allow. */
export const postgresWorstCase = async (box: WorstBox): Promise<WorstCase> => {
  const { plan } = box;
  const container = box.container("postgres");
  // Lets go of the servers that it still has.
  if (plan.pgbouncer) await box.run(["restart", "--time", "1", box.container("pgbouncer")]);
  const fill = await box.run(["exec", "-i", container, "psql", "-qX", "-U", "postgres", "-d", DATABASE], fillSql(plan));
  if (fill.code !== 0) throw new Error(fill.stderr);
  const hungry = serverConnections(plan);
  const direct = openConnections(plan) - hungry - 1;

  const since = new Date().toISOString();
  const gauge = new MemoryGauge(container);
  const files = { hungry: hungrySql(plan), direct: directSql, controller: controllerSql(plan, hungry + direct) };
  const psql = `psql -qXAt -o /dev/null -h postgres -U ${ROLE} -d ${DATABASE}`;
  const outcome = await box.client(`
${Object.entries(files)
  .map(([name, sql]) => `cat >/tmp/${name}.sql <<'END'\n${sql}END`)
  .join("\n")}
failed=0; pids=
for name in controller ${"direct ".repeat(direct)}${"hungry ".repeat(hungry)}; do
  ${psql} -f /tmp/$name.sql & pids="$pids $!"
done
for pid in $pids; do wait $pid || failed=1; done
exit $failed
`);
  gauge.stop();
  const log = logsOf(container, "--since", since);
  return {
    service: "postgres",
    what: `${hungry} servers, ${direct + 1} direct clients`,
    limit: plan.postgres.container.memory.value,
    planned: plan.postgres.container.parts,
    peak: gauge.peak,
    kills: gauge.kills,
    failures: [
      ...(outcome.code === 0 ? [] : [outcome.stderr]),
      ...log.split("\n").filter((line) => TROUBLE.test(line)),
    ],
  };
};
