/** The audit chain of transactions that share a commit: the head is written once for all of them (S214, R4). */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { record } from '../../../src/core/journal/audit.ts';
import { verifyAuditChain } from '../../../src/core/journal/audit-chain.ts';
import type { Repositories } from '../../../src/core/ports/storage.ts';
import type { OrganizationId } from '../../../src/kernel/ids.ts';
import { anOrganization } from '../../support/builders.ts';
import { testCause } from '../../support/gateway.ts';
import { openTestStorage, type TestStorage } from '../../support/storage.ts';

let under: TestStorage;
beforeEach(async () => {
  under = await openTestStorage();
});
afterEach(() => under.close());

const newOrganization = async (): Promise<OrganizationId> => {
  const organization = anOrganization();
  await under.storage.transact((tx) => tx.organizations.insert(organization.id, organization));
  return organization.id;
};

const tell = (tx: Repositories, organizationId: OrganizationId) =>
  record(
    tx,
    { organizationId, cause: testCause, now: 1 },
    { type: 'team.created', target: { kind: 'team', id: 'x' } },
  );

/** One call of a batch: for which of the organizations it tells something, in order, and how it ends. */
const call = fc.record({
  rows: fc.array(fc.constantFrom<0 | 1>(0, 0, 0, 1), { maxLength: 4 }),
  ends: fc.constantFrom('well', 'well', 'well', 'refused', 'failed'),
});
type Call = typeof call extends fc.Arbitrary<infer Value> ? Value : never;

const run = ({ rows, ends }: Call, organizations: readonly [OrganizationId, OrganizationId]) =>
  under.storage.transact(async (tx) => {
    if (ends === 'refused') {
      for (const id of organizations) await tx.auditEvents.findHead(id);
      throw new Error(ends);
    }
    for (const row of rows) await tell(tx, organizations[row]);
    if (ends === 'failed') throw new Error(ends);
  });

/** Moves the head from outside, as nobody may. */
function moveHead(path: string, id: OrganizationId): void {
  const file = new Database(path);
  file.prepare("UPDATE audit_heads SET hash = 'moved' WHERE organization_id = ?").run(id);
  file.close();
}

test('S214: whatever calls share commits, and whichever of them fail, the chain holds the rows of those that went well', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.array(call, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 }),
    async (batches) => {
      const organizations = [await newOrganization(), await newOrganization()] as const;
      for (const calls of batches) await Promise.allSettled(calls.map((one) => run(one, organizations)));
      const stored = batches.flat().filter(({ ends }) => ends === 'well');
      for (const [index, organizationId] of organizations.entries()) {
        const rows = stored.flatMap((one) => one.rows).filter((row) => row === index).length;
        const report = await verifyAuditChain(under, { organizationId, pause: async () => undefined });
        expect(report).toMatchObject({ fault: undefined, checked: rows, head: { seq: rows } });
        const { length } = await under.storage.outbox.listEvents({ organizationId }, 0, 1000);
        expect(length).toBe(rows);
      }
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

test('S214: a transaction does not commit over a head that somebody else has moved, and the next one goes on from there', async () => {
  const id = await newOrganization();
  await under.storage.transact((tx) => tell(tx, id));
  moveHead(under.path, id);
  const lost = under.storage.transact((tx) => tell(tx, id));
  await expect(lost).rejects.toMatchObject({ code: 'storage_unavailable' });
  expect(await under.storage.auditEvents.findHead(id)).toMatchObject({ seq: 1, hash: 'moved' });
  expect(await under.storage.auditEvents.listChain(id, 1, 10)).toEqual([]);
  await under.storage.transact((tx) => tell(tx, id));
  expect(await under.storage.auditEvents.findHead(id)).toMatchObject({ seq: 2 });
});
