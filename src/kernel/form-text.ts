/** Values of `application/x-www-form-urlencoded` as text, on whatever thread they are read. */

/** The value behind `+` and percent-encoding (URL standard §5.1), as UTF-8. What is encoded wrongly stays as it was sent. */
export function decodeFormText(encoded: string): string {
  const spaced = encoded.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
