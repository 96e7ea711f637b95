import { createHash } from "node:crypto";
import { placed } from "./layout";
import type { Dashboard } from "./model";
import { fieldConfig, optionsOf, transformationsOf } from "./panel-json";
import { DATA_SOURCE_UID } from "./provisioning";

/** Of Grafana 12.3, and what every newer one still reads. */
const SCHEMA_VERSION = 42;
const DATA_SOURCE = { type: "prometheus", uid: DATA_SOURCE_UID };
const TAG = "synapse-kit";

/** Part of the address of a dashboard, and of every link to it. */
export const uidOf = (name: string): string => `synapse-kit-${name}`;

/**
 * Part of the address of one panel. From its title, and not counted: another plan leaves panels out, and a link to the
 * ones after them must not break.
 */
const panelId = (title: string): number => createHash("sha256").update(title).digest().readUIntBE(0, 3);

const refId = (index: number): string => String.fromCharCode("A".charCodeAt(0) + index);

const panelsOf = (dashboard: Dashboard): object[] =>
  placed(dashboard.rows).flatMap(({ row, place, panels }) => [
    { id: panelId(`row ${row.title}`), type: "row", title: row.title, collapsed: false, gridPos: place, panels: [] },
    ...panels.map(({ panel, place: gridPos }) => ({
      id: panelId(panel.title),
      type: panel.kind,
      title: panel.title,
      ...(panel.about ? { description: panel.about } : {}),
      datasource: DATA_SOURCE,
      gridPos,
      targets: panel.queries.map(({ expr, legend }, index) => ({
        refId: refId(index),
        datasource: DATA_SOURCE,
        editorMode: "code",
        expr,
        legendFormat: legend,
        ...(panel.kind === "table"
          ? { instant: true, range: false, format: "table" }
          : { instant: false, range: true, format: panel.kind === "heatmap" ? "heatmap" : "time_series" }),
      })),
      fieldConfig: fieldConfig(panel),
      options: optionsOf(panel),
      ...(panel.kind === "table" ? { transformations: transformationsOf(panel) } : {}),
    })),
  ]);

/** One dashboard in Grafana's classic JSON, as its file provisioning reads it. */
export const dashboardJson = (dashboard: Dashboard): string =>
  `${JSON.stringify(
    {
      uid: uidOf(dashboard.name),
      title: dashboard.title,
      description: dashboard.about,
      tags: [TAG],
      schemaVersion: SCHEMA_VERSION,
      editable: false,
      graphTooltip: 1,
      refresh: "1m",
      time: { from: "now-6h", to: "now" },
      timezone: "browser",
      links: [
        {
          type: "dashboards",
          title: "Dashboards",
          tags: [TAG],
          asDropdown: true,
          icon: "external link",
          includeVars: false,
          keepTime: true,
          targetBlank: false,
          tooltip: "",
          url: "",
        },
      ],
      annotations: { list: [] },
      templating: { list: [] },
      panels: panelsOf(dashboard),
    },
    null,
    1,
  )}\n`;
