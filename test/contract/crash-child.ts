/**
 * The writer that durability.contract.ts kills: `node crash-child.ts <adapter name> <location>`. Writes for ever from
 * eight hands at once and prints `ack <organization> <membership> <outbox event>` only after a transaction was answered.
 */
import { writeSync } from 'node:fs';
import type { Storage } from '../../src/core/ports/storage.ts';
import { newId, type OrganizationId } from '../../src/kernel/ids.ts';
import { aMembership, anAuditEvent, anOrganization, anOutboxEvent, aUser } from '../support/builders.ts';
import { adapterNamed } from './adapters.ts';

const HANDS = 8;

async function writeOne(storage: Storage, id: OrganizationId, now: number): Promise<void> {
  const userId = newId('usr', now);
  const email = `${userId}@example.com`;
  const member = aMembership(id, userId, { id: newId('mem', now) });
  const target = { kind: 'membership', id: member.id };
  const event = anOutboxEvent(id, { id: newId('evt', now), payload: member.id });
  await storage.transact(async (tx) => {
    await tx.users.insert(aUser({ id: userId, email, emailKey: email }));
    await tx.memberships.insert(id, member);
    await tx.organizations.moveCounts(id, { seats: 1, owners: 0 });
    await tx.auditEvents.append(id, anAuditEvent(id, { id: newId('aud', now), target }));
    await tx.outbox.append(id, event);
  });
  writeSync(1, `ack ${id} ${member.id} ${event.id}\n`);
}

async function writeForEver(storage: Storage, id: OrganizationId): Promise<never> {
  for (;;) await writeOne(storage, id, Date.now());
}

const [, , name = '', location = ''] = process.argv;
const storage = await adapterNamed(name).openAt(location);
const id = newId('org', Date.now());
await storage.transact((tx) => tx.organizations.insert(id, anOrganization({ id, slug: id })));
await Promise.all(Array.from({ length: HANDS }, () => writeForEver(storage, id)));
