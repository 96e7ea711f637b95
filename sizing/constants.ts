import { Bytes } from "../configs/units/bytes";

/** Memory limits are whole MiB: the unit of the Docker provider. */
export const MIB = Bytes.mib(1);

/** Every service may use this share of its hard limit; the rest absorbs what no formula sees (invariant I2: limit − 10 %). */
export const USABLE_SHARE_OF_LIMIT = 0.9;

/** Longest time that Nginx waits for an ordinary answer, seconds (I11: a sync long poll is 30 s; ESS' HAProxy waits 180 s). */
export const NGINX_READ_TIMEOUT_SECONDS = 180;

/** The same for what is answered at once, where a hung process is let go: the shortest that Nginx waits for Synapse. */
export const NGINX_BRIEF_READ_TIMEOUT_SECONDS = 90;

/** Synapse's `statement_timeout`, seconds (synapse: storage/engines/postgres.py). */
export const SYNAPSE_STATEMENT_TIMEOUT_SECONDS = 600;
