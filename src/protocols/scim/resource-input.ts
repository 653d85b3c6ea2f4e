/** The body of a POST or PUT: from untrusted JSON to a resource of the schema, or a refusal. Pure. */
import { GatehouseError } from '../../kernel/errors.ts';
import { applyKeys, newDraft } from './apply.ts';
import { guardBody, type JsonObject, requireJsonObject } from './input-guard.ts';
import type { MemberChange, MemberValue } from './member-changes.ts';
import { keepActive, keepUnwritable, requireAttributes, requireImmutables } from './resource-rules.ts';
import { newScimObject, ownValue, type ResourceType, type ScimObject } from './schema.ts';
import type { Findings, Tolerance } from './tolerances.ts';

/** POST makes a resource; PUT replaces `existing`, the stored one. */
export type InputMode =
  | { readonly mode: 'create' }
  | { readonly mode: 'replace'; readonly existing: ScimObject };

/** A body as understood. */
export interface ResourceInput {
  /** What to store, `externalId` included; without id, meta, schemas, groups, members and password. */
  readonly resource: ScimObject;
  /** Members of a Group; undefined when the body does not speak of them, [] when it says there are none. */
  readonly members: readonly MemberValue[] | undefined;
  /** The password given; to be hashed or dropped, never stored as it is. */
  readonly password: string | undefined;
  readonly tolerances: readonly Tolerance[];
  /** Ignored attributes as the client spelled them, at most 50. */
  readonly unknownAttributes: readonly string[];
}

/**
 * Reads the body of a POST or PUT (RFC 7644 §3.3, §3.5.1). Read-only attributes are ignored, unknown ones ignored and
 * reported; null, [] and absent are the same. PUT clears what the body leaves out, except `active`, read-only and
 * immutable attributes. Throws `invalid_syntax` (no object), `invalid_value` (type, required, bounds; with the field),
 * `mutability` (an immutable attribute changed), `invalid_path` (a key that names a prototype).
 */
export function readResource(body: unknown, type: ResourceType, input: InputMode): ResourceInput {
  const object = requireJsonObject(body);
  guardBody(object);
  const draft = newDraft(newScimObject(), type);
  checkSchemas(object, type, draft.findings);
  applyKeys(draft, withoutNulls(object, draft.findings), 'replace');
  if (input.mode === 'replace') {
    keepActive(ownValue(input.existing, 'active'), draft.resource, draft.findings);
    keepUnwritable(input.existing, draft.resource, type);
    requireImmutables(input.existing, draft.resource, type);
  }
  requireAttributes(draft.resource, type);
  return {
    resource: draft.resource,
    members: lastMembers(draft.memberChanges),
    password: draft.password,
    tolerances: [...draft.findings.tolerances],
    unknownAttributes: [...draft.findings.unknownAttributes],
  };
}

/** In a whole body null says no more than leaving the key out, for `members` above all. */
function withoutNulls(body: JsonObject, findings: Findings): JsonObject {
  if (!Object.values(body).includes(null)) {
    return body;
  }
  findings.tolerances.add('null_value');
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

function checkSchemas(body: JsonObject, type: ResourceType, findings: Findings): void {
  const key = Object.keys(body).find((name) => name.toLowerCase() === 'schemas');
  const value = key === undefined ? undefined : body[key];
  const urns: readonly unknown[] = Array.isArray(value) ? value : [];
  if (urns[0] === type.schema.id && urns.every((urn) => typeof urn === 'string')) return;
  const isAbsent = value === undefined || value === null;
  if (!isAbsent && (!Array.isArray(value) || urns.some((urn) => typeof urn !== 'string'))) {
    throw new GatehouseError('invalid_value', 'schemas must be a list of texts.', { field: 'schemas' });
  }
  const wanted = type.schema.id.toLowerCase();
  if (!urns.some((urn) => typeof urn === 'string' && urn.toLowerCase() === wanted)) {
    findings.tolerances.add('schemas_missing');
  }
}

function lastMembers(changes: readonly MemberChange[]): readonly MemberValue[] | undefined {
  const last = changes.findLast((change) => change.kind === 'replace');
  return last?.members;
}
