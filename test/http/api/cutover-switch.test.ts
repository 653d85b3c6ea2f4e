/** The switch of a shadow directory and the way back: all of it or nothing, and nobody loses what the directory never gave. */
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AT_ONCE } from '../../../src/core/directory/cutover.ts';
import { runCutoverJob } from '../../../src/core/directory/cutover-job.ts';
import { createDirectoryGroup } from '../../../src/core/directory/directory-groups.ts';
import {
  changeDirectoryUser,
  provisionUser,
  removeDirectoryUser,
} from '../../../src/core/directory/directory-users.ts';
import { type JobHandlers, runDueJobs } from '../../../src/core/jobs.ts';
import { createInvitation } from '../../../src/core/joining/invitations.ts';
import { removeExpired } from '../../../src/jobs/expire.ts';
import { days } from '../../../src/kernel/clock.ts';
import { parseId } from '../../../src/kernel/ids.ts';
import { aConnection, anIdentity } from '../../support/builders.ts';
import { aPush } from '../../support/core-people.ts';
import { addManyMembers, type CutoverStage, cutoverStage } from '../../support/cutover-stage.ts';
import { startGateway, type TestGateway, testCause } from '../../support/gateway.ts';
import { peopleState } from '../../support/people-state.ts';
import { patchOf } from '../../support/scim.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const invite = async ({ organization }: CutoverStage, email: string) =>
  createInvitation(gateway.deps, {
    ...{ organizationId: organization.id, caller: { kind: 'operator' }, cause: testCause },
    invitation: { email, role: 'member', teams: [], resources: [], delivery: 'link' },
  });

const hashOf = async ({ api }: CutoverStage): Promise<string> => (await api.get('/cutover')).body.reportHash;

const switchIt = async (stage: CutoverStage, unmatched: 'keep' | 'suspend', reportHash?: string) =>
  stage.api.post('/cutover', { reportHash: reportHash ?? (await hashOf(stage)), unmatched });

const provisioningOf = async ({ organization }: CutoverStage) =>
  (await gateway.storage.organizations.find(organization.id))?.provisioning;

/** Ada owns it; Bob and Zoe are members; Ada, Bob and Nick are pushed, Bob in a group of admins; Pat is invited. */
async function stage(wishes: Parameters<typeof cutoverStage>[1] = {}) {
  const staged = await cutoverStage(gateway, wishes);
  const { organization, addMember, push, shadow } = staged;
  const at = (name: string) => `${name}@${organization.slug}.example`;
  const members = {
    ada: await addMember(at('ada'), { role: 'owner' }),
    bob: await addMember(at('bob')),
    zoe: await addMember(at('zoe'), { role: 'admin' }),
  };
  const users = {
    ada: await push(at('ada'), { name: 'Ada of Okta' }),
    bob: await push(at('bob')),
    nick: await push(at('nick')),
  };
  const group = await shadow.addGroup({ displayName: 'Admins', members: [{ value: users.bob }] });
  const mapped = await gateway
    .request()
    .post(`/api/v1/organizations/${organization.id}/group-mappings`)
    .set('Authorization', `Bearer ${gateway.operatorKey}`)
    .send({ match: { groupId: group }, grants: [{ scope: 'org', role: 'admin' }] });
  expect(mapped.status).toBe(201);
  return { ...staged, members, users, group, at };
}

describe('the switch', () => {
  test('S163: does what the report said, and invitations die in the moment the organization is directory-managed', async () => {
    const staged = await stage();
    const { at, members, memberOf, organization } = staged;
    const invitation = await invite(staged, at('pat'));
    const zoeIsIn = await staged.signIn(members.zoe);
    const adaIsIn = await staged.signIn(members.ada);
    const { status, body } = await switchIt(staged, 'suspend');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ status: 'switched', unmatched: 'suspend', job: null, rolledBackAt: null },
      counts: { adopted: 2, added: 1, waiting: 0, suspended: 1, kept: 0 },
      voided: [{ kind: 'invitation', id: invitation.invitation.id, email: at('pat') }],
    });
    expect(await provisioningOf(staged)).toBe('directory');
    expect(await memberOf(at('ada'))).toMatchObject({
      ...{ id: members.ada.id, userId: members.ada.userId, name: 'Ada of Okta', source: 'directory' },
      ...{ orgRole: 'owner', status: 'active' },
    });
    expect(await memberOf(at('bob'))).toMatchObject({ id: members.bob.id, orgRole: 'admin' });
    expect(await memberOf(at('nick'))).toMatchObject({ orgRole: 'member', status: 'active' });
    expect(await memberOf(at('zoe'))).toMatchObject({ status: 'suspended', source: 'manual' });
    expect([await zoeIsIn(), await adaIsIn()]).toEqual([false, true]);
    const accepted = await gateway
      .request()
      .post(`/api/v1/invitations/${invitation.url.split('/').at(-1)}/accept`)
      .send({ name: 'Pat', password: 'a sentence nobody guesses' });
    expect([accepted.status, accepted.body.code]).toEqual([409, 'invitations_disabled']);
    const pending = await gateway.storage.invitations.listPending(organization.id);
    expect(pending).toEqual([]);
    expect((await staged.api.get('')).body).toMatchObject({ status: 'active', shadow: false });
  });

  test('keep: who is not in the directory stays a member by hand, signed in', async () => {
    const staged = await stage();
    const isIn = await staged.signIn(staged.members.zoe);
    const { body } = await switchIt(staged, 'keep');
    const counts = { members: 3, adopted: 2, added: 1, waiting: 0, suspended: 0, kept: 1 };
    expect(body.counts).toEqual(counts);
    expect(await staged.memberOf(staged.at('zoe'))).toMatchObject({ status: 'active', orgRole: 'admin' });
    expect(await isIn()).toBe(true);
  });

  test('after it the directory pushes like any other: a change follows, a deactivation cuts', async () => {
    const staged = await stage();
    const isIn = await staged.signIn(staged.members.bob);
    await switchIt(staged, 'keep');
    const path = `/Users/${staged.users.bob}`;
    const off = patchOf({ op: 'replace', value: { active: false } });
    expect((await staged.shadow.scim.patch(path, off)).status).toBe(200);
    expect(await staged.memberOf(staged.at('bob'))).toMatchObject({ status: 'suspended' });
    expect(await isIn()).toBe(false);
    const left = patchOf({ op: 'remove', path: `members[value eq "${staged.users.bob}"]` });
    expect((await staged.shadow.scim.patch(`/Groups/${staged.group}`, left)).status).toBeLessThan(300);
    expect(await staged.memberOf(staged.at('bob'))).toMatchObject({ orgRole: 'member' });
  });

  test('a push that was let in before the switch and comes to act after it is refused: it would be told as a shadow’s', async () => {
    const staged = await stage();
    const { organization, shadow, users } = staged;
    await switchIt(staged, 'keep');
    const { directory, directoryId } = shadow;
    const cause = { ...testCause, isShadow: true } as const;
    const late = { organizationId: organization.id, directoryId, cause, directory };
    const conflict = expect.objectContaining({ code: 'version_conflict' });
    const user = aPush({ email: staged.at('late') });
    await expect(provisionUser(gateway.deps, { ...late, user })).rejects.toEqual(conflict);
    const id = parseId('du', users.bob);
    if (id === undefined) throw new Error('no id');
    const change = () => user;
    await expect(changeDirectoryUser(gateway.deps, { ...late, id, change })).rejects.toEqual(conflict);
    await expect(removeDirectoryUser(gateway.deps, { ...late, id })).rejects.toEqual(conflict);
    const group = { displayName: 'Late', externalId: null, attributes: {} };
    const made = createDirectoryGroup(gateway.deps, { ...late, group, memberIds: [] });
    await expect(made).rejects.toEqual(conflict);
  });

  test('queue: who may be a member waits suspended, the member stays as they are, and an admin decides', async () => {
    const staged = await stage({ adoption: 'queue' });
    const { body } = await switchIt(staged, 'suspend');
    expect(body.counts).toMatchObject({ adopted: 0, added: 1, waiting: 2, suspended: 1 });
    const { items } = (await staged.api.get('/conflicts?status=open')).body;
    expect(items).toHaveLength(2);
    expect(await gateway.storage.memberships.find(staged.organization.id, staged.members.bob.id)).toEqual(
      staged.members.bob,
    );
    const one = items.find((item: { candidateId: string }) => item.candidateId === staged.members.bob.id);
    await staged.api.post(`/conflicts/${one.id}/resolve`, { action: 'adopt' });
    const bob = await gateway.storage.memberships.find(staged.organization.id, staged.members.bob.id);
    expect(bob).toMatchObject({ source: 'directory', orgRole: 'admin' });
  });

  test.each([
    ['somebody is pushed', (s: CutoverStage) => s.push(`new@${s.organization.slug}.example`)],
    ['somebody joins', (s: CutoverStage) => s.addMember(`new@${s.organization.slug}.example`)],
    ['somebody is invited', (s: CutoverStage) => invite(s, `new@${s.organization.slug}.example`)],
    ['the policy changes', (s: CutoverStage) => s.api.patch('', { adoption: 'queue' })],
  ])('409 cutover_moved, and nothing changes: after the report %s', async (_what, move) => {
    const staged = await stage();
    const hash = await hashOf(staged);
    await move(staged);
    const before = peopleState(gateway, staged.organization.id);
    const { status, body } = await switchIt(staged, 'keep', hash);
    expect([status, body.code, body.field]).toEqual([409, 'cutover_moved', 'reportHash']);
    expect(peopleState(gateway, staged.organization.id)).toEqual(before);
    expect(await provisioningOf(staged)).toBe('manual');
  });

  test('S140, S167: 409 cutover_blocked names what stands in the way, and nothing changes', async () => {
    const staged = await stage({ plan: { preset: 'enterprise', seats: 3 } });
    const before = peopleState(gateway, staged.organization.id);
    const full = await switchIt(staged, 'keep');
    expect([full.status, full.body.code]).toEqual([409, 'cutover_blocked']);
    expect(full.body.detail).toBe(
      '4 people would hold a seat; the plan has 3. Add seats, or assign fewer people.',
    );
    await staged.shadow.scim.delete(`/Users/${staged.users.ada}`);
    const ownerless = await switchIt(staged, 'suspend');
    expect([ownerless.status, ownerless.body.code]).toEqual([409, 'cutover_blocked']);
    expect(peopleState(gateway, staged.organization.id)).toEqual(before);
  });

  test('S167: a seat that the switch frees is there for somebody who needs one', async () => {
    const staged = await stage({ plan: { preset: 'enterprise', seats: 3 } });
    expect((await switchIt(staged, 'suspend')).status).toBe(200);
    expect((await gateway.storage.organizations.find(staged.organization.id))?.seatsUsed).toBe(3);
  });

  test('twice, or of a directory that is no shadow: refused', async () => {
    const staged = await stage();
    const hash = await hashOf(staged);
    const answers = await Promise.all([switchIt(staged, 'keep', hash), switchIt(staged, 'keep', hash)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect((await switchIt(staged, 'keep', hash)).body.code).toBe('cutover_moved');
  });

  test('audit: one row says who switched what; each member, invitation and the organization have their own', async () => {
    const staged = await stage();
    await invite(staged, staged.at('pat'));
    await switchIt(staged, 'suspend');
    const rows = await gateway.storage.auditEvents.list(staged.organization.id, {}, { limit: 200 });
    const types = Object.groupBy(rows, ({ type }) => type);
    expect(types['directory.switched_on']).toMatchObject([
      { actor: { kind: 'operator' }, details: { unmatched: 'suspend', adopted: 2, added: 1, suspended: 1 } },
    ]);
    expect(types['invitation.voided']).toHaveLength(1);
    expect(types['member.suspended']).toHaveLength(1);
    expect(types['organization.provisioning_changed']).toHaveLength(1);
  });
});

/** What a change and its undoing leave behind. */
const TRACES = ['version', 'updated_at'];

describe('the roll-back', () => {
  test('members are what they were, newcomers go, who was suspended returns; invitations stay dead and are listed', async () => {
    const staged = await stage();
    const { at, members, memberOf } = staged;
    await invite(staged, at('pat'));
    await switchIt(staged, 'suspend');
    const { status, body } = await staged.api.post('/cutover/rollback', {});
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'rolled_back', voided: [{ email: at('pat') }] });
    expect(await provisioningOf(staged)).toBe('manual');
    for (const [name, member] of Object.entries(members)) {
      const { version: _version, updatedAt: _updatedAt, ...rest } = member;
      expect(await memberOf(at(name))).toMatchObject(rest);
    }
    expect(await memberOf(at('nick'))).toBeUndefined();
    expect(await gateway.storage.invitations.listPending(staged.organization.id)).toEqual([]);
    await invite(staged, at('pat'));
    expect((await staged.api.get('')).body).toMatchObject({ status: 'draft', shadow: true });
    const again = (await staged.api.get('/cutover')).body;
    expect(again.people).toMatchObject({ total: 3, adopt: 2, new: 1 });
    expect((await switchIt(staged, 'keep')).status).toBe(200);
  });

  test('what the directory did since is undone, what people did stays', async () => {
    const staged = await stage();
    const { at, members, memberOf, shadow, users, organization, push } = staged;
    const { storage } = gateway;
    await switchIt(staged, 'suspend');
    await shadow.scim.delete(`/Users/${users.bob}`);
    await push(at('late'));
    const member = `/api/v1/organizations/${organization.id}/members`;
    const asOperator = (method: 'patch' | 'delete', path: string, body = {}) =>
      gateway.request()[method](path).set('Authorization', `Bearer ${gateway.operatorKey}`).send(body);
    expect((await asOperator('delete', `${member}/${members.zoe.id}`)).status).toBe(204);
    const { body } = await staged.api.post('/cutover/rollback', {});
    expect(body.status).toBe('rolled_back');
    expect(await memberOf(at('late'))).toBeUndefined();
    expect(await memberOf(at('zoe'))).toBeUndefined();
    const bob = await storage.memberships.find(organization.id, members.bob.id);
    expect(bob).toMatchObject({ userId: members.bob.userId, source: 'manual', orgRole: 'member' });
    expect(await storage.grants.listByMembership(organization.id, members.bob.id)).toHaveLength(1);
  });

  test('S147: who came in on the word of the match does so no more: sessions and identities since then end, older ones stay', async () => {
    const staged = await stage();
    const { members, organization } = staged;
    const { storage, clock } = gateway;
    const [first, second] = [aConnection(organization.id), aConnection(organization.id)];
    const identify = (connection: typeof first) =>
      storage.transact(async (tx) => {
        await tx.connections.insert(organization.id, connection);
        const identity = anIdentity(connection.id, members.bob, { createdAt: clock.now() });
        await tx.identities.insert(organization.id, identity);
      });
    await identify(first);
    const wasIn = await staged.signIn(members.bob);
    clock.advance(1000);
    await switchIt(staged, 'keep');
    await identify(second);
    const cameIn = await staged.signIn(members.bob);
    await staged.api.post('/cutover/rollback', {});
    expect([await wasIn(), await cameIn()]).toEqual([true, false]);
    const left = await storage.identities.listByMembership(organization.id, members.bob.id);
    expect(left.map(({ connectionId }) => connectionId)).toEqual([first.id]);
  });

  test('whom an admin has suspended since stays suspended; whom the directory has, returns', async () => {
    const staged = await stage();
    const { at, members, memberOf, shadow, users, organization } = staged;
    const lea = await staged.addMember(at('lea'));
    const user = await staged.push(at('lea'));
    await switchIt(staged, 'keep');
    gateway.clock.advance(1);
    await shadow.scim.patch(`/Users/${users.bob}`, patchOf({ op: 'replace', value: { active: false } }));
    const path = `/api/v1/organizations/${organization.id}/members/${lea.id}`;
    const suspended = await gateway
      .request()
      .patch(path)
      .set('Authorization', `Bearer ${gateway.operatorKey}`)
      .send({ status: 'suspended' });
    expect([suspended.status, typeof user]).toEqual([200, 'string']);
    await staged.api.post('/cutover/rollback', {});
    expect(await memberOf(at('bob'))).toMatchObject({ id: members.bob.id, status: 'active' });
    expect(await memberOf(at('lea'))).toMatchObject({ status: 'suspended' });
  });

  test('S140: refused when it would leave no owner, and nothing changes', async () => {
    const staged = await stage();
    const { at, members, memberOf, organization } = staged;
    await switchIt(staged, 'keep');
    const member = `/api/v1/organizations/${organization.id}/members`;
    const patch = async (id: string | undefined, body: object) =>
      gateway
        .request()
        .patch(`${member}/${id}`)
        .set('Authorization', `Bearer ${gateway.operatorKey}`)
        .send(body);
    expect((await patch((await memberOf(at('nick')))?.id, { orgRole: 'owner' })).status).toBe(200);
    expect((await patch(members.ada.id, { orgRole: 'member' })).status).toBe(200);
    const before = peopleState(gateway, organization.id);
    const { status, body } = await staged.api.post('/cutover/rollback', {});
    expect([status, body.code]).toEqual([409, 'last_owner']);
    expect(peopleState(gateway, organization.id)).toEqual(before);
    expect(await provisioningOf(staged)).toBe('directory');
  });

  test('409 rollback_over: never switched, taken back already, or after seven days', async () => {
    const staged = await stage();
    const refused = async () => (await staged.api.post('/cutover/rollback', {})).body.code;
    expect(await refused()).toBe('rollback_over');
    await switchIt(staged, 'keep');
    expect((await staged.api.get('/cutover')).body).toMatchObject({
      reportHash: null,
      cutover: { status: 'switched' },
    });
    expect((await staged.api.post('/cutover/rollback', {})).status).toBe(200);
    expect(await refused()).toBe('rollback_over');
    await switchIt(staged, 'keep');
    gateway.clock.advance(days(7));
    expect(await refused()).toBe('rollback_over');
    await removeExpired(gateway.deps);
    const { id } = staged.organization;
    const remembered = await gateway.storage.cutoverMembers.list(id, staged.shadow.directoryId, { limit: 9 });
    expect(remembered).toEqual([]);
  });

  const person = fc.record({
    isMember: fc.boolean(),
    isPushed: fc.boolean(),
    isActive: fc.boolean(),
    isSuspended: fc.boolean(),
    isProved: fc.boolean(),
    isInGroup: fc.boolean(),
    role: fc.constantFrom('viewer', 'member', 'admin', 'owner'),
  } as const);
  type Person = typeof person extends fc.Arbitrary<infer One> ? One : never;

  /** One owner, whatever else there is. */
  async function populate(
    { organization, addMember, push, shadow }: CutoverStage,
    people: readonly Person[],
    isOwnerPushed: boolean,
  ): Promise<void> {
    const owner = `owner@${organization.slug}.example`;
    await addMember(owner, { role: 'owner' });
    if (isOwnerPushed) await push(owner);
    const inGroup: { value: string }[] = [];
    for (const [index, one] of people.entries()) {
      const domain = one.isProved ? `${organization.slug}.example` : 'elsewhere.example';
      const email = `${organization.slug}-p${index}@${domain}`;
      const status = one.isSuspended ? 'suspended' : 'active';
      if (one.isMember) await addMember(email, { role: one.role, status });
      if (!one.isPushed) continue;
      const value = await push(email, { active: one.isActive });
      if (one.isInGroup) inGroup.push({ value });
    }
    await shadow.addGroup({ displayName: 'Guests', members: inGroup });
  }

  test('a switch and its roll-back leave what was before, over any population, choice and policy', async () => {
    let switches = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(person, { minLength: 1, maxLength: 8 }),
        fc.constantFrom('keep', 'suspend'),
        fc.constantFrom('adopt', 'adopt', 'queue', 'reject'),
        fc.boolean(),
        async (people, unmatched, adoption, isOwnerPushed) => {
          const staged = await cutoverStage(gateway, { adoption });
          const { organization } = staged;
          await populate(staged, people, isOwnerPushed);
          const before = peopleState(gateway, organization.id, TRACES);
          const switched = await switchIt(staged, unmatched);
          const report = (await staged.api.get('/cutover')).body;
          if (switched.status === 409) {
            expect(report.outcomes[unmatched].blockers).not.toEqual([]);
            expect(peopleState(gateway, organization.id, TRACES)).toEqual(before);
            return;
          }
          expect(switched.status).toBe(200);
          switches += 1;
          const back = await staged.api.post('/cutover/rollback', {});
          expect(back.status).toBe(200);
          expect(peopleState(gateway, organization.id, TRACES)).toEqual(before);
        },
      ),
      { numRuns: 40 },
    );
    expect(switches).toBeGreaterThan(5);
  });
});

describe('a large organization', () => {
  const handlers: JobHandlers<TestGateway['deps']> = {
    cutover: (deps, job) => runCutoverJob({ ...deps, pause: () => setImmediate() }, job),
  };

  test('is switched and rolled back by a job, all of it or nothing', async () => {
    const staged = await stage();
    const { organization } = staged;
    await addManyMembers(gateway, organization, AT_ONCE);
    const { body } = await switchIt(staged, 'keep');
    expect(body).toMatchObject({ status: 'switching', job: expect.any(String) });
    expect(await provisioningOf(staged)).toBe('manual');
    expect((await switchIt(staged, 'keep')).body.code).toBe('version_conflict');
    await runDueJobs(gateway.deps, handlers);
    const job = (await gateway.storage.jobs.list(organization.id, { limit: 1 }))[0];
    expect(job).toMatchObject({ state: 'done', problem: null });
    expect(job?.doneCount).toBe(job?.totalCount);
    expect(await provisioningOf(staged)).toBe('directory');
    expect(await staged.memberOf(staged.at('bob'))).toMatchObject({ source: 'directory' });
    expect((await staged.api.post('/cutover/rollback', {})).body.status).toBe('rolling_back');
    await runDueJobs(gateway.deps, handlers);
    expect((await staged.api.get('/cutover')).body.cutover.status).toBe('rolled_back');
    expect(await provisioningOf(staged)).toBe('manual');
    expect(await staged.memberOf(staged.at('bob'))).toMatchObject({ source: 'manual' });
  });

  test('gives way while it is switched: who looks meanwhile is answered, and sees all of it or nothing', async () => {
    const staged = await stage();
    const { organization, members } = staged;
    await addManyMembers(gateway, organization, AT_ONCE);
    await switchIt(staged, 'suspend');
    const seen: string[] = [];
    let isOver = false;
    const looking = (async () => {
      for (; !isOver; await setImmediate()) {
        const zoe = await gateway.storage.memberships.find(organization.id, members.zoe.id);
        seen.push(`${await provisioningOf(staged)} ${zoe?.status}`);
      }
    })();
    await runDueJobs(gateway.deps, handlers);
    isOver = true;
    await looking;
    const before = seen.filter((one) => one === 'manual active').length;
    expect(before).toBeGreaterThan(AT_ONCE / 50);
    expect(new Set(seen.slice(before))).toEqual(new Set(['directory suspended']));
  });

  test('a world that moves before the job runs: the job fails with cutover_moved, and nothing has changed', async () => {
    const staged = await stage();
    const { organization } = staged;
    await addManyMembers(gateway, organization, AT_ONCE);
    await switchIt(staged, 'keep');
    await staged.push(staged.at('late'));
    await runDueJobs(gateway.deps, handlers);
    const job = (await gateway.storage.jobs.list(organization.id, { limit: 1 }))[0];
    expect(job).toMatchObject({ state: 'failed', problem: { code: 'cutover_moved' } });
    expect(await provisioningOf(staged)).toBe('manual');
    const view = (await staged.api.get('/cutover')).body;
    expect([view.cutover, view.people.total]).toEqual([null, 4]);
  });
});
