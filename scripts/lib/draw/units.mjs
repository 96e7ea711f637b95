// Numbers as Grafana writes them, by its names of units.

const short = (value, digits) => String(Number(value.toPrecision(digits)));

const scaled = (value, base, names, digits) => {
  let at = 0;
  let left = value;
  while (Math.abs(left) >= base && at < names.length - 1) {
    left /= base;
    at += 1;
  }
  return `${short(left, digits)}${names[at]}`;
};

const COUNT = ["", " K", " Mil", " Bil"];
const BYTES = [" B", " KiB", " MiB", " GiB", " TiB"];

const seconds = (value, digits) => {
  const amount = Math.abs(value);
  if (amount === 0) return "0 s";
  if (amount < 1e-3) return `${short(value * 1e6, digits)} µs`;
  if (amount < 1) return `${short(value * 1e3, digits)} ms`;
  if (amount < 60) return `${short(value, digits)} s`;
  if (amount < 3600) return `${short(value / 60, digits)} min`;
  if (amount < 86_400) return `${short(value / 3600, digits)} h`;
  return `${short(value / 86_400, digits)} d`;
};

const WRITERS = {
  none: (value, digits) => short(value, digits),
  short: (value, digits) => scaled(value, 1000, COUNT, digits),
  bytes: (value, digits) => scaled(value, 1024, BYTES, digits),
  Bps: (value, digits) => `${scaled(value, 1024, BYTES, digits)}/s`,
  percentunit: (value, digits) => `${short(value * 100, digits)}%`,
  s: seconds,
  ms: (value, digits) => seconds(value / 1000, digits),
  reqps: (value, digits) => `${scaled(value, 1000, COUNT, digits)} req/s`,
  ops: (value, digits) => `${scaled(value, 1000, COUNT, digits)} ops/s`,
  rowsps: (value, digits) => `${scaled(value, 1000, COUNT, digits)} rows/s`,
};

/** @param digits - that count */
export const written = (value, unit, digits = 3) => {
  if (!Number.isFinite(value)) return "–";
  const write = WRITERS[unit];
  if (!write) throw new Error(`no way to write ${unit}`);
  return write(value, digits);
};

export const escaped = (text) =>
  String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Fits the text into a width, at about so many units for each sign. */
export const clipped = (text, width, sign) => {
  const most = Math.max(1, Math.floor(width / sign));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
};

/** `{{job}} {{index}}` with the labels of one series. */
export const legendOf = (template, labels) => template.replace(/\{\{(\w+)\}\}/g, (_, label) => labels[label] ?? "");
