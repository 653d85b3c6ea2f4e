/** CSV as it leaves Gatehouse (RFC 4180): cells open as text in every spreadsheet, whatever somebody named themselves (S202). */

/** What spreadsheets take for the beginning of a formula, the wide forms of East Asian keyboards included. */
const STARTS_A_FORMULA = /^[\s\u200b\ufeff]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

type Cell = string | number | null | undefined;

function csvCell(value: Cell): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' && STARTS_A_FORMULA.test(value) ? `'${value}` : String(value);
  return /[",;\r\n\t']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One line with its end; null and undefined are empty cells. */
export const csvLine = (cells: readonly Cell[]): string => `${cells.map(csvCell).join(',')}\r\n`;
