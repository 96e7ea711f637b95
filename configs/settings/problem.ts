/** One setting that the kit does not pass on. */
export interface SettingProblem {
  /** Where it stands in the environment: `["synapse", "settings", "sentry", "traces_sample_rate"]`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}
