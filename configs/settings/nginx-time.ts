const SECONDS: Readonly<Record<string, number>> = { "": 1, ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** Nginx's times: `180`, `3m`, `1m30s`; NaN for anything else. */
export const nginxSeconds = (value: unknown): number => {
  const parts = [...String(value).matchAll(/\s*(\d+)(ms|[smhd]|)/g)];
  const isWhole = parts.map(([part]) => part).join("") === String(value).trimEnd();
  return parts.length > 0 && isWhole
    ? parts.reduce((sum, [, count, unit]) => sum + Number(count) * (SECONDS[unit ?? ""] as number), 0)
    : Number.NaN;
};
