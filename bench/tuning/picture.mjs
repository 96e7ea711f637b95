// The comparison as a picture: rates beside ours, and what the worst case did, box by box.
import { OURS, OURS_AGAIN } from "./arms.mjs";

const WIDTH = 960;
const LEFT = 190;
const ROW = 18;
const HEAD = 46;
const PANEL_GAP = 14;
/** Of the axis: times ours. */
const LEAST = 0;
const MOST = 1.5;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px } .head { font-weight: 600 } .small { font-size: 11px; fill: #59636e }
  .line { stroke: #59636e; stroke-width: 1 } .one { stroke: #59636e; stroke-dasharray: 3 3 }
  .noise { fill: #afb8c1; opacity: .35 } .dot { fill: #0969da } .mine { fill: #1a7f37 } .span { stroke: #0969da; stroke-width: 2 }
  .bad { fill: #cf222e } .good { fill: #1a7f37 } .background { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .line, .one { stroke: #9198a1 } .noise { fill: #656c76 }
    .dot { fill: #4493f8 } .span { stroke: #4493f8 } .mine, .good { fill: #3fb950 } .bad { fill: #f85149 } .background { fill: #0d1117 }
  }`;

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const text = (x, y, content, kind = "", anchor = "start") =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" class="${kind}" text-anchor="${anchor}">${escaped(content)}</text>`;

const NAMES = { select: "select only", tpcb: "TPC-B", synapse: "Synapse mix", busy: "Synapse mix, busy" };

const panel = (x, width, top, load, { arms, noise }, names) => {
  const at = (value) => x + ((Math.min(MOST, Math.max(LEAST, value)) - LEAST) / (MOST - LEAST)) * width;
  const height = names.length * ROW;
  const rows = names.map((name, row) => {
    const y = top + row * ROW + ROW / 2;
    if (name === OURS) return `<circle class="mine" cx="${at(1).toFixed(1)}" cy="${y}" r="4"/>`;
    const { median, low, high } = arms[name].times_ours.tps;
    return `<line class="span" x1="${at(low).toFixed(1)}" x2="${at(high).toFixed(1)}" y1="${y}" y2="${y}"/><circle class="dot" cx="${at(median).toFixed(1)}" cy="${y}" r="4"/>`;
  });
  return [
    text(x, top - 10, NAMES[load], "head"),
    `<rect class="noise" x="${at(1 - noise.tps).toFixed(1)}" width="${(at(1 + noise.tps) - at(1 - noise.tps)).toFixed(1)}" y="${top}" height="${height}"/>`,
    `<line class="one" x1="${at(1).toFixed(1)}" x2="${at(1).toFixed(1)}" y1="${top}" y2="${top + height}"/>`,
    ...rows,
    ...[0, 0.5, 1, 1.5].map((value) => text(at(value), top + height + 13, String(value), "small", "middle")),
  ].join("\n");
};

const verdict = (one) => {
  if (one === undefined) return ["", ""];
  const failures = one.oom_kills + one.tenants_killed + one.refused + one.shm_failures + one.out_of_memory;
  if (failures === 0 && !one.server_ended) return ["0 failures", "good"];
  return [one.oom_kills > 0 ? `killed: ${one.oom_kills}` : `failures: ${failures || 1}`, "bad"];
};

const boxPart = (box, { loads, safety }, top) => {
  const names = Object.keys(loads ? Object.values(loads)[0].arms : safety).filter((name) => name !== OURS_AGAIN);
  const [cpus, ram] = box.split("/");
  const kinds = Object.entries(loads ?? {});
  const verdictWidth = 100;
  const width = (WIDTH - LEFT - verdictWidth) / Math.max(1, kinds.length) - PANEL_GAP;
  const rowsTop = top + HEAD;
  const parts = [
    text(12, top + 18, `${cpus} cores, ${ram} GB`, "title"),
    text(WIDTH - verdictWidth, rowsTop - 10, "worst case", "head"),
    ...names.map((name, row) => text(12, rowsTop + row * ROW + ROW / 2 + 4, name, name === OURS ? "head" : "")),
    ...kinds.map(([load, figures], column) =>
      panel(LEFT + column * (width + PANEL_GAP), width, rowsTop, load, figures, names),
    ),
    ...names.map((name, row) => {
      const [said, kind] = verdict(safety?.[name]);
      return text(WIDTH - verdictWidth, rowsTop + row * ROW + ROW / 2 + 4, said, kind);
    }),
  ];
  return { svg: parts.join("\n"), height: HEAD + names.length * ROW + 30 };
};

/** @returns SVG that follows the reader's choice of light or dark */
export const picture = ({ boxes }) => {
  let top = 34;
  const parts = [];
  for (const [box, figures] of Object.entries(boxes)) {
    const { svg, height } = boxPart(box, figures, top);
    parts.push(svg);
    top += height;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" role="img" aria-label="Transactions a second of each arm as a multiple of ours, and failures in the worst case">
<style>${STYLE}
</style>
<rect class="background" width="${WIDTH}" height="${top}"/>
${text(12, 22, "Transactions a second, times ours (1 = ours; grey: noise), and what the worst case did")}
${parts.join("\n")}
</svg>
`;
};
