/** The few statistics a benchmark quotes. Nothing here measures anything. */

/** The middle value, or the mean of the two middle ones. NaN for no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  if (sorted.length % 2 === 1) return upper;
  return ((sorted[(sorted.length >> 1) - 1] ?? Number.NaN) + upper) / 2;
}

/** The smallest value that at least `share` (0 to 1) of all values do not exceed. NaN for no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.ceil(share * sorted.length) - 1;
  return sorted[Math.min(sorted.length - 1, Math.max(0, rank))] ?? Number.NaN;
}

/** Lowest and highest value; NaN for no values. */
export function spread(values: readonly number[]): { readonly lowest: number; readonly highest: number } {
  const isEmpty = values.length === 0;
  return {
    lowest: isEmpty ? Number.NaN : Math.min(...values),
    highest: isEmpty ? Number.NaN : Math.max(...values),
  };
}

/** `of / to`, or NaN when either is unknown or nothing can be divided by `to`. */
export function ratio(of: number, to: number): number {
  return to > 0 && Number.isFinite(of) ? of / to : Number.NaN;
}
