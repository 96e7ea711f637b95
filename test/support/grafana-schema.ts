import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "./corpus";

const TYPES = join(dirname(require.resolve("@grafana/schema/package.json")), "dist", "types");
const TSC = join(ROOT, "node_modules", ".bin", "tsc");

/** A panel's type and the folder of its own options. */
const PANELS = { timeseries: "TimeSeries", stat: "Stat", table: "Table", heatmap: "Heatmap" } as const;
/** Those whose own settings stand in `fieldConfig` too. */
const WITH_CUSTOM: readonly string[] = ["timeseries", "table", "heatmap"];

/**
 * Grafana's types with each enum as a union of its values: JSON holds values, and TypeScript takes no literal for an
 * enum. Names of its members stay, since other types use them.
 */
const withoutEnums = (text: string): string =>
  text.replace(/export declare enum (\w+) \{([^}]*)\}/g, (_, name: string, body: string) => {
    const members = [...body.matchAll(/(\w+) = ([^,\n]+)/g)].map(([, member, value]) => [member, value] as const);
    return [
      `export type ${name} = ${members.map(([, value]) => value).join(" | ")};`,
      `export declare namespace ${name} { ${members.map(([member, value]) => `export type ${member} = ${value};`).join(" ")} }`,
    ].join("\n");
  });

interface PanelJson {
  readonly type: string;
  readonly title: string;
  readonly options?: object;
  readonly fieldConfig?: { readonly defaults: { readonly custom?: object } };
  readonly targets?: readonly object[];
}

/** One constant for each part that has a type of its own: object literals, so that a property too many is a mistake. */
const checksOf = (json: string, index: number): string[] => {
  const dashboard = JSON.parse(json) as { panels: readonly PanelJson[] };
  const constant = (name: string, type: string, value: unknown) =>
    `export const ${name}: ${type} = ${JSON.stringify(value, null, 1)};`;
  return [
    constant(`dashboard${index}`, "raw.Dashboard", dashboard),
    ...dashboard.panels.flatMap(({ type, options, fieldConfig, targets = [] }, at) => {
      const name = PANELS[type as keyof typeof PANELS];
      if (!name) return type === "row" ? [] : [`unknown panel ${type};`];
      return [
        constant(`options${index}_${at}`, `${name}.Options`, options),
        ...(WITH_CUSTOM.includes(type)
          ? [constant(`custom${index}_${at}`, `${name}.FieldConfig`, fieldConfig?.defaults.custom)]
          : []),
        ...targets.map((target, which) => constant(`target${index}_${at}_${which}`, "PrometheusQuery", target)),
      ];
    }),
  ];
};

/** Not in the published package, as a data source brings its own: names and values of Grafana's Prometheus plugin. */
const PROMETHEUS_QUERY = `interface PrometheusQuery extends common.DataQuery {
  expr: string;
  editorMode?: "code" | "builder";
  legendFormat?: string;
  format?: "time_series" | "table" | "heatmap";
  instant?: boolean;
  range?: boolean;
}`;

/**
 * What TypeScript says of dashboards measured against the types that Grafana publishes.
 * @returns one line for each mistake
 */
export const schemaMistakes = (dashboards: readonly string[]): string[] => {
  const folder = mkdtempSync(join(tmpdir(), "synapse-kit-grafana-"));
  try {
    const types = join(folder, "node_modules", "@grafana", "schema");
    cpSync(TYPES, types, { recursive: true });
    for (const entry of readdirSync(types, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      writeFileSync(path, withoutEnums(readFileSync(path, "utf8")));
    }
    writeFileSync(join(types, "package.json"), JSON.stringify({ name: "@grafana/schema", types: "index.d.ts" }));
    mkdirSync(join(folder, "src"));
    const panelTypes = Object.entries(PANELS).map(
      ([type, name]) =>
        `import type * as ${name} from "@grafana/schema/raw/composable/${type}/panelcfg/x/${name}PanelCfg_types.gen";`,
    );
    writeFileSync(
      join(folder, "src", "dashboards.ts"),
      [
        'import type * as raw from "@grafana/schema/raw/dashboard/x/dashboard_types.gen";',
        'import type * as common from "@grafana/schema/common/common.gen";',
        ...panelTypes,
        PROMETHEUS_QUERY,
        ...dashboards.flatMap(checksOf),
      ].join("\n"),
    );
    const { stdout, status } = spawnSync(
      TSC,
      [
        ...["--noEmit", "--strict", "--skipLibCheck", "--ignoreConfig", "--types", ""],
        ...["--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022", "src/dashboards.ts"],
      ],
      { cwd: folder, encoding: "utf8" },
    );
    const said = stdout.split("\n").filter((line) => line.trim() !== "");
    return status === 0 || said.length > 0 ? said : ["tsc did not run"];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
