/** The deviations from the RFCs that Gatehouse accepts, by name, and the collector that tells which of them fired. Pure. */

/** Every tolerated deviation. One that fires is reported, so that an admin sees what a SCIM client really sends. */
export type Tolerance =
  /** `Operations`, `op`, an attribute or a sub-attribute in another letter case than the schema's. */
  | 'attribute_case'
  /** `Add`, `REPLACE`: legal names in other letters (Entra). */
  | 'op_case'
  /** PATCH body without the PatchOp URN, or resource body without the URN of its schema. */
  | 'schemas_missing'
  /** `path` present but empty. */
  | 'empty_path'
  /** A boolean as text: "True", "False" (Entra). */
  | 'boolean_text'
  /** A key with a dot, taken as a path: `name.givenName` (Entra with aadOptscim062020). */
  | 'dotted_key'
  /** A key with a filter, taken as a path: `emails[type eq "work"].value`. */
  | 'filtered_key'
  /** A dot instead of the colon between a URN and the attribute (Entra jobs from before December 2018). */
  | 'urn_dot'
  /** A reference given as its bare value: manager "26118915" (Entra). */
  | 'manager_text'
  /** A manager in SCIM 1.1 form: `managerId` instead of `value` (OneLogin). */
  | 'manager_id'
  /** `remove` with the values to remove beside an unfiltered path (Entra, OneLogin, JumpCloud). */
  | 'member_value_list'
  /** null where a value is expected: unassigns. */
  | 'null_value'
  /** "" where a value is expected: unassigns (OneLogin templates). */
  | 'empty_text'
  /** One value where a list is expected. */
  | 'single_for_multi'
  /** More than one `primary` value in one list: the first one stays primary. */
  | 'several_primaries'
  /** The same value twice in one list. */
  | 'duplicate_value'
  /** A filter that matched nothing, from which the element was built (Entra). */
  | 'create_on_replace'
  /** An externalId that somebody else of the directory has, too. */
  | 'external_id_shared'
  /** An attribute no schema of the directory knows: ignored. */
  | 'unknown_attribute'
  /** `active` left out or unassigned: the stored value stays, so that nobody is re-activated by omission. */
  | 'active_kept';

/** What was noticed while reading one request. */
export interface Findings {
  readonly tolerances: Set<Tolerance>;
  readonly unknownAttributes: Set<string>;
}

// The names end in logs and audit rows, so a hostile body must not be able to fill those.
const MAX_UNKNOWN_ATTRIBUTES = 50;
const MAX_UNKNOWN_LENGTH = 200;

/** An empty collector; one for each request. */
export function newFindings(tolerances: Iterable<Tolerance> = []): Findings {
  return { tolerances: new Set(tolerances), unknownAttributes: new Set() };
}

/** Records an ignored attribute, as the client spelled it; at most 50 of them and 200 characters of each. */
export function noteUnknown(findings: Findings, text: string): void {
  findings.tolerances.add('unknown_attribute');
  if (findings.unknownAttributes.size < MAX_UNKNOWN_ATTRIBUTES) {
    findings.unknownAttributes.add(text.slice(0, MAX_UNKNOWN_LENGTH));
  }
}
