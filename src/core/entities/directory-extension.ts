/** Attributes that one directory has besides the standard ones: what an admin says about them, and what must be unique. */

export const EXTENSION_TYPES = [
  'string',
  'boolean',
  'decimal',
  'integer',
  'dateTime',
  'reference',
  'binary',
] as const;

/** Characteristics of RFC 7643 §2.2, as far as an admin may choose them. */
export interface ExtensionSubAttribute {
  readonly name: string;
  readonly type: (typeof EXTENSION_TYPES)[number];
  readonly multiValued: boolean;
  readonly description: string;
  readonly required: boolean;
  readonly caseExact: boolean;
  readonly mutability: 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly';
  readonly returned: 'always' | 'default' | 'request' | 'never';
  /** Hints, not a closed list; absent: none. */
  readonly canonicalValues?: readonly string[] | undefined;
}

/** `subAttributes` is empty unless `type` is complex. */
export interface ExtensionAttribute extends Omit<ExtensionSubAttribute, 'type'> {
  readonly type: ExtensionSubAttribute['type'] | 'complex';
  /** `server`: no two people of the directory hold the same value. */
  readonly uniqueness: 'none' | 'server';
  readonly subAttributes: readonly ExtensionSubAttribute[];
}

/** A schema extension of the people of one directory (RFC 7643 §3.3). */
export interface DirectoryExtension {
  readonly urn: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly ExtensionAttribute[];
}

/** A value that only one person of the directory may hold. Made only by `uniqueValue`. */
export interface UniqueValue {
  /** `URN:attribute`, in the extension's own letter case. */
  readonly path: string;
  /** Path and value in one text; folded where the attribute ignores letter case. */
  readonly key: string;
}

/** A value under its path. No path holds a space, so that no two pairs share a key. */
export const uniqueValue = (path: string, value: string): UniqueValue => ({ path, key: `${path} ${value}` });
