/** Somebody who is erased leaves the rows of imports, the files of mails and the mails of others that wait (S217). */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { runDueJobs } from '../../../src/core/jobs.ts';
import { invitationImportHandler } from '../../../src/core/joining/invitation-import.ts';
import { enqueueMail } from '../../../src/core/journal/outbox.ts';
import type { OrganizationId } from '../../../src/kernel/ids.ts';
import { testCause } from '../../support/gateway.ts';
import { tablesThatKnow } from '../../support/journal-rows.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
// Also after a failure: a gateway left open keeps the runner from ending.
afterEach(() => world.close());

const CANARY = 'canary.7f3a';
const ADDRESS = `${CANARY}@acme.example`;

/** The store's file, once the log beside it has been written back. */
function fileOf(path: string): string {
  const database = new Database(path);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
  return readFileSync(path, 'latin1').toLowerCase();
}

const mailFiles = ({ gateway }: ApiWorld): readonly string[] => {
  const folder = join(dirname(gateway.path), 'mail');
  return readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
};

/** A canary among so many rows that the job's report does not fit a page of the store. */
const CSV = [
  'email,role,message',
  `${ADDRESS},member,Hello ${CANARY}`,
  ...Array.from({ length: 150 }, (_, row) => `person${row}@acme.example,member,`),
  `${ADDRESS},member,Hello again`,
].join('\n');

const runJobs = ({ gateway }: ApiWorld) =>
  runDueJobs(gateway.deps, { invitation_import: invitationImportHandler });

/** A mail to somebody else that says the address, and two that only hold it. */
async function tellAnother({ gateway }: ApiWorld, organizationId: OrganizationId) {
  const context = { organizationId, cause: testCause, now: gateway.clock.now() };
  const about = `Ask ${ADDRESS.toUpperCase()}, not x${ADDRESS} or ${ADDRESS}.org.`;
  const told = { to: 'other@acme.example', subject: `${ADDRESS} left`, text: about, html: about };
  return { told, mail: await gateway.storage.transact((tx) => enqueueMail(tx, context, told)) };
}

test('S217: reports of imports, files of mails and what waits for others lose a person who is erased; the rest stays', async () => {
  world = await startApiWorld({ writesMails: true });
  const { gateway, operator, send } = world;
  const organization = await world.newOrganization();
  const base = `/organizations/${organization.id}`;
  const person = await world.newPerson(organization, 'admin');
  const asking = { headers: { ...person.headers, prefer: 'respond-async' } };
  const ended = (await send(asking, `post ${base}/invitations/import`, CSV)).body.id;
  await runJobs(world);
  const invitations = (await send(operator, `get ${base}/invitations?limit=200`)).body.items;
  expect(invitations).toHaveLength(152);
  await gateway.deliverMails();
  const all = mailFiles(world).length;
  expect(mailFiles(world).filter((mail) => mail.includes(`To: ${ADDRESS}`))).toHaveLength(1);
  const waiting = (await send(asking, `post ${base}/invitations/import`, CSV)).body.id;
  const { told, mail } = await tellAnother(world, organization.id);
  await send(operator, `delete ${base}/members/${person.membership.id}`);
  expect(tablesThatKnow(gateway.path, CANARY)).toMatchObject({ jobs: 2 });
  const erase = { organization: organization.id, member: person.membership.id, emails: [ADDRESS] };
  expect((await send(operator, 'post /audit-erasures', erase)).status).toBe(200);

  expect(tablesThatKnow(gateway.path, CANARY)).toEqual({});
  expect(tablesThatKnow(gateway.path, person.email).jobs).toBeUndefined();
  expect(fileOf(gateway.path)).not.toContain(CANARY);
  expect(mailFiles(world).length).toBe(all - 1);
  expect(mailFiles(world).join('\n')).not.toContain(ADDRESS);
  const report = (await send(operator, `get ${base}/invitations/import/${ended}`)).body.rows;
  expect([report.length, report[0].email, report[151].email]).toEqual([152, 'erased', 'erased']);
  expect(report[1]).toMatchObject({ email: 'person0@acme.example', status: 'invited' });
  const text = `Ask erased, not x${ADDRESS} or ${ADDRESS}.org.`;
  const event = await gateway.storage.outbox.find(organization.id, mail);
  expect(JSON.parse(event?.payload ?? '')).toEqual({ ...told, subject: 'erased left', text, html: text });

  await runJobs(world);
  const rest = (await send(operator, `get ${base}/invitations/import/${waiting}`)).body;
  expect([rest.rows.length, rest.rows[0].email, rest.rows[151].email]).toEqual([152, 'erased', 'erased']);
  expect(tablesThatKnow(gateway.path, CANARY)).toEqual({});
});
