import { PORTS } from "../../configs/ports";
import { CONFIG_DIR } from "../file";

export const PASSWORD_FILE = "admin_password";
/** Grafana itself looks for `datasources/` and `dashboards/` below it. */
export const PROVISIONING_FOLDER = "provisioning";
export const DASHBOARDS_FOLDER = "dashboards";
/** What is shown first. */
export const HOME_DASHBOARD = "overview";

/** Whoever has an account was made one, and nothing is fetched from or told to others. */
const SETTINGS: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>> = {
  server: { http_port: PORTS.grafana },
  security: {
    // Read by Grafana itself: the value stands in no environment and on no command line.
    admin_password: `$__file{${CONFIG_DIR}/${PASSWORD_FILE}}`,
    disable_gravatar: true,
  },
  users: { allow_sign_up: false, allow_org_create: false },
  "auth.anonymous": { enabled: false },
  analytics: {
    reporting_enabled: false,
    check_for_updates: false,
    check_for_plugin_updates: false,
    feedback_links_enabled: false,
  },
  snapshots: { external_enabled: false },
  news: { news_feed_enabled: false },
  // Otherwise some are downloaded at every start.
  plugins: { preinstall_disabled: true, plugin_admin_enabled: false, public_key_retrieval_disabled: true },
  // Prometheus follows the rules, and Alertmanager tells people.
  unified_alerting: { enabled: false },
  dashboards: { default_home_dashboard_path: `${CONFIG_DIR}/${DASHBOARDS_FOLDER}/${HOME_DASHBOARD}.json` },
};

/** grafana.ini: what differs from Grafana's own defaults, or must never differ from them. */
export const grafanaIni = (): string =>
  [
    "; Rendered by synapse-kit.",
    ...Object.entries(SETTINGS).flatMap(([section, settings]) => [
      "",
      `[${section}]`,
      ...Object.entries(settings).map(([key, value]) => `${key} = ${value}`),
    ]),
    "",
  ].join("\n");
