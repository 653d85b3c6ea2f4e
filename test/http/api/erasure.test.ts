/** Somebody who has left and wants to be forgotten: no table and no byte of the file knows them any more (S217). */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import type { Membership } from '../../../src/core/entities/people.ts';
import type { InvitationId, ShareableLinkId } from '../../../src/kernel/ids.ts';
import { aSignInAttempt } from '../../support/attempt-builders.ts';
import { cutoverStage } from '../../support/cutover-stage.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { tablesThatKnow } from '../../support/journal-rows.ts';
import { aScimUser, patchOf } from '../../support/scim.ts';
import { worldOf } from '../../support/scim-suite.ts';
import { type ApiWorld, PASSWORD, startApiWorld } from './api-world.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const CANARY = 'canary.7f3a';
const ADDRESS = `${CANARY}@acme.example`;
/** `@` as JSON lets an identity provider spell it. */
const ESCAPED = `{"userName":"${CANARY.replace('.', '\\u002e')}\\u0040acme.example"}`;

/** The file as it lies on the disk, once the log beside it has been written back. */
function fileOf({ path }: TestGateway): string {
  const database = new Database(path);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
  return readFileSync(path, 'latin1');
}

test('S217: recorded pushes and sign-ins, the history and the file itself lose a person who is erased; others stay', async () => {
  const organization = await gateway.createOrganization();
  const world = worldOf(gateway, await gateway.createDirectory(organization));
  const { scim, directoryId } = world;
  const name = { displayName: 'Canary.7F3A Person', externalId: `x-${CANARY}` };
  const id = await world.addUser({ userName: ADDRESS, emails: [{ value: ADDRESS, primary: true }], ...name });
  const [membership] = await gateway.storage.memberships.listByEmail(organization.id, ADDRESS);
  const member = membership?.id;
  const kept = await world.addUser({ userName: 'stays@acme.example' });
  await scim.get(`/Users?filter=${encodeURIComponent(`userName eq "${ADDRESS}"`)}`);
  await scim.post('/Users', ESCAPED);
  await scim.patch(`/Users/${id}`, patchOf({ op: 'replace', path: 'active', value: false }));
  await world.addGroup({ displayName: 'Red', members: [{ value: id }, { value: kept }] });
  await scim.put(`/Users/${id}`, aScimUser({ userName: ADDRESS, ...name, nonsense: 'x'.repeat(9000) }));
  const facts = [{ name: 'email', values: [ADDRESS.toUpperCase()], count: 1, isVerified: true }];
  const attempt = aSignInAttempt(organization.id, { facts });
  await gateway.storage.transact((tx) => tx.signInAttempts.append(organization.id, [attempt]));
  expect((await scim.delete(`/Users/${id}`)).status).toBe(204);
  await gateway.deps.recorder.flush();
  const before = tablesThatKnow(gateway.path, CANARY);
  expect(before).toMatchObject({ recorder_entries: expect.any(Number), past_values: expect.any(Number) });
  expect(fileOf(gateway)).toContain(CANARY);
  const { status, body } = await gateway
    .request()
    .post('/api/v1/audit-erasures')
    .set('Authorization', `Bearer ${gateway.operatorKey}`)
    .send({ organization: organization.id, member, emails: [ADDRESS] });
  expect([status, body.recordings >= 7]).toEqual([200, true]);
  expect(tablesThatKnow(gateway.path, CANARY)).toEqual({});
  expect(Object.keys(tablesThatKnow(gateway.path, id)).sort()).toEqual(['audit_events', 'outbox']);
  expect(fileOf(gateway).toLowerCase()).not.toContain(CANARY);
  const left = await gateway.storage.recorderEntries.list(organization.id, { directoryId }, { limit: 50 });
  expect(left.map(({ path }) => path)).toEqual(['/Users']);
});

const TOLD = { email: ADDRESS, message: `Hello ${CANARY}`, department: CANARY };

/** Joins by a link with the address; another proof of it waits at a second link, whose id is answered. */
async function joinsByLink(world: ApiWorld, base: string): Promise<ShareableLinkId> {
  const newLink = async () => {
    const { body } = await world.send(world.operator, `post ${base}/invitation-links`, { expiresIn: '24h' });
    return { id: body.id, path: `/invitation-links/${body.url.split('/').at(-1)}` };
  };
  const [link, unused] = [await newLink(), await newLink()];
  for (const { path } of [unused, link])
    await world.send(world.nobody, `post ${path}/proofs`, { email: ADDRESS });
  await world.gateway.deliverMails();
  const proof = /\/links\/[^/\s]+\/(\S+)/.exec(world.gateway.mails.at(-1)?.text ?? '')?.[1];
  const joining = { name: CANARY, password: PASSWORD, proof };
  expect((await world.send(world.nobody, `post ${link.path}/accept`, joining)).status).toBe(200);
  return unused.id;
}

/** The member made this invitation and this link. */
async function made(
  { storage }: TestGateway,
  member: Membership,
  ids: { readonly invitation: InvitationId; readonly link: ShareableLinkId },
): Promise<void> {
  const { organizationId: of, userId, id: membershipId } = member;
  const actor = { kind: 'member', userId, membershipId, email: ADDRESS } as const;
  await storage.transact(async (tx) => {
    const invitation = await tx.invitations.find(of, ids.invitation);
    const link = await tx.shareableLinks.find(of, ids.link);
    if (invitation === undefined || link === undefined) throw new Error('nothing was made');
    const history = [{ kind: 'created', by: actor, at: 1 }] as const;
    const next = { ...invitation, invitedBy: actor, history, message: `From ${CANARY}` };
    await tx.invitations.update(of, next, invitation.version);
    await tx.shareableLinks.update(of, { ...link, createdBy: actor }, link.version);
  });
}

/** How many rows know somebody before they are erased. */
const KNOWN = {
  review_items: 1,
  invitations: 3,
  shareable_link_uses: 1,
  shareable_links: 1,
  one_time_records: 1,
};

test('S217: invitations, links, proofs and counts of mails lose a person who is erased; what others got stays', async () => {
  const world = await startApiWorld({ rateLimits: true });
  const organization = await world.newOrganization();
  const base = `/organizations/${organization.id}`;
  const { operator, gateway: own } = world;
  const invite = async (told: object) =>
    (await world.send(operator, `post ${base}/invitations`, told)).body.id;
  await world.send(operator, `delete ${base}/invitations/${await invite(TOLD)}`);
  const link = await joinsByLink(world, base);
  const [membership] = await own.storage.memberships.listByEmail(organization.id, ADDRESS);
  if (membership === undefined) throw new Error('nobody joined');
  const other = await invite({ email: 'other@acme.example' });
  const told = await invite({ email: 'third@acme.example', message: `Ask ${ADDRESS.toUpperCase()}` });
  await made(own, membership, { invitation: other, link });
  const { body: review } = await world.send(operator, `post ${base}/access-reviews`, { name: 'Spring' });
  await world.send(operator, `delete ${base}/members/${membership.id}`);
  const again = await invite(TOLD);
  await own.storage.transact((tx) => tx.users.remove(membership.userId));
  expect(tablesThatKnow(own.path, CANARY)).toMatchObject(KNOWN);
  expect(tablesThatKnow(own.path, '"joining ')).toEqual({ mail_counts: 1 });
  const erase = { organization: organization.id, member: membership.id, emails: [ADDRESS] };
  const { status, body } = await world.send(operator, 'post /audit-erasures', erase);
  expect([status, body.invitations]).toEqual([200, 6]);
  expect(tablesThatKnow(own.path, CANARY)).toEqual({});
  expect(tablesThatKnow(own.path, '"joining ')).toEqual({});
  expect(fileOf(own).toLowerCase()).not.toContain(CANARY);
  const shown = async (id: string) => (await world.send(operator, `get ${base}/invitations/${id}`)).body;
  expect(await shown(again)).toMatchObject({ status: 'revoked', email: 'erased', message: null });
  const items = (await world.send(operator, `get ${base}/access-reviews/${review.id}/items`)).body.items;
  expect(items).toMatchObject([
    { member: membership.id, email: 'erased', name: 'erased', orgRole: 'member' },
  ]);
  expect(await shown(told)).toMatchObject({ status: 'pending', email: 'third@acme.example', message: null });
  expect(await shown(other)).toMatchObject({ status: 'pending', email: 'other@acme.example' });
  await world.close();
});

/** How many mails of the store still hold what they said. */
function mailsKept({ path }: TestGateway): number {
  const database = new Database(path, { readonly: true });
  const kept = database.prepare("SELECT id FROM outbox WHERE kind = 'mail' AND payload <> ''").all();
  database.close();
  return kept.length;
}

test('S217: what a cut-over remembers goes, waiting mails are not sent, and mails that were sent are kept nowhere', async () => {
  const own = gateway;
  const { organization, api, addMember, push } = await cutoverStage(own);
  const address = (name: string) => `${name}@${organization.slug}.example`;
  const canary = await addMember(address(CANARY));
  const bob = await addMember(address('bob'), { role: 'owner' });
  await push(address('bob'), { name: 'Bob of Okta' });
  const operator = { Authorization: `Bearer ${own.operatorKey}` };
  const base = `/api/v1/organizations/${organization.id}`;
  const invited = { email: address(`${CANARY}.two`), delivery: 'email' };
  await own.request().post(`${base}/invitations`).set(operator).send(invited);
  const { reportHash } = (await api.get('/cutover')).body;
  expect((await api.post('/cutover', { reportHash, unmatched: 'keep' })).status).toBe(200);
  await own.request().delete(`${base}/members/${canary.id}`).set(operator);
  await own.storage.transact((tx) => tx.users.remove(canary.userId));
  expect(tablesThatKnow(own.path, CANARY)).toMatchObject({ cutover_members: 1, cutovers: 1 });
  expect(mailsKept(own)).toBe(1);
  const emails = [address(CANARY), invited.email];
  const erase = { organization: organization.id, member: canary.id, emails };
  expect((await own.request().post('/api/v1/audit-erasures').set(operator).send(erase)).status).toBe(200);
  expect([tablesThatKnow(own.path, CANARY), mailsKept(own)]).toEqual([{}, 0]);
  expect(fileOf(own).toLowerCase()).not.toContain(CANARY);
  const sent = own.mails.length;
  expect([await own.deliverMails(), own.mails.length]).toEqual([0, sent]);
  expect((await api.post('/cutover/rollback', {})).status).toBe(200);
  expect(await own.storage.memberships.find(organization.id, bob.id)).toMatchObject({ name: bob.name });
});
