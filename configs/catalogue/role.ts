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

/** Resources of a client-facing listener. */
export type Resource = "client" | "federation" | "media";

/** What Nginx hashes to choose among several processes of a role. */
export type BalancingKey = "user" | "room" | "origin" | "uri" | "none";

/** One endpoint pattern, as Synapse's workers document writes it: an anchored regular expression on the path. */
export interface Endpoint {
  readonly pattern: string;
}

/** One job of a Synapse process; several roles merge into one process. */
export interface Role {
  readonly name: string;
  readonly summary: string;
  readonly resources: readonly Resource[];
  readonly streams: readonly Stream[];
  /** At most one process may hold it. */
  readonly singleton: boolean;
  readonly balancing: BalancingKey;
  readonly endpoints: readonly Endpoint[];
  /**
   * Whether main can serve the endpoints when the process is down. False for streams that fail everywhere but at their
   * writer (500), media (404 on main with its repository off) and logins that live in one process.
   */
  readonly fallsBackToMain: boolean;
  /** Keys of the shared homeserver.yaml that must name the processes of this role. */
  readonly shared?:
    | "pusher_instances"
    | "federation_sender_instances"
    | "run_background_tasks_on"
    | "notify_appservices_from_worker"
    | "update_user_directory_from_worker"
    | "media_instance_running_background_jobs";
}
