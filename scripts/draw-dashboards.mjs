// Draws dashboards as SVG from what the Prometheus of a running environment measured: the panels that Grafana gets, with
// their queries, titles, units, thresholds and legends. For docs/monitoring.md, as Grafana itself is in no distribution.
//
//   node scripts/draw-dashboards.mjs ENVIRONMENT [DASHBOARD...] [--minutes 30] [--out docs/images]
//
// Runs in the folder of the environment, on the machine of its engine, after `npm run build`.
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { dashboardSvg } from "./lib/draw/dashboard.mjs";
import { instant, range } from "./lib/draw/prometheus.mjs";

const require = createRequire(import.meta.url);
const { prepareSize } = require("../dist/host/prepare.js");
const { dashboardsOf } = require("../dist/constructs/grafana/dashboards/dashboards.js");
const { placed } = require("../dist/constructs/grafana/layout.js");
const { withoutVariables } = require("../dist/constructs/grafana/panel-queries.js");
const { prometheusUrl } = require("../dist/constructs/prometheus/targets.js");

/** Points of a line. */
const POINTS = 120;
/** Columns of a heatmap. */
const HEATMAP_POINTS = 60;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: "string", default: "30" }, out: { type: "string", default: "docs/images" } },
});
const [name, ...wanted] = positionals;
if (name === undefined) throw new Error("usage: draw-dashboards.mjs ENVIRONMENT [DASHBOARD...]");

const { environment, plan } = await prepareSize(name, process.cwd());
const url = prometheusUrl(environment, plan);
const end = Math.floor(Date.now() / 1000);
const start = end - Number(values.minutes) * 60;
const window = `${4 * environment.monitoring.scrapeInterval.toSeconds()}s`;

const answerOf = async (panel) =>
  Promise.all(
    panel.queries.map(async ({ expr, legend }) => {
      const query = withoutVariables(expr, window, `${values.minutes}m`);
      const points = panel.kind === "heatmap" ? HEATMAP_POINTS : POINTS;
      const series =
        panel.kind === "table"
          ? await instant(url, query, end)
          : await range(url, query, { start, end, step: (end - start) / points });
      return { legend, series };
    }),
  );

mkdirSync(values.out, { recursive: true });
for (const dashboard of dashboardsOf(environment, plan)) {
  if (wanted.length > 0 && !wanted.includes(dashboard.name)) continue;
  const rows = await Promise.all(
    placed(dashboard.rows).map(async ({ row, place, panels }) => ({
      title: row.title,
      place,
      panels: await Promise.all(panels.map(async (one) => ({ ...one, answers: await answerOf(one.panel) }))),
    })),
  );
  const file = join(values.out, `dashboard-${dashboard.name}.svg`);
  writeFileSync(file, dashboardSvg(dashboard, rows, { start, end }));
  console.log(file);
}
