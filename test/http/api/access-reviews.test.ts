/** /organizations/{org}/access-reviews: written down, decided person by person, completed, exported. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { snapshotStep } from '../../../src/core/access/access-review-snapshot.ts';
import { isOrgRole } from '../../../src/core/access/roles.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { runDueJobs } from '../../../src/core/jobs.ts';
import { days, minutes } from '../../../src/kernel/clock.ts';
import { nextText } from '../../support/builders.ts';
import { type ApiWorld, type Person, type Sender, startApiWorld } from './api-world.ts';
import { pushGroup } from './push.ts';

let world: ApiWorld;
let organization: Organization;
let owner: Person;
let admin: Person;
let member: Person;
let base = '';
beforeAll(async () => {
  world = await startApiWorld();
});
beforeEach(async () => {
  organization = await world.newOrganization();
  owner = await world.newPerson(organization, 'owner');
  admin = await world.newPerson(organization, 'admin');
  member = await world.newPerson(organization, 'member');
  base = `/organizations/${organization.id}`;
  world.gateway.clock.advance(1000);
});
afterAll(() => world.close());

const start = async (input: object = {}, sender: Sender = owner) =>
  (await world.send(sender, `post ${base}/access-reviews`, input)).body;
const itemsOf = async (review: { readonly id: string }, query = '') =>
  (await world.send(owner, `get ${base}/access-reviews/${review.id}/items${query}`)).body.items;
/** Answers who decides what: `decide(owner, review)(member, { decision: 'confirm' })`. */
const decide = (sender: Sender, review: { readonly id: string }) => (who: Person, decision: object) =>
  world.send(sender, `patch ${base}/access-reviews/${review.id}/items/${who.membership.id}`, decision);
const getMember = (who: Person) => world.send(owner, `get ${base}/members/${who.membership.id}`);

describe('starting', () => {
  test('201: open at once, with everybody, what they hold, why, and hints', async () => {
    world.gateway.clock.advance(days(91));
    const review = await start({ name: 'Spring', dueAt: '2027-01-01T00:00:00Z' }, world.operator);
    expect(review).toMatchObject({
      name: 'Spring',
      state: 'open',
      counts: { total: 3, pending: 3, confirmed: 0, revoked: 0 },
      isOverdue: false,
      createdBy: { kind: 'operator' },
    });
    const { body } = await world.send(world.operator, `get ${base}/access-reviews/${review.id}/items`);
    const first = body.items.find((item: { member: string }) => item.member === admin.membership.id);
    expect(first).toMatchObject({ email: admin.email, orgRole: 'admin', decision: 'pending', changes: [] });
    expect(first.grants).toContainEqual(
      expect.objectContaining({
        role: 'admin',
        decides: true,
        sentence: 'Given by the invitation this person accepted.',
      }),
    );
    expect(first.hints.map(({ code }: { code: string }) => code)).toEqual(['inactive']);
    world.gateway.clock.advance(-days(91));
  });

  test('201: only whom the scope means', async () => {
    const admins = await start({ scope: { orgRoles: ['admin', 'owner'] } });
    expect(admins.counts.total).toBe(2);
    const team = (await world.send(owner, `post ${base}/teams`, { name: 'Red' })).body.id;
    await world.send(owner, `put ${base}/teams/${team}/members/${member.membership.id}`, { role: 'owner' });
    const red = await start({ scope: { teams: [team] } });
    const [item, ...others] = await itemsOf(red);
    expect([item.member, others]).toEqual([member.membership.id, []]);
    expect(item.teams).toContainEqual({ id: team, name: 'Red', role: 'owner' });
    const named = await start({ scope: { memberIds: [member.membership.id], orgRoles: ['admin'] } });
    expect(named.counts.total).toBe(0);
  });

  test.each([
    [{ scope: { orgRoles: ['boss'] } }, 'scope.orgRoles[0]'],
    [{ scope: { teams: [`team_${'0'.repeat(26)}`] } }, 'scope.teams[0]'],
    [{ scope: { memberIds: [`mem_${'0'.repeat(26)}`] } }, 'scope.memberIds[0]'],
    [{ scope: { memberIds: [] } }, 'scope.memberIds'],
    [{ dueAt: '2020-01-01T00:00:00Z' }, 'dueAt'],
    [{ name: '' }, 'name'],
  ])('422: %j', async (input, field) => {
    const { status, body } = await world.send(owner, `post ${base}/access-reviews`, input);
    expect([status, body.field]).toEqual([422, field]);
  });

  test('more people than one step: preparing, then a job writes them all down', async () => {
    await pushGroup(world.gateway, organization, { name: 'Many', count: 230 });
    const review = await start();
    expect([review.state, review.counts.total]).toEqual(['preparing', 200]);
    const early = await decide(owner, review)(member, { decision: 'confirm' });
    expect([early.status, early.body.code]).toEqual([409, 'review_not_open']);
    await runDueJobs(world.gateway.deps, { access_review: snapshotStep });
    const { body } = await world.send(owner, `get ${base}/access-reviews/${review.id}`);
    expect([body.state, body.counts.total]).toEqual(['open', 233]);
    const jobs = await world.send(owner, `get ${base}/jobs`);
    expect(jobs.body.items[0]).toMatchObject({ kind: 'access_review', state: 'done', done: 233 });
  });
});

describe('deciding', () => {
  test('200: confirmed with a note; counted; picked out by decision; audited', async () => {
    const review = await start();
    const { status, body } = await decide(owner, review)(member, { decision: 'confirm', note: 'Needs it' });
    expect([status, body.decision, body.note, body.decidedBy.email]).toEqual([
      200,
      'confirmed',
      'Needs it',
      owner.email,
    ]);
    expect(
      (await itemsOf(review, '?decision=confirmed')).map((item: { member: string }) => item.member),
    ).toEqual([member.membership.id]);
    const audit = await world.send(owner, `get ${base}/audit-events?type=access_review.decided`);
    expect(audit.body.items[0].details).toEqual({
      membershipId: member.membership.id,
      decision: 'confirmed',
      note: 'Needs it',
      outcome: null,
    });
  });

  test('200: revoked is removed at once, and the session is dead', async () => {
    const review = await start();
    const { body } = await decide(owner, review)(member, { decision: 'revoke' });
    expect(body).toMatchObject({ decision: 'revoked', outcome: { kind: 'removed' } });
    expect(body.changes).toEqual([{ what: 'membership', of: null, was: 'active', is: null }]);
    expect((await getMember(member)).status).toBe(404);
    expect((await world.send(member, 'get /session')).status).toBe(401);
    const late = await decide(owner, review)(member, { decision: 'confirm' });
    expect([late.status, late.body.field]).toEqual([422, 'decision']);
  });

  test('200: revoked down to a lower role; a higher one is no revocation', async () => {
    const review = await start();
    const higher = await decide(owner, review)(member, { decision: 'revoke', becomes: 'admin' });
    expect([higher.status, higher.body.field]).toEqual([422, 'becomes']);
    const { body } = await decide(owner, review)(admin, { decision: 'revoke', becomes: 'viewer' });
    expect(body.outcome).toEqual({ kind: 'lowered', role: 'viewer' });
    expect(body.changes).toEqual([{ what: 'orgRole', of: null, was: 'admin', is: 'viewer' }]);
    expect((await getMember(admin)).body.orgRole).toBe('viewer');
  });

  test('200: whom a directory holds stays, and the text names the group to change there', async () => {
    const { group, users } = await pushGroup(world.gateway, organization, { name: 'Chiefs', count: 1 });
    await world.send(owner, `post ${base}/group-mappings`, {
      match: { groupId: group.id },
      grants: [{ scope: 'org', role: 'admin' }],
    });
    const review = await start();
    const path = `patch ${base}/access-reviews/${review.id}/items/${users[0]?.membershipId}`;
    const removal = await world.send(owner, path, { decision: 'revoke' });
    expect(removal.body.outcome).toEqual({
      kind: 'at_directory',
      text: 'Nothing has changed here: Okta manages this person. Unassign or deactivate them there. In Okta, the role admin comes from the group "Chiefs".',
    });
    const lowering = await world.send(owner, path, { decision: 'revoke', becomes: 'member' });
    expect(lowering.body).toMatchObject({
      decision: 'revoked',
      changes: [],
      outcome: { kind: 'at_directory', text: expect.stringContaining('the group "Chiefs"') },
    });
    const { body } = await world.send(owner, `get ${base}/members/${users[0]?.membershipId}`);
    expect(body.orgRole).toBe('admin');
  });

  test('403 (S162, law 8): admins decide about no admin and no owner, nobody about themselves; nothing changes', async () => {
    const review = await start();
    for (const [sender, who, decision] of [
      [admin, owner, 'revoke'],
      [admin, owner, 'confirm'],
      [admin, admin, 'confirm'],
      [owner, owner, 'confirm'],
    ] as const) {
      const { status, body } = await decide(sender, review)(who, { decision });
      expect([status, body.code]).toEqual([403, 'forbidden']);
    }
    expect((await decide(member, review)(admin, { decision: 'confirm' })).status).toBe(403);
    expect((await itemsOf(review, '?decision=pending')).length).toBe(3);
    expect((await decide(admin, review)(member, { decision: 'confirm' })).status).toBe(200);
  });

  describe('S162: a review gives nobody more than they may by hand', () => {
    const UPDATING = ['members.read', 'members.update'];
    let rank = 150;
    const withRole = async (permissions: readonly string[]): Promise<Sender> => {
      const key = nextText('role');
      if (!isOrgRole(key)) throw new Error('not the key of a role');
      rank += 1;
      const made = { key, name: key, rank, permissions };
      expect((await world.send(world.operator, 'post /roles', made)).status).toBe(201);
      return world.newPerson(organization, key);
    };
    const withKey = async (scopes: readonly string[]): Promise<Sender> => {
      const key = { kind: 'team', name: 'Reviewing', scopes };
      const { body } = await world.send(owner, `post ${base}/api-keys`, key);
      return { headers: { authorization: `Bearer ${body.token}` } };
    };

    test.each([
      ['a custom role', withRole],
      ['an API key', withKey],
    ])('403: %s without members.remove removes nobody, and may lower', async (_what, sender) => {
      const reviewer = await sender([...UPDATING, 'audit.read']);
      const review = await start();
      const path = `${base}/access-reviews/${review.id}/items`;
      const one = await decide(reviewer, review)(member, { decision: 'revoke' });
      const several = await world.send(reviewer, `patch ${path}`, {
        decisions: [{ member: member.membership.id, decision: 'revoke' }],
      });
      for (const problem of [one.body, several.body.items[0].problem])
        expect(problem).toMatchObject({
          code: 'forbidden',
          detail: expect.stringContaining('members.remove'),
        });
      expect([(await getMember(member)).status, (await itemsOf(review, '?decision=pending')).length]).toEqual(
        [200, review.counts.total],
      );
      const lowered = await decide(reviewer, review)(member, { decision: 'revoke', becomes: 'viewer' });
      expect(lowered.body.outcome).toEqual({ kind: 'lowered', role: 'viewer' });
    });

    test.each([
      ['a custom role', withRole],
      ['an API key', withKey],
    ])('403: %s without audit.read starts, decides and completes nothing', async (_what, sender) => {
      const reviewer = await sender([...UPDATING, 'members.remove']);
      const review = await start();
      const path = `${base}/access-reviews/${review.id}`;
      const decisions = [{ member: member.membership.id, decision: 'confirm' }];
      for (const answer of [
        await world.send(reviewer, `post ${base}/access-reviews`, {}),
        await decide(reviewer, review)(member, { decision: 'confirm' }),
        await world.send(reviewer, `patch ${path}/items`, { decisions }),
        await world.send(reviewer, `post ${path}/complete`),
      ]) {
        expect([answer.status, answer.body.code]).toEqual([403, 'forbidden']);
        expect(answer.body.detail).toContain('audit.read');
      }
      expect((await world.send(owner, `get ${path}`)).body).toMatchObject({ state: 'open' });
    });
  });

  test('409 last_owner (S140): the last owner is not revoked by the operator either', async () => {
    const review = await start({}, world.operator);
    const { status, body } = await decide(world.operator, review)(owner, { decision: 'revoke' });
    expect([status, body.code]).toEqual([409, 'last_owner']);
    expect((await getMember(owner)).status).toBe(200);
  });

  test('403 step_up_required (S192): who takes something from an owner has signed in minutes ago', async () => {
    const second = await world.newPerson(organization, 'owner');
    const review = await start();
    world.gateway.clock.advance(minutes(11));
    const { status, body } = await decide(owner, review)(second, { decision: 'revoke' });
    expect([status, body.code]).toEqual([403, 'step_up_required']);
    expect((await decide(owner, review)(second, { decision: 'confirm' })).status).toBe(200);
    expect((await decide(owner, review)(member, { decision: 'revoke' })).status).toBe(200);
  });

  test('200: several at once, each by itself; what is refused is told beside what was done', async () => {
    const review = await start();
    const decisions = [admin, owner, member].map((who) => ({
      member: who.membership.id,
      decision: 'confirm',
    }));
    const path = `patch ${base}/access-reviews/${review.id}/items`;
    const { status, body } = await world.send(owner, path, { decisions });
    expect([status, body.items.map(({ ok }: { ok: boolean }) => ok)]).toEqual([200, [true, false, true]]);
    expect(body.items[1].problem).toMatchObject({ code: 'forbidden' });
  });

  test('what has changed since is shown', async () => {
    const review = await start();
    await world.send(owner, `patch ${base}/members/${member.membership.id}`, { orgRole: 'viewer' });
    await world.send(owner, `put ${base}/members/${member.membership.id}/resources/bot/1`, {
      role: 'editor',
    });
    const { body } = await world.send(
      owner,
      `get ${base}/access-reviews/${review.id}/items/${member.membership.id}`,
    );
    expect(body.orgRole).toBe('member');
    expect(body.changes).toEqual([
      { what: 'orgRole', of: null, was: 'member', is: 'viewer' },
      { what: 'resource', of: 'bot 1', was: null, is: 'editor' },
    ]);
  });
});

describe('ending', () => {
  test('200: completed once; then no decision any more', async () => {
    const review = await start();
    await decide(owner, review)(member, { decision: 'confirm' });
    const path = `post ${base}/access-reviews/${review.id}/complete`;
    const done = await world.send(admin, path);
    expect(done.body).toMatchObject({
      state: 'completed',
      counts: { total: 3, pending: 2, confirmed: 1, revoked: 0 },
      completedBy: { email: admin.email },
    });
    const again = await world.send(admin, path);
    const late = await decide(owner, review)(admin, { decision: 'confirm' });
    expect([again.body.code, late.body.code]).toEqual(['review_not_open', 'review_not_open']);
    const list = await world.send(owner, `get ${base}/access-reviews`);
    expect(list.body.items.map(({ id }: { id: string }) => id)).toEqual([review.id]);
  });

  test('S202: the export is CSV whose cells are no formulas', async () => {
    const review = await start();
    await decide(owner, review)(member, { decision: 'confirm', note: '=HYPERLINK("https://evil.example")' });
    const { headers, body } = await world.send(admin, `get ${base}/access-reviews/${review.id}/export`);
    expect(headers['content-type']).toBe('text/csv; charset=utf-8');
    const lines: readonly string[] = body.trimEnd().split('\r\n');
    expect([lines.length, lines[0]?.startsWith('member,email,name,status,orgRole')]).toEqual([4, true]);
    const line = lines.find((text) => text.includes(member.email));
    expect(line).toContain(`confirmed,"'=HYPERLINK(""https://evil.example"")"`);
    expect(line).toContain('member: ');
  });

  test("404 (S106, S216): another organization's review", async () => {
    const review = await start();
    const other = await world.newOrganization();
    const stranger = await world.newPerson(other, 'owner');
    const path = `/organizations/${other.id}/access-reviews/${review.id}`;
    for (const request of [`get ${path}`, `get ${path}/items`, `get ${path}/export`, `post ${path}/complete`])
      expect((await world.send(stranger, request)).status).toBe(404);
  });
});
