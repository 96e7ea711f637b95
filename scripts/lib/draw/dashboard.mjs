// A dashboard as one SVG, readable on light and on dark paper.
import { chart, heatmap } from "./chart.mjs";
import { stat, table } from "./numbers.mjs";
import { clipped, escaped } from "./units.mjs";

/** Units of one column and one line of Grafana's grid. */
const COLUMN = 50;
const LINE = 28;
const GAP = 6;
const TOP = 46;

const LIGHT = {
  ...{ paper: "#f4f5f5", panel: "#ffffff", edge: "#d8dbe0", text: "#1f2733", soft: "#5c6675", grid: "#e6e8ec" },
  ...{ green: "#2f8a3d", yellow: "#a87900", orange: "#c4560a", red: "#c4162a", blue: "#1a62c9" },
  lines: ["3a8f47", "b98900", "1f6fd0", "d1620f", "c4274a", "8a4fc0", "1a8f93", "7a6a2b", "b4489c", "5b6b7d"],
};
const DARK = {
  ...{ paper: "#111217", panel: "#181b1f", edge: "#2c3038", text: "#d8dae0", soft: "#9aa1ad", grid: "#272b32" },
  ...{ green: "#73bf69", yellow: "#f2cc0c", orange: "#ff9830", red: "#f2495c", blue: "#6ea6ff" },
  lines: ["73bf69", "f2cc0c", "6ea6ff", "ff9830", "f2495c", "b877d9", "3fc3c7", "cbb466", "e48ad0", "a9b4c2"],
};

/** Classes and no variables, which not every viewer knows. */
const colours = ({ paper, panel, edge, text, soft, grid, lines, ...steps }) =>
  [
    `.paper{fill:${paper}}.panel{fill:${panel};stroke:${edge}}text{fill:${text}}.soft{fill:${soft}}.grid{stroke:${grid}}`,
    ...lines.map((colour, at) => `.l${at}{stroke:#${colour}}.f${at}{fill:#${colour}}`),
    ...Object.entries(steps).map(([name, colour]) => `.s-${name}{stroke:${colour}}.t-${name}{fill:${colour}}`),
  ].join("");

const STYLE = `text{font-size:12px}.soft{font-size:11px}.head{font-weight:600;font-size:13px}.row{font-weight:600;font-size:15px}.title{font-weight:600;font-size:20px}.big{font-weight:600;font-size:30px}
.line{fill:none;stroke-width:1.4}.area{fill-opacity:.3}.step{fill:none;stroke-dasharray:6 5;stroke-width:1.3}.end{text-anchor:end}.mid{text-anchor:middle}
${colours(LIGHT)}
@media (prefers-color-scheme:dark){${colours(DARK)}}`;

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
<rect width="${width}" height="${height}" class="paper"/><text class="title" x="8" y="30">${escaped(title)}</text><text class="soft end" x="${width - 10}" y="28">${Math.round((times.end - times.start) / 60)} minutes until ${day} UTC</text>
${parts.join("\n")}
</svg>
`;
};
