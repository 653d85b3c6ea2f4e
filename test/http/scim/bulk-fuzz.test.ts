/** Random Bulk requests: every operation has its answer, none is a 5xx, and what failed as a whole has changed nothing (S136). */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type BulkAnswer, bulkOf } from '../../support/bulk.ts';
import { aScimGroup, aScimUser, ENTERPRISE_URN, patchOf } from '../../support/scim.ts';
import { dumpOf, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();

const bulkId = fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'x:y');
const reference = fc.oneof(
  bulkId.map((id) => `bulkId:${id}`),
  fc.constantFrom('bulkId:', 'bulkId:nobody', 'du_00000000000000000000000000', 'x', ''),
);
const junk = fc.oneof(fc.jsonValue({ maxDepth: 2 }), reference);
const userData = fc
  .record({
    userName: fc.constantFrom('u', 'v', 'w', 'bulkId:a'),
    manager: fc.option(reference),
    title: fc.option(junk),
  })
  .map(({ manager, ...rest }) => ({ ...aScimUser(rest), [ENTERPRISE_URN]: { manager } }));
const groupData = fc
  .record({
    displayName: fc.constantFrom('g', ''),
    members: fc.array(
      reference.map((value) => ({ value })),
      { maxLength: 3 },
    ),
  })
  .map((data) => aScimGroup(data));
const patchData = fc
  .record({
    op: fc.constantFrom('add', 'remove', 'replace', 'Replace', 'x'),
    path: fc.oneof(
      fc.constantFrom('members', 'title', 'manager'),
      reference.map((id) => `members[value eq "${id}"]`),
    ),
    value: fc.oneof(
      junk,
      reference.map((value) => [{ value }]),
    ),
  })
  .map((operation) => patchOf(operation));
const target = fc.oneof(reference, fc.constantFrom('..', '%2F', '.search', 'x'.repeat(300)));
const path = fc.oneof(
  fc.constantFrom('/Users', '/Groups', 'Users', '/Bulk', '/Me', '', '/Users/', '/users'),
  fc.tuple(fc.constantFrom('/Users/', '/Groups/'), target).map((parts) => parts.join('')),
);
const wild = fc.record(
  {
    method: fc.oneof(fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE', 'post', 'GET'), junk),
    path: fc.oneof(path, junk),
    bulkId: fc.oneof(bulkId, junk),
    version: fc.oneof(fc.constantFrom('W/"1"', '*', ''), junk),
    data: fc.oneof(userData, groupData, patchData, junk),
  },
  { requiredKeys: [] },
);
const plain = fc.oneof(
  fc.record({ method: fc.constant('POST'), path: fc.constant('/Users'), bulkId, data: userData }),
  fc.record({ method: fc.constant('POST'), path: fc.constant('/Groups'), bulkId, data: groupData }),
  fc.record({
    method: fc.constantFrom('PATCH', 'PUT', 'DELETE'),
    path,
    data: fc.oneof(patchData, userData, groupData),
  }),
);
const operations = fc.array(fc.oneof(plain, plain, wild, junk), { minLength: 1, maxLength: 8 });

test('S127, S136: any Bulk is answered operation by operation, never with a 5xx', async () => {
  const { scim } = await suite.world();
  await fc.assert(
    fc.asyncProperty(
      operations,
      fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      async (sent, failOnErrors) => {
        const before = await dumpOf(scim);
        const answer = await scim.post('/Bulk', bulkOf(sent, { failOnErrors }));
        // A key that names a prototype is refused before anybody looks at operations.
        if (answer.status === 400) {
          expect(await dumpOf(scim)).toEqual(before);
          return;
        }
        expect(answer.status).toBe(200);
        const results: readonly BulkAnswer[] = answer.body.Operations;
        expect(results.length).toBeLessThanOrEqual(sent.length);
        if (failOnErrors === undefined) expect(results).toHaveLength(sent.length);
        for (const { status } of results) expect(status).toMatch(/^(20[014]|4\d\d)$/);
        if (results.every(({ status }) => status >= '400')) expect(await dumpOf(scim)).toEqual(before);
      },
    ),
    { numRuns: 150 },
  );
});
