/** One step of a PATCH against the attribute that a path names, wherever in the resource it lives. Pure. */
import { changeList } from './change-list.ts';
import { type Change, changeSingle } from './change-single.ts';
import type { AttributePath } from './path.ts';
import { assignValue } from './resource-values.ts';
import { isScimObject, newScimObject, ownValue, type ScimObject } from './schema.ts';
import type { Findings } from './tolerances.ts';

/**
 * Applies a change to the attribute a path names, in place. The caller has settled what may not be written at all
 * (read-only attributes, members, passwords). An extension that loses its last attribute goes with it.
 * Throws `invalid_value` for a wrong type, `no_target` when no element is meant.
 */
export function changeAttribute(
  resource: ScimObject,
  path: AttributePath,
  { change, findings }: { readonly change: Change; readonly findings: Findings },
): void {
  const urn = path.extension?.id;
  const holder = urn === undefined ? resource : extensionOf(resource, urn);
  const step = { change: settle(change, findings), findings };
  if (path.attribute.multiValued) {
    changeList(holder, path, step);
  } else {
    changeSingle(holder, path, step);
  }
  if (urn !== undefined) {
    assignValue(resource, urn, holder);
  }
}

/** null unassigns (RFC 7643 §2.5); a `remove` with null is a `remove` without a value. */
function settle(change: Change, findings: Findings): Change {
  if (change.value !== null) {
    return change;
  }
  findings.tolerances.add('null_value');
  return { op: 'remove', value: undefined };
}

function extensionOf(resource: ScimObject, urn: string): ScimObject {
  const stored = ownValue(resource, urn);
  return isScimObject(stored) ? stored : newScimObject();
}
