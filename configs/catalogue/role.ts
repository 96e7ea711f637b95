/** Streams that a process can be the writer of (Synapse: config/workers.py). */
export type Stream =
  | "events"
  | "typing"
  | "to_device"
  | "account_data"
  | "receipts"
  | "presence"
  | "push_rules"
  | "device_lists"
  | "thread_subscriptions"
  | "quarantined_media_changes";

/** Streams that Synapse refuses to have two writers of (config/workers.py). */
export const SINGLE_WRITER_STREAMS: readonly Stream[] = [
  "typing",
  "to_device",
  "account_data",
  "presence",
  "push_rules",
];

/** Resources of a client-facing listener. */
export type Resource = "client" | "federation" | "media";

/** What Nginx hashes to choose among several processes of a role. */
export type BalancingKey = "user" | "room" | "origin" | "uri" | "none";

/** Methods that endpoints register. Synapse takes HEAD for GET, and every listener answers OPTIONS. */
export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** One endpoint pattern: an anchored regular expression on the decoded path, read alike by Nginx and JavaScript. */
export interface Endpoint {
  readonly pattern: string;
  /** What a worker registers; other methods go to main. */
  readonly methods: readonly Method[];
  /** Only syncs that start from nothing, which the query tells: no `since`, or `full_state=true`. */
  readonly firstSyncOnly?: true;
  /** Streams that all but GET must write, in the place of the role's. */
  readonly writesTo?: readonly Stream[];
}

/** `endpoint("GET POST", "^/…$")` */
export const endpoint = (methods: string, pattern: string, writesTo?: readonly Stream[]): Endpoint => ({
  pattern,
  methods: methods.split(" ") as Method[],
  ...(writesTo ? { writesTo } : {}),
});

/** One job of a Synapse process; several roles merge into one process. */
export interface Role {
  readonly name: string;
  readonly summary: string;
  /**
   * Synapse version, as in `1.135`, since which a worker can hold it as the kit asks: with all of its endpoints, and in
   * as many processes. From Synapse's workers document and changelog, version by version; the oldest document is 1.4's.
   */
  readonly since: string;
  /** Key of `experimental_features` without which Synapse has none of its endpoints. */
  readonly experimental?: string;
  readonly resources: readonly Resource[];
  readonly streams: readonly Stream[];
  /** Why at most one process may hold it; false where several may. */
  readonly singleton: string | false;
  readonly balancing: BalancingKey;
  readonly endpoints: readonly Endpoint[];
  /**
   * Whether main can serve the endpoints when the process is down. False for streams that fail everywhere but at their
   * writer (500), media (404 on main with its repository off) and logins that live in one process.
   */
  readonly fallsBackToMain: boolean;
  /**
   * Streams that all but GET must write. Main would wait for a writer that is down for up to two minutes and then fail
   * (replication/http/_base.py, seen on 1.163.2), so it stands in for those requests only where the writer is another
   * process.
   */
  readonly writesTo?: readonly Stream[];
  /** Keys of the shared homeserver.yaml that must name the processes of this role. */
  readonly shared?:
    | "pusher_instances"
    | "federation_sender_instances"
    | "run_background_tasks_on"
    | "notify_appservices_from_worker"
    | "update_user_directory_from_worker"
    | "media_instance_running_background_jobs";
}
