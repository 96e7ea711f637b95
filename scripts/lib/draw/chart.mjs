// Lines over time, and heatmaps.
import { clipped, escaped, legendOf, written } from "./units.mjs";

const COLOURS = 10;
const LEFT = 66;
const TOP = 30;
const AXIS = 18;
const LEGEND_LINE = 15;
const MOST_LEGEND_LINES = 6;
/** About a sign of the small text. */
const SIGN = 6.2;

/** Round numbers from 0 on. */
const ticksTo = (most, base) => {
  const rough = most / 4;
  const power = base ** Math.floor(Math.log(rough) / Math.log(base));
  const steps = base === 1024 ? [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] : [1, 2, 2.5, 5, 10];
  const step = power * (steps.find((one) => one * power >= rough * 0.999) ?? base);
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, at) => at * step);
};

const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 16);

const timeAxis = ({ start, end }, x, bottom) =>
  [0, 0.25, 0.5, 0.75]
    .map((share) => start + share * (end - start))
    .map((at) => `<text class="soft mid" x="${Math.round(x(at))}" y="${bottom + 14}">${clock(at)}</text>`)
    .join("");

const linesOf = (answers) =>
  answers.flatMap(({ legend, series }) =>
    series.map(({ labels, points }) => ({
      name: legendOf(legend, labels),
      points: points.filter(([, v]) => Number.isFinite(v)),
    })),
  );

/** Each line upon those before it, by time. */
const stackedUp = (lines) => {
  const sums = new Map();
  return lines.map(({ name, points }) => ({
    name,
    points,
    drawn: points.map(([at, value]) => {
      const below = sums.get(at) ?? 0;
      sums.set(at, below + value);
      return [at, below + value, below];
    }),
  }));
};

/** Whole numbers, and each as its distance from the one before: half the bytes. */
const pathOf = (points) => {
  let [px, py] = [0, 0];
  return points
    .map(([x, y], index) => {
      const [rx, ry] = [Math.round(x), Math.round(y)];
      const text = index === 0 ? `M${rx} ${ry}` : `l${rx - px} ${ry - py}`;
      [px, py] = [rx, ry];
      return text;
    })
    .join("");
};

const legendSvg = (lines, { unit }, top, width, room) => {
  const columns = width > 500 ? 2 : 1;
  const across = (width - 20) / columns;
  const shown = lines.slice(0, room * columns);
  const left = lines.length - shown.length;
  return shown
    .map(({ name, points }, index) => {
      const [x, y] = [10 + (index % columns) * across, top + Math.floor(index / columns) * LEGEND_LINE];
      const values = points.map(([, value]) => value);
      const last = values.at(-1) ?? Number.NaN;
      const figures = `${written(last, unit)}   max ${written(Math.max(...values), unit)}`;
      const more = index === shown.length - 1 && left > 0 ? `  and ${left} more` : "";
      const text = clipped(name + more, across - 30 - figures.length * SIGN, SIGN);
      return `<rect x="${x}" y="${y - 6}" width="12" height="3" class="f${index % COLOURS}"/><text class="soft" x="${x + 18}" y="${y}">${escaped(text)}</text><text class="soft end" x="${x + across - 12}" y="${y}">${figures}</text>`;
    })
    .join("");
};

/** @returns the inside of a panel with lines */
export const chart = ({ panel, answers, times, width, height }) => {
  const lines = stackedUp(linesOf(answers));
  if (lines.every(({ points }) => points.length === 0)) return nothing(width, height);
  const legendLines = Math.min(MOST_LEGEND_LINES, Math.ceil(lines.length / (width > 500 ? 2 : 1)));
  const bottom = height - AXIS - legendLines * LEGEND_LINE - 6;
  const steps = panel.steps ?? [];
  const highest = Math.max(
    ...lines.flatMap(({ drawn }) => drawn.map(([, top, below]) => (panel.stacked ? top : top - below))),
  );
  // A threshold that is far away would make a flat line of everything.
  const near = steps.map(({ from }) => from).filter((from) => from <= Math.max(highest * 4, 1e-9));
  const most = panel.max ?? (Math.max(highest, ...near, 0) * 1.08 || 1);
  const x = (at) => LEFT + ((at - times.start) / (times.end - times.start)) * (width - LEFT - 12);
  const y = (value) => bottom - (Math.min(value, most) / most) * (bottom - TOP);
  const grid = ticksTo(most, ["bytes", "Bps"].includes(panel.unit) ? 1024 : 10)
    .map((tick) => {
      const at = Math.round(y(tick));
      return `<path class="grid" d="M${LEFT} ${at}H${width - 12}"/><text class="soft end" x="${LEFT - 6}" y="${at + 4}">${written(tick, panel.unit)}</text>`;
    })
    .join("");
  const drawn = lines
    .map(({ drawn: points }, index) => {
      const colour = index % COLOURS;
      const upper = points.map(([at, top, below]) => [x(at), y(panel.stacked ? top : top - below)]);
      const path = pathOf(upper);
      const lower = panel.stacked ? points.map(([at, , below]) => [x(at), y(below)]).reverse() : [];
      const area =
        panel.stacked && upper.length > 0 ? `<path class="area f${colour}" d="${pathOf([...upper, ...lower])}z"/>` : "";
      return `${area}<path class="line l${colour}" d="${path}"/>`;
    })
    .join("");
  const lineSteps = steps
    .filter(({ from }) => from <= most)
    .map(({ from, colour }) => `<path class="step s-${colour}" d="M${LEFT} ${Math.round(y(from))}H${width - 12}"/>`)
    .join("");
  return (
    grid +
    drawn +
    lineSteps +
    timeAxis(times, x, bottom) +
    legendSvg(lines, panel, bottom + AXIS + 12, width, legendLines)
  );
};

const nothing = (width, height) => `<text class="soft mid" x="${width / 2}" y="${height / 2 + 8}">No data</text>`;

/** Buckets hold all below them: each less the one before. */
const apart = (series) => {
  const sorted = [...series].sort((a, b) => bound(a) - bound(b));
  return sorted.map(({ labels, points }, index) => {
    const before = new Map(index > 0 ? sorted[index - 1].points : []);
    return { le: labels.le, points: points.map(([at, value]) => [at, value - (before.get(at) ?? 0)]) };
  });
};

const bound = ({ labels }) => (labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le));

/** @returns the inside of a panel with the buckets of a histogram */
export const heatmap = ({ panel, answers, times, width, height }) => {
  const buckets = apart(answers.flatMap(({ series }) => series));
  const most = Math.max(
    0,
    ...buckets.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite),
  );
  if (most === 0) return nothing(width, height);
  const bottom = height - AXIS - 8;
  const columns = Math.max(...buckets.map(({ points }) => points.length));
  const cellWidth = (width - LEFT - 12) / columns;
  const cellHeight = (bottom - TOP) / buckets.length;
  const x = (at) => LEFT + ((at - times.start) / (times.end - times.start)) * (width - LEFT - 12);
  const rows = buckets.map(({ le, points }, index) => {
    const top = bottom - (index + 1) * cellHeight;
    const label = le === "+Inf" ? "more" : written(Number(le), panel.unit);
    const cells = points
      .filter(([, value]) => value > most / 500)
      .map(
        ([at, value]) =>
          `<path d="M${Math.round(x(at))} ${Math.round(top)}h${Math.ceil(cellWidth) - 1}v${Math.ceil(cellHeight) - 1}H${Math.round(x(at))}z" fill-opacity="${Math.max(0.12, Math.sqrt(value / most)).toFixed(2)}"/>`,
      )
      .join("");
    return `<text class="soft end" x="${LEFT - 6}" y="${Math.round(top + cellHeight / 2 + 4)}">${label}</text><g class="t-orange">${cells}</g>`;
  });
  return rows.join("") + timeAxis(times, x, bottom);
};
