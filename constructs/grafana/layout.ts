import type { Panel, Row } from "./model";

/** Where a panel stands, in columns and lines of Grafana's grid. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

const COLUMNS = 24;
const HEIGHTS: Readonly<Record<Panel["kind"], number>> = { timeseries: 8, heatmap: 8, table: 9, stat: 4 };
const WIDTHS: Readonly<Record<Panel["kind"], number>> = { timeseries: 8, heatmap: 12, table: 12, stat: 4 };

export interface PlacedRow {
  readonly row: Row;
  readonly place: Place;
  readonly panels: readonly { readonly panel: Panel; readonly place: Place }[];
}

/** Rows one below the other, their panels from left to right; a line is as high as the highest in it. */
export const placed = (rows: readonly Row[]): PlacedRow[] => {
  let y = 0;
  return rows.map((row) => {
    const place = { x: 0, y, w: COLUMNS, h: 1 };
    y += 1;
    let x = 0;
    let lineHeight = 0;
    const panels = row.panels.map((panel) => {
      const w = panel.width ?? WIDTHS[panel.kind];
      const h = HEIGHTS[panel.kind];
      if (x + w > COLUMNS) {
        y += lineHeight;
        x = 0;
        lineHeight = 0;
      }
      const at = { x, y, w, h };
      x += w;
      lineHeight = Math.max(lineHeight, h);
      return { panel, place: at };
    });
    y += lineHeight;
    return { row, place, panels };
  });
};
