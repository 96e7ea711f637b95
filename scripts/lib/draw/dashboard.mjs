// A dashboard as one SVG, readable on light and on dark paper.
import { chart, heatmap } from "./chart.mjs";
import { stat, table } from "./numbers.mjs";
import { clipped, escaped } from "./units.mjs";

/** Units of one column and one line of Grafana's grid. */
const COLUMN = 50;
const LINE = 28;
const GAP = 6;
const TOP = 46;

const STYLE = `
svg{--paper:#f4f5f5;--panel:#fff;--edge:#d8dbe0;--text:#1f2733;--soft:#5c6675;--grid:#e6e8ec;--green:#2f8a3d;--yellow:#a87900;--orange:#c4560a;--red:#c4162a;--blue:#1a62c9;
--c0:#3a8f47;--c1:#b98900;--c2:#1f6fd0;--c3:#d1620f;--c4:#c4274a;--c5:#8a4fc0;--c6:#1a8f93;--c7:#7a6a2b;--c8:#b4489c;--c9:#5b6b7d}
@media (prefers-color-scheme:dark){svg{--paper:#111217;--panel:#181b1f;--edge:#2c3038;--text:#d8dae0;--soft:#9aa1ad;--grid:#272b32;--green:#73bf69;--yellow:#f2cc0c;--orange:#ff9830;--red:#f2495c;--blue:#6ea6ff;
--c0:#73bf69;--c1:#f2cc0c;--c2:#6ea6ff;--c3:#ff9830;--c4:#f2495c;--c5:#b877d9;--c6:#3fc3c7;--c7:#cbb466;--c8:#e48ad0;--c9:#a9b4c2}}
text{fill:var(--text);font-size:12px}.soft{fill:var(--soft);font-size:11px}.head{font-weight:600;font-size:13px}.row{font-weight:600;font-size:15px}.title{font-weight:600;font-size:20px}
.panel{fill:var(--panel);stroke:var(--edge)}.grid{stroke:var(--grid)}.line{fill:none;stroke-width:1.4}.area{stroke:none}.step{stroke-dasharray:6 5;stroke-width:1.3}.end{text-anchor:end}.mid{text-anchor:middle}`;

const DRAWERS = { timeseries: chart, heatmap, stat, table };

const panelSvg = ({ panel, place, answers }, times) => {
  const [x, y] = [place.x * COLUMN + GAP / 2, TOP + place.y * LINE + GAP / 2];
  const [width, height] = [place.w * COLUMN - GAP, place.h * LINE - GAP];
  const drawn = DRAWERS[panel.kind]({ panel, answers, times, width, height });
  const title = escaped(clipped(panel.title, width - 16, 7.2));
  return `<g transform="translate(${x} ${y})"><rect class="panel" width="${width}" height="${height}" rx="4"/><text class="head" x="10" y="19">${title}</text>${drawn}</g>`;
};

/**
 * @param rows - placed rows with the answers of each panel's queries
 * @param times - of the first and the last measurement, in seconds
 */
export const dashboardSvg = ({ title, about }, rows, times) => {
  const lines = Math.max(...rows.flatMap(({ panels }) => panels.map(({ place }) => place.y + place.h)));
  const [width, height] = [24 * COLUMN, TOP + lines * LINE + GAP];
  const day = new Date(times.end * 1000).toISOString().slice(0, 16).replace("T", " ");
  const parts = rows.flatMap(({ title: name, place, panels }) => [
    `<text class="row" x="8" y="${TOP + place.y * LINE + 20}">${escaped(name)}</text>`,
    ...panels.map((panel) => panelSvg(panel, times)),
  ]);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc" font-family="system-ui,-apple-system,'Segoe UI','DejaVu Sans',Arial,sans-serif">
<title id="title">Dashboard: ${escaped(title)}</title><desc id="desc">${escaped(about)} Drawn by the kit from measurements.</desc><style>${STYLE}</style>
<rect width="${width}" height="${height}" fill="var(--paper)"/><text class="title" x="8" y="30">${escaped(title)}</text><text class="soft end" x="${width - 10}" y="28">${Math.round((times.end - times.start) / 60)} minutes until ${day} UTC</text>
${parts.join("\n")}
</svg>
`;
};
