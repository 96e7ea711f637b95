/** Words of PromQL that stand where a metric could, without a bracket behind them. */
const WORDS = new Set([
  ...["and", "or", "unless", "bool", "offset", "atan2", "inf", "nan"],
  ...["sum", "avg", "min", "max", "count", "stddev", "stdvar", "topk", "bottomk", "quantile", "group", "count_values"],
]);
/** Words behind which labels stand in brackets. */
const LABEL_LISTS = new Set(["by", "without", "on", "ignoring", "group_left", "group_right"]);

const closing = (expr: string, from: number, end: string): number => {
  let quoted = false;
  for (let at = from; at < expr.length; at++) {
    if (expr[at] === '"' && expr[at - 1] !== "\\") quoted = !quoted;
    else if (!quoted && expr[at] === end) return at + 1;
  }
  throw new Error(`no ${end} in ${expr.slice(from)}`);
};

/** Every selector of an expression, as it stands there: `up`, `up{job="nginx"}`. Ranges and offsets are left out. */
export const selectorsOf = (expr: string): string[] => {
  const found: string[] = [];
  let at = 0;
  while (at < expr.length) {
    const rest = expr.slice(at);
    const space = /^\s+/.exec(rest)?.[0];
    const word = /^[a-zA-Z_:][\w:]*/.exec(rest)?.[0];
    if (space) at += space.length;
    else if (rest[0] === "[") at = closing(expr, at, "]");
    else if (/^\d/.test(rest)) at += /^[\d.]+(e[+-]?\d+)?[a-z]*/i.exec(rest)?.[0].length ?? 1;
    else if (!word) at += 1;
    else {
      at += word.length;
      const next = /^\s*(.)/.exec(expr.slice(at))?.[1];
      if (LABEL_LISTS.has(word)) at = next === "(" ? closing(expr, at, ")") : at;
      else if (next === "{") {
        const end = closing(expr, at, "}");
        found.push(`${word}${expr.slice(at, end).trim()}`);
        at = end;
      } else if (next !== "(" && !WORDS.has(word)) found.push(word);
    }
  }
  return found;
};

/** Name alone. */
export const metricOf = (selector: string): string => selector.replace(/\{.*$/, "");
