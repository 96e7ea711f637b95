import { dump } from "js-yaml";

/**
 * js-yaml folds long lines and writes anchors by default; some programs read YAML 1.1, for which `dump` quotes by itself.
 */
export const toYaml = (value: object): string => dump(value, { lineWidth: -1, noRefs: true });
