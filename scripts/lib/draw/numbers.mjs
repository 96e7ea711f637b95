// Single numbers and tables.
import { clipped, escaped, written } from "./units.mjs";

const colourOf = ({ steps = [], base = "green" }, value) =>
  steps.filter(({ from }) => value >= from).at(-1)?.colour ?? base;

/** @returns the inside of a panel with one large number */
export const stat = ({ panel, answers, width, height }) => {
  const values = answers
    .flatMap(({ series }) => series.map(({ points }) => points.at(-1)?.[1]))
    .filter(Number.isFinite);
  const [value] = values;
  if (value === undefined) return `<text class="soft mid" x="${width / 2}" y="${height / 2 + 12}">No data</text>`;
  const word = panel.words?.[String(value)];
  const rounded =
    panel.decimals === undefined
      ? value
      : Number(value.toFixed(panel.decimals + (panel.unit === "percentunit" ? 2 : 0)));
  const text = word?.text ?? written(rounded, panel.unit, 4);
  return `<text class="mid big t-${word?.colour ?? colourOf(panel, value)}" x="${width / 2}" y="${height / 2 + 22}">${escaped(text)}</text>`;
};

const ROW = 17;
const SIGN = 6.8;

/** One row for each set of the columns' labels, with a value for each query. */
const rowsOf = ({ columns }, answers) => {
  const rows = new Map();
  answers.forEach(({ series }, index) => {
    for (const { labels, value } of series) {
      const key = Object.keys(columns).map((label) => labels[label] ?? "");
      const row = rows.get(key.join("\n")) ?? { key, values: [] };
      row.values[index] = value;
      rows.set(key.join("\n"), row);
    }
  });
  return [...rows.values()].filter(({ values }) => values[0] !== undefined).sort((a, b) => b.values[0] - a.values[0]);
};

/** @returns the inside of a panel with a table */
export const table = ({ panel, answers, width, height }) => {
  const names = Object.values(panel.columns);
  const numbers = panel.queries.map(({ legend }) => legend);
  const numberWidth = Math.min(130, (width - 140) / numbers.length);
  const nameWidth = (width - 20 - numbers.length * numberWidth) / names.length;
  const nameAt = (index) => 10 + index * nameWidth;
  const numberEnd = (index) => width - 12 - (numbers.length - 1 - index) * numberWidth;
  const heads = [
    ...names.map((name, at) => `<text class="soft" x="${nameAt(at)}" y="40">${escaped(name)}</text>`),
    ...numbers.map(
      (name, at) =>
        `<text class="soft end" x="${numberEnd(at)}" y="40">${escaped(clipped(name, numberWidth, 5.6))}</text>`,
    ),
  ].join("");
  const rows = rowsOf(panel, answers);
  const shown = rows.slice(0, Math.floor((height - 50) / ROW));
  const lines = shown.map(({ key, values }, index) => {
    const y = 58 + index * ROW;
    const cells = key.map(
      (text, at) => `<text x="${nameAt(at)}" y="${y}">${escaped(clipped(text, nameWidth - 8, SIGN))}</text>`,
    );
    const figures = numbers.map((_, at) => {
      const value = values[at];
      const colour = panel.steps && value !== undefined ? ` t-${colourOf(panel, value)}` : "";
      return `<text class="end${colour}" x="${numberEnd(at)}" y="${y}">${value === undefined ? "" : written(value, panel.unit)}</text>`;
    });
    return [...cells, ...figures].join("");
  });
  return heads + (rows.length === 0 ? `<text class="soft" x="10" y="58">No data</text>` : lines.join(""));
};
