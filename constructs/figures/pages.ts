import { aloneTable, capacityTable, circumstancesText, holdsText, splitTable } from "./capacity";
import { layoutsTable } from "./layouts";
import { leastText, plansTable } from "./plans";
import { profilesTable, sizeExample } from "./size";
import { tiersTable } from "./tiers";

/** Pages with figures that are the solver's own. */
export const PAGES_WITH_FIGURES = ["README.md", "docs/environments.md", "docs/sizing.md", "docs/workers.md"] as const;

const BLOCKS: Readonly<Record<string, () => string>> = {
  size: sizeExample,
  profiles: profilesTable,
  plans: plansTable,
  least: leastText,
  tiers: tiersTable,
  holds: holdsText,
  measured: circumstancesText,
  alone: aloneTable,
  split: splitTable,
  capacity: capacityTable,
  layouts: layoutsTable,
};

/** A page with its figures reckoned anew: what stands between the marks `<!-- figures: … -->` and `<!-- end -->`. */
export const withFigures = (page: string): string =>
  page.replace(
    /(<!-- figures: (\w+) -->\n)[\s\S]*?(\n<!-- end -->)/g,
    (_all, start: string, name: string, end: string) => {
      const block = BLOCKS[name];
      if (!block) throw new Error(`no figures are called ${name}`);
      return start + block() + end;
    },
  );
