import { type ChildProcess, spawn } from "node:child_process";
import { PORTS } from "../../configs/ports";
import { DATABASE, ROLE } from "../../constructs/postgres/provision";
import type { Plan } from "../../sizing/plan";

/** Asks for more connections than the pool has, each within a transaction, until its input ends. */
const HOLD = `
import sys, threading, psycopg2
held = []
def hold():
    connection = psycopg2.connect(host="pgbouncer", port=${PORTS.pgbouncer}, dbname="${DATABASE}", user="${ROLE}", passfile="/config/pgpass")
    connection.cursor().execute("SELECT 1")
    held.append(connection)
for _ in range(int(sys.argv[1])):
    threading.Thread(target=hold, daemon=True).start()
sys.stdin.read()
`;

/** Every connection of PgBouncer's transaction pool, held by a program in main's container until its input ends. */
export const holdPool = (environment: string, { pgbouncer }: Plan): ChildProcess => {
  if (!pgbouncer) throw new Error(`${environment} has no PgBouncer`);
  const connections = pgbouncer.transactionPool + Number(pgbouncer.settings.reserve_pool_size?.value) + 3;
  return spawn("docker", ["exec", "-i", `${environment}-synapse-main`, "python3", "-c", HOLD, String(connections)], {
    stdio: ["pipe", "inherit", "inherit"],
  });
};
