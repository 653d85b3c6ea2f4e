/** Where a person wanted to go before signing in: only ever a path of this gateway (S50). */

const LONGEST = 512;
/** Printable ASCII from one slash that is not followed by a slash; no backslash, which browsers read as one. */
const OWN_PATH = /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/;

/** The path as it may stand in a Location header, or null for anything else: other origins, schemes, control characters, more than 512 characters. */
export function ownPath(value: unknown): string | null {
  return typeof value === 'string' && value.length <= LONGEST && OWN_PATH.test(value) ? value : null;
}
