import { PORTS } from "../../configs/ports";
import { SESSION_DATABASE } from "../../constructs/pgbouncer/files";
import { DATABASE, ROLE } from "../../constructs/postgres/provision";
import { logsOf } from "./engine-project";
import { MemoryGauge } from "./memory-gauge";
import type { WorstBox } from "./worst-box";
import type { WorstCase } from "./worst-case";

/** Bytes of each prepared statement; no two clients have one in common. */
const STATEMENT_BYTES = 1024;
const HOLD_SECONDS = 8;
/** Each client opens a connection to look around first: one after another, so that these never come on top together. */
const BETWEEN_SECONDS = 0.05;
/** The health check's, and of such as have just ended. */
const SPARE = 3;

/**
 * Every client connection open, each with as many prepared statements as PgBouncer keeps for it, and each with a result
 * that is larger than its buffers.
 */
export const pgbouncerWorstCase = async (box: WorstBox): Promise<WorstCase> => {
  const { plan } = box;
  const { pgbouncer } = plan;
  if (!pgbouncer) throw new Error("no PgBouncer in this plan");
  const container = box.container("pgbouncer");
  const clients = Number(pgbouncer.settings.max_client_conn?.value) - SPARE;
  // As many as the pool has servers, or they would hold all and the others wait.
  const onSession = pgbouncer.sessionPool;
  const statements = Number(pgbouncer.settings.max_prepared_statements?.value);
  const since = new Date().toISOString();
  const gauge = new MemoryGauge(container);
  const outcome = await box.client(`
cd /tmp
text=$(head -c ${STATEMENT_BYTES} /dev/zero | tr '\\0' x)
failed=0; pids=; n=0
while [ $n -lt ${clients} ]; do
  i=0
  while [ $i -lt ${statements} ]; do echo "select '$n $i $text';"; i=$((i+1)); done >$n.sql
  cat >>$n.sql <<'END'
select repeat('x', 1000000);
\\sleep ${HOLD_SECONDS} s
END
  database=${DATABASE}; [ $n -ge ${onSession} ] || database=${SESSION_DATABASE}
  pgbench -n -M prepared -t 1 -f $n.sql -h pgbouncer -p ${PORTS.pgbouncer} -U ${ROLE} $database >/dev/null & pids="$pids $!"
  sleep ${BETWEEN_SECONDS}
  n=$((n+1))
done
for pid in $pids; do wait $pid || failed=1; done
exit $failed
`);
  gauge.stop();
  const log = logsOf(container, "--since", since);
  return {
    service: "pgbouncer",
    what: `${clients} clients, ${statements} prepared statements of 1 kB each`,
    limit: pgbouncer.container.memory.value,
    planned: pgbouncer.container.parts,
    peak: gauge.peak,
    kills: gauge.kills,
    failures: [
      ...(outcome.code === 0 ? [] : [outcome.stderr]),
      ...log.split("\n").filter((line) => /\b(ERROR|FATAL)\b|no memory|no more connections/.test(line)),
    ],
  };
};
