/** Of a limit: near enough to it that somebody should look (docs/reference/alerts.md). */
const NEAR = 0.8;

/** A share of a limit, as a whole number. */
export const shareOf = (limit: number, share = NEAR): number => Math.floor(limit * share);

/**
 * 80 % of a limit, yet never less than what the plan itself lets be in use: pools that are full, as planned, are no news.
 * @param planned - below the limit
 */
export const nearLimit = (limit: number, planned: number): number => Math.max(shareOf(limit), planned);
