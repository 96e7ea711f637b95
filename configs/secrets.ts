/** Made once by Terraform and kept in its state. */
export const SECRET_NAMES = [
  "postgres_superuser_password",
  "postgres_password",
  "redis_password",
  "monitoring_password",
  "grafana_admin_password",
  "registration_shared_secret",
  "macaroon_secret_key",
  "form_secret",
  "worker_replication_secret",
  "signing_key",
] as const;
export type GeneratedSecret = (typeof SECRET_NAMES)[number];

/**
 * A secret of the operator's own, in a file: `file:` is its text to the letter, `text:` its one line for the inside of
 * a YAML scalar in single quotes. The path is as written, relative to the environment's file.
 */
export type SecretFileName = `file:${string}` | `text:${string}`;
export type SecretName = GeneratedSecret | SecretFileName;

/**
 * Stands for a secret in a rendered file; only the uploading construct puts the value in, so that no secret stands in
 * the synthesized output.
 */
export const secretPlaceholder = (name: SecretName): string => `{{secret:${name}}}`;

const PLACEHOLDER = /\{\{secret:([a-z_]+|(?:file|text):[\w./-]+)\}\}/g;

/** Names of the secrets that a text holds placeholders of, without repetition, in order of appearance. */
export const secretsIn = (text: string): SecretName[] => [
  ...new Set([...text.matchAll(PLACEHOLDER)].map((m) => m[1] as SecretName)),
];

/** Text with each placeholder replaced. */
export const fillSecrets = (text: string, toValue: (name: SecretName) => string): string =>
  text.replace(PLACEHOLDER, (_, name: SecretName) => toValue(name));
