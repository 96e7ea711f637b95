/** Grafana's own name of a unit: how a number is written, axis and all. */
export type Unit =
  | "short"
  | "none"
  | "bytes"
  | "Bps"
  | "percentunit"
  | "s"
  | "ms"
  | "reqps"
  | "ops"
  | "rowsps"
  | "dateTimeAsIso";

export type Colour = "green" | "yellow" | "orange" | "red" | "blue" | "text";

/** From this value on the colour holds. */
export interface Step {
  readonly from: number;
  readonly colour: Colour;
}

/** One question to Prometheus. */
export interface Query {
  readonly expr: string;
  /** Name of each line, with `{{label}}` for what tells them apart. */
  readonly legend: string;
  /**
   * When it has an answer, where it has none on a healthy box: `a room was left`. Words for docs/monitoring.md and the
   * test that runs every query.
   * @default - always
   */
  readonly onlyWhen?: string;
}

interface Common {
  /** Once in its dashboard: the panel's id follows from it. */
  readonly title: string;
  /** What it means and what to do, in a sentence or two. */
  readonly about?: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** From the plan, wherever there is a number to keep away from. @default [] */
  readonly steps?: readonly Step[];
  /** Below the first step. @default "green": more is worse */
  readonly base?: Colour;
  /** Columns of 24. @default 8, and 4 for a single number */
  readonly width?: number;
  /** @default - of the values */
  readonly max?: number;
  readonly decimals?: number;
}

/** Lines over time. Its steps are drawn as dashed lines. */
export interface TimeSeries extends Common {
  readonly kind: "timeseries";
  /** One upon the other, where the sum means something. @default false */
  readonly stacked?: boolean;
}

/** The last value, large. */
export interface Stat extends Common {
  readonly kind: "stat";
  /** Words for values: `1` is `up`. */
  readonly words?: Readonly<Record<string, { readonly text: string; readonly colour: Colour }>>;
}

/** The last value of each series, a row each. */
export interface Table extends Common {
  readonly kind: "table";
  /** Labels that become columns, with their headings. One column for each query follows, headed by its legend. */
  readonly columns: Readonly<Record<string, string>>;
}

/** How many of each bucket of a histogram, over time. */
export interface Heatmap extends Common {
  readonly kind: "heatmap";
}

export type Panel = TimeSeries | Stat | Table | Heatmap;

export interface Row {
  readonly title: string;
  /** From left to right, in as many lines as they need. */
  readonly panels: readonly Panel[];
}

export interface Dashboard {
  /** A bare name; the uid is `synapse-kit-<name>`. */
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly rows: readonly Row[];
}

type Without<P extends Panel> = Omit<P, "kind">;

export const timeSeries = (panel: Without<TimeSeries>): TimeSeries => ({ kind: "timeseries", ...panel });
export const stat = (panel: Without<Stat>): Stat => ({ kind: "stat", ...panel });
export const table = (panel: Without<Table>): Table => ({ kind: "table", ...panel });
export const heatmap = (panel: Without<Heatmap>): Heatmap => ({ kind: "heatmap", ...panel });

/** Things that are there only where something else is. */
export const when = <T>(there: unknown, ...items: readonly T[]): readonly T[] => (there ? items : []);
