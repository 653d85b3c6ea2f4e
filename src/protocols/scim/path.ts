/** PATCH paths: from text to the attribute of the schema that it names. Says where, changes nothing. Pure. */
import { GatehouseError } from '../../kernel/errors.ts';
import { type Filter, parseElementFilter } from './filter.ts';
import { guardSegments } from './input-guard.ts';
import {
  type Attribute,
  findAttribute,
  findSchemaAttribute,
  findSubAttribute,
  type ResourceType,
  type Schema,
  splitUrn,
} from './schema.ts';
import type { Tolerance } from './tolerances.ts';

/** An attribute, or a part of it, that a path names. */
export interface AttributePath {
  readonly kind: 'attribute';
  /** The path as written, for messages. */
  readonly text: string;
  /** Set for attributes of an extension: the URN under which a resource keeps them. */
  readonly extension: Schema | undefined;
  readonly attribute: Attribute;
  /** `attr[filter]`: which elements; undefined means all of them. */
  readonly filter: Filter | undefined;
  readonly sub: Attribute | undefined;
  readonly tolerances: readonly Tolerance[];
}

/** What a path names (RFC 7644 §3.5.2): an attribute, a whole schema (a URN alone), or nothing the schemas know. */
export type PatchPath =
  | AttributePath
  | {
      readonly kind: 'schema';
      readonly text: string;
      readonly schema: Schema;
      readonly isExtension: boolean;
      readonly tolerances: readonly Tolerance[];
    }
  | { readonly kind: 'unknown'; readonly text: string; readonly tolerances: readonly Tolerance[] };

interface PathParts {
  readonly name: string;
  readonly filterText: string | undefined;
  readonly subName: string | undefined;
}

const MAX_PATH_LENGTH = 4096;
const NAME = /^(?:\$ref|[A-Za-z][\w-]*)$/;
const DOTTED = /^(?:\$ref|[A-Za-z][\w-]*)(?:\.(?:\$ref|[A-Za-z][\w-]*))?$/;
const URN = /^urn:[^\s"[\]]+$/i;
const URN_HEAD = /^urn:/i;

/**
 * Reads a path: `attr`, `attr.sub`, `attr[filter]`, `attr[filter].sub`, each with or without a leading URN, or a URN
 * alone (RFC 7644 §3.5.2, figure 7). Names compare without case; known URNs are matched before any cut.
 * A well-formed path that no schema of the type knows is `unknown`: the caller decides.
 * Throws `invalid_path` (malformed, too long, or naming a prototype), `invalid_filter` (a broken filter inside).
 */
export function parsePath(text: string, type: ResourceType): PatchPath {
  const known = knownOf(type).paths;
  const before = known.get(text);
  if (before !== undefined) return before;
  const path = readPath(text, type);
  remember(known, text, path);
  return path;
}

function readPath(text: string, type: ResourceType): PatchPath {
  if (text.length > MAX_PATH_LENGTH) {
    throw malformed(text, `A path has at most ${MAX_PATH_LENGTH} characters.`);
  }
  guardSegments(text);
  const trimmed = text.trim();
  const urn = splitUrn(type, trimmed);
  if (urn === undefined) {
    return URN_HEAD.test(trimmed) ? unknownUrnPath(trimmed) : corePath(trimmed, type);
  }
  const { schema, isExtension, rest } = urn;
  const tolerances: Tolerance[] = trimmed.charAt(schema.id.length) === '.' ? ['urn_dot'] : [];
  if (rest === '') {
    return { kind: 'schema', text: trimmed, schema, isExtension, tolerances };
  }
  const parts = splitParts(rest, trimmed);
  const attribute = findSchemaAttribute(schema, parts.name);
  return resolve({
    parts,
    text: trimmed,
    extension: isExtension ? schema : undefined,
    attribute,
    tolerances,
  });
}

/**
 * Reads the key of a body as a path. As `parsePath`, except that a key which is no path at all is an unknown attribute,
 * since unknown keys are never an error. `schema` is the extension that the key stands in, if it does.
 */
export function parseKey(key: string, type: ResourceType, schema?: Schema): PatchPath {
  const { keys, keysWithin } = knownOf(type);
  const known = schema === undefined ? keys : keysOf(keysWithin, schema);
  const before = known.get(key);
  if (before !== undefined) return before;
  const path = readKey(key, type, schema);
  remember(known, key, path);
  return path;
}

type Known = Map<string, PatchPath>;

interface KnownPaths {
  readonly paths: Known;
  readonly keys: Known;
  /** Keys that stand in the object of a schema. */
  readonly keysWithin: Map<Schema, Known>;
}

/** The same few keys and paths come in every body: each is read once for a type, which never changes. */
const knownPaths = new WeakMap<ResourceType, KnownPaths>();
const MAX_KNOWN = 500;

function knownOf(type: ResourceType): KnownPaths {
  let known = knownPaths.get(type);
  if (known === undefined) {
    known = { paths: new Map(), keys: new Map(), keysWithin: new Map() };
    knownPaths.set(type, known);
  }
  return known;
}

function keysOf(keysWithin: Map<Schema, Known>, schema: Schema): Known {
  let known = keysWithin.get(schema);
  if (known === undefined) {
    known = new Map();
    keysWithin.set(schema, known);
  }
  return known;
}

/**
 * Only names of the schemas: what else a client writes may be anything, a filter's value above all. Begun anew when full: whoever
 * sends every spelling of a name must not fill it for all directories that share the type.
 */
function remember(known: Known, text: string, path: PatchPath): void {
  const isName = path.kind === 'schema' || (path.kind === 'attribute' && path.filter === undefined);
  if (!isName) return;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(text, path);
}

function readKey(key: string, type: ResourceType, schema: Schema | undefined): PatchPath {
  const text = schema === undefined ? key : `${schema.id}:${key}`;
  const isPath = key.includes('[') || (schema === undefined && URN.test(key)) || isDotted(key);
  const path = isPath ? parsePath(text, type) : undefined;
  if (path === undefined || path.kind === 'unknown') {
    return { kind: 'unknown', text, tolerances: [] };
  }
  return { ...path, tolerances: [...path.tolerances, ...keyTolerances(key)] };
}

const isDotted = (key: string): boolean => DOTTED.test(key);

/** What is unusual about a key that is more than the name of an attribute or schema. */
function keyTolerances(key: string): readonly Tolerance[] {
  if (key.includes('[')) {
    return ['filtered_key'];
  }
  if (URN_HEAD.test(key)) {
    return [];
  }
  return key.includes('.') ? ['dotted_key'] : [];
}

function corePath(text: string, type: ResourceType): PatchPath {
  const parts = splitParts(text, text);
  const attribute = findAttribute(type, parts.name)?.attribute;
  return resolve({ parts, text, extension: undefined, attribute, tolerances: [] });
}

/** A URN of a schema the directory does not use: only the form is checked, the last colon outside brackets cuts. */
function unknownUrnPath(text: string): PatchPath {
  const bracket = text.indexOf('[');
  const head = bracket === -1 ? text : text.slice(0, bracket);
  const cut = head.lastIndexOf(':') + 1;
  if (!URN.test(head)) {
    throw malformed(text);
  }
  if (bracket !== -1) {
    splitParts(text.slice(cut), text);
  }
  return { kind: 'unknown', text, tolerances: [] };
}

interface Resolution {
  readonly parts: PathParts;
  readonly text: string;
  readonly extension: Schema | undefined;
  readonly attribute: Attribute | undefined;
  readonly tolerances: readonly Tolerance[];
}

function resolve({ parts, text, extension, attribute, tolerances }: Resolution): PatchPath {
  if (attribute === undefined) {
    return { kind: 'unknown', text, tolerances };
  }
  const sub = parts.subName === undefined ? undefined : findSubAttribute(attribute, parts.subName);
  if (parts.subName !== undefined && sub === undefined) {
    return { kind: 'unknown', text, tolerances };
  }
  const isCased = attribute.name !== parts.name || (sub !== undefined && sub.name !== parts.subName);
  return {
    kind: 'attribute',
    text,
    extension,
    attribute,
    filter: parts.filterText === undefined ? undefined : elementFilter(parts.filterText, attribute, text),
    sub,
    tolerances: isCased ? [...tolerances, 'attribute_case'] : tolerances,
  };
}

function elementFilter(filterText: string, attribute: Attribute, path: string): Filter {
  if (!attribute.multiValued) {
    throw malformed(path, `${attribute.name} has one value; a filter cannot select among its values.`);
  }
  return parseElementFilter(filterText, attribute);
}

function splitParts(text: string, path: string): PathParts {
  const open = text.indexOf('[');
  const close = open === -1 ? -1 : closingBracket(text, open);
  const head = open === -1 ? text : text.slice(0, open);
  const tail = open === -1 ? '' : text.slice(close + 1);
  if (open !== -1 && (close === -1 || (tail !== '' && !tail.startsWith('.')))) {
    throw malformed(path);
  }
  const names = open === -1 ? head.split('.') : [head, ...(tail === '' ? [] : [tail.slice(1)])];
  if (names.length > 2 || !names.every((name) => NAME.test(name))) {
    throw malformed(path);
  }
  return {
    name: names[0] ?? '',
    filterText: open === -1 ? undefined : text.slice(open + 1, close),
    subName: names[1],
  };
}

/** Where the bracket opened at `open` closes, past quoted text that may hold brackets itself; -1 if nowhere. */
function closingBracket(text: string, open: number): number {
  let isQuoted = false;
  for (let index = open + 1; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (isQuoted && character === '\\') {
      index += 1;
    } else if (character === '"') {
      isQuoted = !isQuoted;
    } else if (character === ']' && !isQuoted) {
      return index;
    }
  }
  return -1;
}

function malformed(path: string, detail = 'The path is not well-formed.'): GatehouseError {
  return new GatehouseError('invalid_path', detail, { field: path.slice(0, 200) });
}
