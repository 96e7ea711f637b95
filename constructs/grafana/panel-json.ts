import type { Heatmap, Panel, Stat, Table, TimeSeries } from "./model";

const steps = ({ steps: given = [], base = "green" }: Panel): object[] => [
  { color: base, value: null },
  ...given.map(({ from, colour }) => ({ color: colour, value: from })),
];

const defaults = (panel: Panel, mode: string, custom: object | undefined): object => ({
  unit: panel.unit,
  color: { mode },
  thresholds: { mode: "absolute", steps: steps(panel) },
  ...(panel.decimals === undefined ? {} : { decimals: panel.decimals }),
  ...(panel.max === undefined ? {} : { max: panel.max }),
  ...(panel.kind === "timeseries" ? { min: 0 } : {}),
  ...(panel.kind === "stat" ? { mappings: mappings(panel) } : {}),
  ...(custom ? { custom } : {}),
});

const mappings = ({ words = {} }: Stat): object[] =>
  Object.keys(words).length === 0
    ? []
    : [
        {
          type: "value",
          options: Object.fromEntries(
            Object.entries(words).map(([value, { text, colour }], index) => [value, { text, color: colour, index }]),
          ),
        },
      ];

const lines = (panel: TimeSeries): object => ({
  drawStyle: "line",
  lineWidth: 1,
  fillOpacity: panel.stacked ? 30 : 8,
  showPoints: "never",
  spanNulls: false,
  stacking: { mode: panel.stacked ? "normal" : "none", group: "A" },
  thresholdsStyle: { mode: panel.steps?.length ? "dashed" : "off" },
});

const tableDefaults = (panel: Table): object => ({
  align: "auto",
  inspect: false,
  cellOptions: { type: panel.steps?.length ? "color-text" : "auto" },
});

/** How values are written and coloured. */
export const fieldConfig = (panel: Panel): object => {
  switch (panel.kind) {
    case "timeseries":
      return { defaults: defaults(panel, "palette-classic", lines(panel)), overrides: [] };
    case "stat":
      return { defaults: defaults(panel, "thresholds", undefined), overrides: [] };
    case "table":
      return { defaults: defaults(panel, "thresholds", tableDefaults(panel)), overrides: [] };
    case "heatmap":
      return { defaults: { custom: { scaleDistribution: { type: "linear" } } }, overrides: [] };
  }
};

const timeSeriesOptions = ({ queries }: TimeSeries): object => ({
  legend: {
    displayMode: "table",
    placement: "bottom",
    showLegend: queries.length > 1 || queries.some(({ legend }) => legend.includes("{{")),
    calcs: ["lastNotNull", "max"],
  },
  tooltip: { mode: "multi", sort: "desc" },
});

const statOptions = ({ queries }: Stat): object => ({
  colorMode: "value",
  graphMode: "area",
  justifyMode: "auto",
  orientation: "auto",
  percentChangeColorMode: "standard",
  reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
  showPercentChange: false,
  textMode: queries.some(({ legend }) => legend.includes("{{")) ? "value_and_name" : "value",
  wideLayout: true,
});

const tableOptions = ({ queries }: Table): object => ({
  showHeader: true,
  frameIndex: 0,
  cellHeight: "sm",
  sortBy: [{ displayName: (queries[0] as { legend: string }).legend, desc: true }],
});

const heatmapOptions = ({ unit }: Heatmap): object => ({
  calculate: false,
  cellGap: 1,
  color: { mode: "scheme", scheme: "Oranges", fill: "dark-orange", exponent: 0.5, steps: 64, reverse: false },
  exemplars: { color: "rgba(255,0,255,0.7)" },
  filterValues: { le: 1e-9 },
  legend: { show: true },
  rowsFrame: { layout: "auto" },
  showValue: "never",
  tooltip: { mode: "single", showColorScale: false, yHistogram: false },
  yAxis: { axisPlacement: "left", reverse: false, unit },
});

/** How a panel is drawn. */
export const optionsOf = (panel: Panel): object => {
  switch (panel.kind) {
    case "timeseries":
      return timeSeriesOptions(panel);
    case "stat":
      return statOptions(panel);
    case "table":
      return tableOptions(panel);
    case "heatmap":
      return heatmapOptions(panel);
  }
};

/** One row for each set of labels, with a column for each query. */
export const transformationsOf = ({ columns, queries }: Table): object[] => {
  const labels = Object.keys(columns);
  const values = queries.map((_, index) =>
    queries.length === 1 ? "Value" : `Value #${String.fromCharCode(65 + index)}`,
  );
  return [
    { id: "merge", options: {} },
    { id: "filterFieldsByName", options: { include: { names: [...labels, ...values] } } },
    {
      id: "organize",
      options: {
        indexByName: Object.fromEntries([...labels, ...values].map((name, index) => [name, index])),
        renameByName: {
          ...columns,
          ...Object.fromEntries(values.map((name, index) => [name, queries[index]?.legend as string])),
        },
      },
    },
  ];
};
