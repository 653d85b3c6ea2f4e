/** …/cutover/people/{person}/decision: doubtful people are decided before the switch, which carries it out. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { roleHeld } from '../../../src/core/access/role-table.ts';
import { type DecisionInput, decideCutover } from '../../../src/core/directory/cutover-decisions.ts';
import type { Membership } from '../../../src/core/entities/people.ts';
import { changeMember } from '../../../src/core/members/members.ts';
import { parseId } from '../../../src/kernel/ids.ts';
import { type CutoverStage, cutoverStage } from '../../support/cutover-stage.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';
import { patchOf } from '../../support/scim.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** Ada owns it, Bob and Zoe are members, all at the proved domain; Robert, whom nothing but people know to be Bob, and Zoe are pushed. */
async function stage(wishes: Parameters<typeof cutoverStage>[1] = {}) {
  const staged = await cutoverStage(gateway, wishes);
  const at = (name: string) => `${name}@${staged.organization.slug}.example`;
  const members = {
    ada: await staged.addMember(at('ada'), { role: 'owner' }),
    bob: await staged.addMember(at('bob')),
    zoe: await staged.addMember(at('zoe')),
  };
  const users = {
    ada: await staged.push(at('ada')),
    robert: await staged.push(at('robert'), { name: 'Robert' }),
    zoe: await staged.push(at('zoe')),
  };
  return { ...staged, at, members, users };
}

const decide = ({ api }: CutoverStage, person: string, body: object) =>
  api.put(`/cutover/people/${person}/decision`, body);

async function toldOf({ api }: CutoverStage, person: string) {
  const { items } = (await api.get('/cutover/people?limit=50')).body;
  const { rule, reason, decision, member } = items.find(({ id }: { id: string }) => id === person);
  return { rule, reason, decision, member: member?.id ?? null };
}

const hashOf = async ({ api }: CutoverStage): Promise<string> => (await api.get('/cutover')).body.reportHash;
const switchIt = async (staged: CutoverStage) =>
  staged.api.post('/cutover', { reportHash: await hashOf(staged), unmatched: 'keep' });
const sourceOf = async ({ organizationId, id }: Membership) =>
  (await gateway.storage.memberships.find(organizationId, id))?.source;

describe('a decision', () => {
  test('matches by hand whom no address matches; the report and its hash say it, the switch does it, the way back undoes it', async () => {
    const staged = await stage();
    const { members, users, api, memberOf, at } = staged;
    expect(await toldOf(staged, users.robert)).toMatchObject({ rule: 'new', decision: null });
    const before = await hashOf(staged);
    const { status, body } = await decide(staged, users.robert, {
      decision: 'adopt',
      member: members.bob.id,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: users.robert, decision: { kind: 'adopt', member: members.bob.id } });
    expect(await toldOf(staged, users.robert)).toMatchObject({
      ...{ rule: 'adopt', reason: 'decided', member: members.bob.id },
    });
    expect((await api.post('/cutover', { reportHash: before, unmatched: 'keep' })).body.code).toBe(
      'cutover_moved',
    );
    expect((await switchIt(staged)).body.counts).toMatchObject({ adopted: 3, added: 0 });
    expect(await memberOf(at('bob'))).toMatchObject({
      ...{ id: members.bob.id, userId: members.bob.userId, name: 'Robert', source: 'directory' },
    });
    expect((await api.post('/cutover/rollback', {})).status).toBe(200);
    expect(await memberOf(at('bob'))).toMatchObject({ name: members.bob.name, source: 'manual' });
    const again = (await api.get('/cutover/people?limit=50')).body.items;
    expect(again.map(({ email }: { email: string }) => email)).toEqual([at('ada'), at('robert'), at('zoe')]);
  });

  test('settles who would wait, either way, and nobody has to decide after the switch; later gives it back to the rules', async () => {
    const staged = await stage({ adoption: 'queue' });
    const { members, users, api } = staged;
    expect(await toldOf(staged, users.zoe)).toMatchObject({ rule: 'waits', member: members.zoe.id });
    await decide(staged, users.zoe, { decision: 'adopt', member: members.zoe.id });
    await decide(staged, users.ada, { decision: 'separate' });
    expect(await toldOf(staged, users.ada)).toMatchObject({ rule: 'new', reason: 'decided', member: null });
    await decide(staged, users.ada, { decision: 'later' });
    expect(await toldOf(staged, users.ada)).toMatchObject({ rule: 'waits', decision: null });
    await decide(staged, users.ada, { decision: 'separate' });
    expect((await switchIt(staged)).body.counts).toMatchObject({ adopted: 1, added: 2, waiting: 0 });
    expect((await api.get('/conflicts')).body.items).toEqual([]);
    expect([await sourceOf(members.zoe), await sourceOf(members.ada)]).toEqual(['directory', 'manual']);
  });

  test('takes away what blocks where the policy adopts nobody', async () => {
    const staged = await stage({ adoption: 'reject' });
    const { members, users, api } = staged;
    expect((await api.get('/cutover')).body.people.refused).toBe(2);
    await decide(staged, users.zoe, { decision: 'separate' });
    await decide(staged, users.ada, { decision: 'adopt', member: members.ada.id });
    expect((await api.get('/cutover')).body.outcomes.keep.blockers).toEqual([]);
  });

  test('stays when the directory pushes the person again', async () => {
    const staged = await stage();
    const { members, users, shadow } = staged;
    await decide(staged, users.robert, { decision: 'adopt', member: members.bob.id });
    const renamed = patchOf({ op: 'replace', path: 'displayName', value: 'Rob' });
    expect((await shadow.scim.patch(`/Users/${users.robert}`, renamed)).status).toBe(200);
    expect(await toldOf(staged, users.robert)).toMatchObject({ rule: 'adopt', reason: 'decided' });
  });

  test('is one person for a member: the second decision about the same member is as none', async () => {
    const staged = await stage();
    const { members, users } = staged;
    await decide(staged, users.robert, { decision: 'adopt', member: members.zoe.id });
    expect(await toldOf(staged, users.zoe)).toMatchObject({ rule: 'new', reason: 'other_has_member' });
  });

  test('is told to the audit with what was decided before', async () => {
    const staged = await stage();
    const { users, organization } = staged;
    await decide(staged, users.zoe, { decision: 'separate' });
    gateway.clock.advance(1);
    await decide(staged, users.zoe, { decision: 'later' });
    const filter = { type: 'cutover.decided' } as const;
    const rows = await gateway.storage.auditEvents.list(organization.id, filter, { limit: 5 });
    expect(rows.map(({ details }) => details)).toMatchObject([
      { before: { kind: 'separate' }, after: null },
      { before: null, after: { kind: 'separate' } },
    ]);
  });
});

describe('law 3, S119: a decision takes over nobody whom settling a conflict could not', () => {
  test('a member with an account of their own at an address in no proved domain', async () => {
    const staged = await stage();
    const guest = await staged.addMember(`guest@${staged.organization.slug}-other.example`);
    const answer = await decide(staged, staged.users.robert, { decision: 'adopt', member: guest.id });
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([422, 'invalid', 'member']);
    expect(await toldOf(staged, staged.users.robert)).toMatchObject({ rule: 'new', decision: null });
  });

  test('an owner, by somebody who is none', async () => {
    const { organization, shadow, members, users } = await stage();
    const person = parseId('du', users.robert);
    if (person === undefined) throw new Error('no id');
    const { zoe, ada } = members;
    const role = await gateway.storage.transact((tx) => roleHeld(tx, 'admin'));
    const who = { membershipId: zoe.id, userId: zoe.userId, email: zoe.email, role };
    const decision: DecisionInput = { kind: 'adopt', membershipId: ada.id };
    const refused = decideCutover(gateway.deps, {
      ...{ organizationId: organization.id, directoryId: shadow.directoryId, person, decision },
      caller: { kind: 'member', organizationId: organization.id, ...who },
      cause: testCause,
    });
    await expect(refused).rejects.toMatchObject({ code: 'forbidden' });
  });

  test.each([
    ['has risen since', { orgRole: 'owner' }],
    ['has an account since that the organization has no say in', undefined],
  ] as const)('a member who %s: the decision lapses', async (_, change) => {
    const staged = await stage();
    const { members, users, organization } = staged;
    await decide(staged, users.robert, { decision: 'adopt', member: members.bob.id });
    if (change !== undefined)
      await changeMember(gateway.deps, {
        ...{ organizationId: organization.id, id: members.bob.id, change },
        ...{ caller: { kind: 'operator' }, cause: testCause },
      });
    else
      await gateway.storage.transact(async (tx) => {
        const [domain] = await tx.domains.list(organization.id);
        if (domain !== undefined) await tx.domains.remove(organization.id, domain.id);
      });
    expect(await toldOf(staged, users.robert)).toMatchObject({ rule: 'new', reason: 'no_member' });
  });

  test('a member whom another directory holds', async () => {
    const staged = await stage();
    const other = await gateway.createDirectory(staged.organization);
    const { body } = await gateway
      .request()
      .post(`${other.scimPath}/Users`)
      .set('Authorization', `Bearer ${other.token}`)
      .send({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: staged.at('held') });
    const user = parseId('du', body.id);
    const held =
      user && (await gateway.storage.directoryUsers.find(staged.organization.id, other.directoryId, user));
    const answer = await decide(staged, staged.users.robert, {
      decision: 'adopt',
      member: held?.membershipId,
    });
    expect([answer.status, answer.body.code]).toEqual([409, 'already_exists']);
  });
});

describe('refusals', () => {
  test('422 without a member, for another word, or for a member nobody has; 404 for a person of another directory and after the switch', async () => {
    const staged = await stage();
    const { users } = staged;
    const elsewhere = await stage();
    const codes = [];
    for (const [person, body] of [
      [users.zoe, { decision: 'adopt' }],
      [users.zoe, { decision: 'perhaps' }],
      [users.zoe, { decision: 'adopt', member: elsewhere.members.bob.id }],
      [elsewhere.users.zoe, { decision: 'separate' }],
    ] as const)
      codes.push((await decide(staged, person, body)).body.code);
    expect(codes).toEqual(['invalid', 'invalid', 'not_found', 'not_found']);
    expect((await switchIt(staged)).status).toBe(200);
    expect((await decide(staged, users.zoe, { decision: 'separate' })).status).toBe(404);
  });
});
