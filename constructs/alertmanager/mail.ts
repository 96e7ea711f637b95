/** What Alertmanager writes into a mail, in Go's template language. */
interface MailText {
  readonly subject: string;
  readonly text: string;
}

/** Text around a value, and nothing without one: rules of the operator's own may lack it. */
const where = (value: string, text: string): string => `{{ with ${value} }}${text}{{ end }}`;

const time = (field: string): string => `{{ .${field}.UTC.Format "2006-01-02 15:04:05" }} UTC`;

/** Alerts of one mail share their name alone. */
const others = `(.Labels.Remove (stringSlice "alertname")).SortedPairs`;

/** Alerts of one state. The summary comes first, since it is what a list of mails shows. */
const alertsOf = (state: "Firing" | "Resolved", when: string): string =>
  [
    `{{ range .Alerts.${state} }}`,
    where(".Annotations.summary", "{{ . }}\n"),
    where(".Annotations.description", "{{ . }}\n"),
    `${when}\n`,
    where(".Annotations.runbook", "What to do: {{ . }}\n"),
    `{{ range ${others} }}{{ .Name }}: {{ .Value }}\n{{ end }}`,
    "\n{{ end }}",
  ].join("");

/** Plain text: the links of Alertmanager's own template lead to addresses that only its network knows. */
export const MAIL: MailText = {
  subject: [
    "{{ .Status | toUpper }}",
    where(".CommonLabels.severity", ", {{ . | toUpper }}"),
    ": {{ .GroupLabels.alertname }}",
    where(".CommonLabels.instance", ", {{ . }}"),
  ].join(""),
  text: [
    alertsOf("Firing", `Firing since ${time("StartsAt")}`),
    alertsOf("Resolved", `Resolved at ${time("EndsAt")}, firing since ${time("StartsAt")}`),
  ].join(""),
};
