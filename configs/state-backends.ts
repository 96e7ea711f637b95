/**
 * Settings of each backend that a file may name, in Terraform's words. Credentials are not among them: the file and the
 * synthesized configuration would hold them in clear, and every backend takes them from the environment.
 */
export const BACKEND_SETTINGS: Readonly<Record<"local" | "s3" | "http" | "pg", readonly string[]>> = {
  local: [],
  s3: [
    "bucket",
    "key",
    "region",
    "profile",
    "endpoint",
    "encrypt",
    "acl",
    "kms_key_id",
    "role_arn",
    "dynamodb_table",
    "dynamodb_endpoint",
    "shared_credentials_file",
    "workspace_key_prefix",
    "force_path_style",
    "use_path_style",
    "use_lockfile",
    "max_retries",
    "skip_credentials_validation",
    "skip_metadata_api_check",
    "skip_region_validation",
  ],
  http: [
    "address",
    "update_method",
    "lock_address",
    "lock_method",
    "unlock_address",
    "unlock_method",
    "skip_cert_verification",
    "retry_max",
    "retry_wait_min",
    "retry_wait_max",
  ],
  pg: ["schema_name", "skip_schema_creation", "skip_table_creation", "skip_index_creation"],
};

/** Where each backend looks for what must not stand in a file. */
export const BACKEND_CREDENTIALS: Readonly<Record<"local" | "s3" | "http" | "pg", string>> = {
  local: "",
  s3: "; credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  http: "; credentials come from TF_HTTP_USERNAME and TF_HTTP_PASSWORD",
  pg: "; the connection comes from PG_CONN_STR",
};
