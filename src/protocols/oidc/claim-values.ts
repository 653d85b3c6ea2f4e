/** Turns JSON claims of any shape into bounded lists of text. Never trusts a name or a size. */

type Claims = Readonly<Record<string, unknown>>;

const MOST_CLAIMS = 200;
const MOST_VALUES = 2000;
const LONGEST_VALUE = 4096;

export function isRecord(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as non-empty text of sane length; undefined for anything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_VALUE ? value : undefined;
}

/**
 * Whether this document says something under that name, be it "none": a list, however empty, or a single value. `null`
 * and objects are no claim of ours, and `__proto__` no claim at all unless it is sent (OIDC Core §5.3.2).
 */
export function isSent(document: Claims, name: string): boolean {
  const value = Object.hasOwn(document, name) ? document[name] : undefined;
  return Array.isArray(value) || ['string', 'number', 'boolean'].includes(typeof value);
}

/**
 * Every claim as a list of text: strings, finite numbers, booleans and lists of those. Objects are left out; what was
 * sent and holds nothing is an empty list (S146). The first document that sends a claim decides it. A Map, so `__proto__`
 * is a name like any other (S55 for OIDC).
 */
export function flattenClaims(...documents: readonly Claims[]): ReadonlyMap<string, readonly string[]> {
  const claims = new Map<string, readonly string[]>();
  for (const document of documents) {
    for (const [name, value] of Object.entries(document)) {
      if (claims.has(name) || claims.size >= MOST_CLAIMS) continue;
      if (isSent(document, name)) claims.set(name, listOf(value));
    }
  }
  return claims;
}

/** The group values of the named claim; undefined when neither document sends it. A single string is a list of one; objects are left out. */
export function readGroups(idToken: Claims, userInfo: Claims, claim: string): readonly string[] | undefined {
  const source = [idToken, userInfo].find((document) => isSent(document, claim));
  return source && [...new Set(listOf(source[claim]))];
}

/**
 * True when the provider says that there are groups and does not say which: Entra beyond 200 of them, by a distributed
 * claim (OIDC Core §5.6.2) or `hasgroups`. We fetch nothing from the address it names: that takes permissions nobody gave.
 */
export function isGroupOverage(idToken: Claims, userInfo: Claims, claim: string): boolean {
  if (isSent(idToken, claim) || isSent(userInfo, claim)) return false;
  const distributed = idToken._claim_names;
  if (isRecord(distributed) && Object.hasOwn(distributed, claim)) return true;
  return idToken.hasgroups === true || idToken.hasgroups === 'true';
}

function listOf(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value.slice(0, MOST_VALUES) : [value];
  return items.map(scalarText).filter((text) => text !== undefined);
}

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  return textOf(value);
}
