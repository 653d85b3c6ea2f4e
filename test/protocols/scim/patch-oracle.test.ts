/** scim-patch as a second opinion: on the experiments where it is right, both engines must agree. */
import { describe, expect, test } from '@jest/globals';
import { type ScimPatchOperation, type ScimResource, scimPatch } from 'scim-patch';
import type { ScimObject } from '../../../src/protocols/scim/schema.ts';
import { CORE, patch, user, withChanges } from './patch-documents.ts';
import { experiments } from './patch-experiments.ts';

// Left out on purpose: P37, where it keeps the address of the former manager, and P76, where it merges although
// RFC 7644 §3.5.2.3 replaces.
const rightThere =
  'P01 P03 P05 P09 P10 P11 P12 P16 P35 P38 P44 P45 P47 P49 P50 P51 P52 P63 P64 P65 P66 P67 P79'.split(' ');

const shared = experiments.filter(({ title }) => rightThere.includes(title.slice(0, 3)));

describe('scim-patch agrees', () => {
  test('on as many experiments as it should', () => {
    expect(shared).toHaveLength(rightThere.length);
  });

  test.each(shared)('$title', ({ stored, operations }) => {
    const before = withChanges(user, stored ?? {});
    const document = { ...structuredClone(before), schemas: [CORE], meta: meta() } as ScimResource;
    const {
      schemas,
      meta: _meta,
      ...theirs
    } = scimPatch(document, operations as ScimPatchOperation[], {
      mutateDocument: false,
      treatMissingAsAdd: true,
    });
    expect(schemas).toContain(CORE);
    expect(patch(before as ScimObject, operations).resource).toEqual(theirs);
  });
});

function meta(): ScimResource['meta'] {
  return { created: new Date(0), lastModified: new Date(0) };
}
