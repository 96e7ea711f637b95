-- Three sorts and a hash of one query, each as large as its memory, held until everybody holds theirs.
SET enable_sort = off;
BEGIN;
DECLARE worst CURSOR FOR SELECT a.filler || b.filler || c.filler || d.many FROM (SELECT aid, filler FROM pgbench_accounts WHERE aid <= :sorted ORDER BY -aid OFFSET 0) AS a, (SELECT aid, filler FROM pgbench_accounts WHERE aid <= :sorted ORDER BY -aid OFFSET 0) AS b, (SELECT aid, filler FROM pgbench_accounts WHERE aid <= :sorted ORDER BY -aid OFFSET 0) AS c, (SELECT abs(aid) AS one, count(*) AS many FROM pgbench_accounts WHERE aid <= :hashed GROUP BY 1 OFFSET 0) AS d;
FETCH 1 FROM worst;
SELECT pg_advisory_xact_lock_shared(1);
END;
