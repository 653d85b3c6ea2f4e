/** What people read in place of a User-Agent header: which browser on which system. A name to recognize by, believed by nothing. */

/** First match counts: browsers built on others name those as well. */
const BROWSERS: readonly (readonly [mark: RegExp, name: string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|Opera)\//, 'Opera'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bVersion\/\S+ (?:Mobile\/\S+ )?Safari\//, 'Safari'],
];

const SYSTEMS: readonly (readonly [mark: RegExp, name: string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

/** What a program that is no browser calls itself, such as `curl` in `curl/8.5.0`. */
const PRODUCT = /^([A-Za-z][\w.-]{0,39})(?:\/|$)/;

const named = (list: typeof BROWSERS, userAgent: string): string | undefined =>
  list.find(([mark]) => mark.test(userAgent))?.[1];

/** Such as `Firefox on Linux`, or a program's own name; null for what says neither. */
export function deviceName(userAgent: string | null): string | null {
  if (userAgent === null) return null;
  const browser = named(BROWSERS, userAgent);
  const system = named(SYSTEMS, userAgent);
  if (browser !== undefined) return system === undefined ? browser : `${browser} on ${system}`;
  const product = PRODUCT.exec(userAgent)?.[1];
  if (product !== undefined && product !== 'Mozilla') return product;
  return system === undefined ? null : `A program on ${system}`;
}
