/** Which attributes an answer shows: `attributes`, `excludedAttributes` and the schema's `returned`. Pure. */
import type { Attribute, ResourceType, Schema, ScimObject, ScimValue } from './schema.ts';
import {
  commonAttributes,
  enterpriseUserSchema,
  findAttribute,
  findSchemaAttribute,
  findSubAttribute,
  isScimObject,
  newScimObject,
  ownValue,
  splitUrn,
} from './schema.ts';

/** What a request asked to see. Keys are attribute names in schema case, after their URN for extensions. */
export interface Projection {
  /** The attributes asked for; undefined when the default set is wanted. */
  readonly only: Selection | undefined;
  readonly except: Selection;
}

/** Per attribute key: all of it, or the names of the sub-attributes meant. */
type Selection = ReadonlyMap<string, 'whole' | ReadonlySet<string>>;

/** What applies to one attribute, or to one sub-attribute: asked for by name, asked to be left out. */
interface Request {
  readonly isNamed: boolean;
  readonly isExcluded: boolean;
  /** True when a list of wanted names was given. */
  readonly isListed: boolean;
}

/**
 * Reads the two query parameters (RFC 7644 §3.9): comma-separated names, sub-attributes and URN forms in any letter
 * case. Unknown names are ignored; absent or blank text means no wish; with both given, the second takes from the first.
 */
export function parseProjection(
  wishes: { readonly attributes?: string | undefined; readonly excludedAttributes?: string | undefined },
  type: ResourceType,
): Projection {
  const { attributes = '', excludedAttributes = '' } = wishes;
  if (attributes.trim() === '' && excludedAttributes.trim() === '') return EVERYTHING;
  return {
    only: attributes.trim() === '' ? undefined : parseSelection(attributes, type),
    except: parseSelection(excludedAttributes, type),
  };
}

/** No wish: what is returned by default. */
const EVERYTHING: Projection = { only: undefined, except: new Map() };

/**
 * True when `project` would show the stored document of a resource as it is, so that its JSON text can be sent without
 * being read, if besides there is no extension in it (`urnKeysIn`) but a standard one (`isStandard`): no wish, and a type
 * that shows by default whatever it stores. Only for texts that the engines have written: no nulls, no empty values.
 */
export const isEverythingShown = ({ only, except }: Projection, type: ResourceType): boolean =>
  only === undefined && except.size === 0 && showsWhatItStores(type);

/** True for the extension of the standard, whose attributes never change. */
export const isStandard = (urn: string): boolean => urn === enterpriseUserSchema.id;

/** The keys of a JSON text that are URNs, at any depth. A quote inside a value is escaped, so none is mistaken for one. */
export function urnKeysIn(text: string): readonly string[] {
  const keys: string[] = [];
  // Without the quote, of which a text is full: the search is for the rarer letter.
  for (let at = text.indexOf('urn:'); at >= 0; at = text.indexOf('urn:', at + 1)) {
    if (text.charAt(at - 1) !== '"' || text.charAt(at - 2) === '\\') continue;
    const end = text.indexOf('"', at);
    if (text.charAt(end + 1) === ':') keys.push(text.slice(at, end));
  }
  return keys;
}

const verdicts = new WeakMap<ResourceType, boolean>();

function showsWhatItStores(type: ResourceType): boolean {
  let verdict = verdicts.get(type);
  if (verdict === undefined) {
    const attributes = [type.schema, ...type.extensions.map(({ schema }) => schema)]
      .filter(({ id }) => id === type.schema.id || id === enterpriseUserSchema.id)
      .flatMap((schema) => schema.attributes);
    verdict = attributes.every(isShownOrNeverStored);
    verdicts.set(type, verdict);
  }
  return verdict;
}

/** What may only be written is used and not stored. */
const isShownOrNeverStored = ({ returned, mutability, subAttributes }: Attribute): boolean =>
  mutability === 'writeOnly' ||
  ((returned === 'default' || returned === 'always') && subAttributes.every(isShownOrNeverStored));

/**
 * Whether an answer may show a core attribute that is returned by default, such as `members`: if not, it need not be
 * loaded at all. `name` in schema case.
 */
export function wants(projection: Projection, name: string): boolean {
  if (projection.except.get(name) === 'whole') return false;
  return projection.only === undefined || projection.only.has(name);
}

/**
 * A copy of a full resource with what may and should be shown (RFC 7643 §2.2, RFC 7644 §3.9): `never` is not shown
 * even when asked for, `always` even when excluded. Empty values and unknown keys are left out; `schemas` keeps only
 * extensions that are in the answer.
 */
export function project(resource: ScimObject, projection: Projection, type: ResourceType): ScimObject {
  const attributes = [...commonAttributes, ...type.schema.attributes];
  const result = projectAttributes({ attributes, holder: resource, toKey: (name) => name }, projection);
  for (const { schema } of type.extensions) {
    const holder = ownValue(resource, schema.id);
    if (!isScimObject(holder)) continue;
    const toKey = (name: string) => extensionKey(schema, name);
    const shown = projectAttributes({ attributes: schema.attributes, holder, toKey }, projection);
    if (Object.keys(shown).length > 0) result[schema.id] = shown;
  }
  return withShownSchemas(result, type);
}

function parseSelection(text: string, type: ResourceType): Selection {
  const selection = new Map<string, 'whole' | Set<string>>();
  // Microsoft's collection asks for emails[type eq "work"]: the whole attribute is shown.
  for (const name of text.replace(/\[[^\]]*\]/g, '').split(',')) select(selection, name.trim(), type);
  return selection;
}

function select(selection: Map<string, 'whole' | Set<string>>, path: string, type: ResourceType): void {
  const split = splitUrn(type, path);
  if (split !== undefined && split.rest === '') {
    for (const { name } of split.schema.attributes) selection.set(keyOf(split, name), 'whole');
    return;
  }
  const [name = '', subName, ...more] = (split?.rest ?? path).split('.');
  const attribute = split?.isExtension
    ? findSchemaAttribute(split.schema, name)
    : findAttribute(type, name)?.attribute;
  if (attribute === undefined || more.length > 0) return;
  const key = keyOf(split, attribute.name);
  if (subName === undefined) {
    selection.set(key, 'whole');
    return;
  }
  const sub = findSubAttribute(attribute, subName);
  const known = selection.get(key);
  if (sub !== undefined && known !== 'whole') selection.set(key, new Set([...(known ?? []), sub.name]));
}

function keyOf(split: ReturnType<typeof splitUrn>, name: string): string {
  return split?.isExtension ? extensionKey(split.schema, name) : name;
}

function extensionKey(schema: Schema, name: string): string {
  return `${schema.id}:${name}`;
}

interface Source {
  readonly attributes: readonly Attribute[];
  /** The resource itself, or its object under an extension URN. */
  readonly holder: ScimObject;
  readonly toKey: (name: string) => string;
}

function projectAttributes({ attributes, holder, toKey }: Source, projection: Projection): ScimObject {
  const result = newScimObject();
  for (const attribute of attributes) {
    const value = ownValue(holder, attribute.name);
    const key = toKey(attribute.name);
    const wishes = { only: projection.only?.get(key), except: projection.except.get(key) };
    const request: Request = {
      isNamed: wishes.only !== undefined,
      isExcluded: wishes.except === 'whole',
      isListed: projection.only !== undefined,
    };
    const shown =
      value !== undefined && isShown(attribute, request) ? projectValue(attribute, value, wishes) : undefined;
    if (shown !== undefined) result[attribute.name] = shown;
  }
  return result;
}

interface SubWishes {
  readonly only: 'whole' | ReadonlySet<string> | undefined;
  readonly except: 'whole' | ReadonlySet<string> | undefined;
}

function projectValue(attribute: Attribute, value: ScimValue, wishes: SubWishes): ScimValue | undefined {
  if (Array.isArray(value)) {
    const shown = value.flatMap((element) => projectValue(attribute, element, wishes) ?? []);
    return shown.length === 0 ? undefined : shown;
  }
  if (attribute.type !== 'complex') return value === null ? undefined : value;
  if (!isScimObject(value)) return undefined;
  const result = newScimObject();
  for (const sub of attribute.subAttributes) {
    const part = ownValue(value, sub.name);
    if (part !== undefined && part !== null && isShown(sub, subRequest(sub, wishes))) result[sub.name] = part;
  }
  return Object.keys(result).length === 0 ? undefined : result;
}

function subRequest(sub: Attribute, { only, except }: SubWishes): Request {
  const isListed = only !== undefined && only !== 'whole';
  return {
    isNamed: isListed && only.has(sub.name),
    // An attribute excluded as a whole that is still here is always returned: its parts are, too.
    isExcluded: except !== undefined && except !== 'whole' && except.has(sub.name),
    isListed,
  };
}

function isShown({ returned }: Attribute, { isNamed, isExcluded, isListed }: Request): boolean {
  switch (returned) {
    case 'never':
      return false;
    case 'always':
      return true;
    case 'default':
      return !isExcluded && (isNamed || !isListed);
    case 'request':
      return !isExcluded && isNamed;
  }
}

function withShownSchemas(result: ScimObject, type: ResourceType): ScimObject {
  const schemas = ownValue(result, 'schemas');
  if (!Array.isArray(schemas)) return result;
  const hidden = type.extensions
    .filter(({ schema }) => !Object.hasOwn(result, schema.id))
    .map(({ schema }) => schema.id.toLowerCase());
  result.schemas = schemas.filter((urn) => typeof urn !== 'string' || !hidden.includes(urn.toLowerCase()));
  return result;
}
