/** Invitations: who may send which, what one is worth when it is accepted, and that it is worth that once. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Caller } from '../../../src/core/access/access.ts';
import { factsIn } from '../../../src/core/access/role-table.ts';
import type { Invitation } from '../../../src/core/entities/invitation.ts';
import type { Membership } from '../../../src/core/entities/people.ts';
import { acceptInvitation, previewInvitation } from '../../../src/core/joining/invitation-acceptance.ts';
import { resendInvitation } from '../../../src/core/joining/invitation-changes.ts';
import type { CreatedInvitation, InvitationInput } from '../../../src/core/joining/invitations.ts';
import { createInvitation, getInvitation, revokeInvitation } from '../../../src/core/joining/invitations.ts';
import { changeMember, removeMember } from '../../../src/core/members/members.ts';
import { createTeam, removeTeam } from '../../../src/core/members/teams.ts';
import { removeOrganization } from '../../../src/core/organization/organizations.ts';
import type { Queries, Repositories } from '../../../src/core/ports/storage.ts';
import { findSignedIn } from '../../../src/core/sign-in/sessions.ts';
import type { OrganizationId } from '../../../src/kernel/ids.ts';
import { foldKey } from '../../../src/kernel/text.ts';
import { aSession, nextId, nextText } from '../../support/builders.ts';
import {
  callerOf,
  causeOfMember,
  newDirectory,
  newMember,
  newOrganization,
  PASSWORD,
  pushUser,
} from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { journalOf, tablesThatKnow } from '../../support/journal-rows.ts';
import { BUILT_IN_ROLES } from '../../support/org-roles.ts';
import { enterByPassword } from '../../support/passwords.ts';
import { refusalOf } from '../../support/refusals.ts';

let world: CoreWorld;
let racing: CoreWorld;
let id: OrganizationId;
beforeAll(async () => {
  world = await openCoreWorld();
  racing = await openCoreWorld({ runsTwice: false });
});
afterAll(() => Promise.all([world.close(), racing.close()]));
beforeEach(async () => {
  id = (await newOrganization(world)).id;
});

const aGuest = () => `${nextText('guest')}@x.example`;
const by = (member: Membership) => ({ caller: callerOf(member), cause: causeOfMember(member) });
const byOperator: { caller: Caller; cause: typeof OPERATOR } = {
  caller: { kind: 'operator' },
  cause: OPERATOR,
};

interface Wishes extends Partial<InvitationInput> {
  readonly from?: ReturnType<typeof by>;
  readonly at?: OrganizationId;
}

const invite = ({ from, at, ...wishes }: Wishes = {}, within = world): Promise<CreatedInvitation> =>
  createInvitation(within.deps, {
    organizationId: at ?? id,
    ...(from ?? byOperator),
    invitation: { email: aGuest(), role: 'member', teams: [], delivery: 'link', ...wishes },
  });

const tokenOf = ({ url }: CreatedInvitation): string => url.split('/').at(-1) ?? '';
const accept = (created: CreatedInvitation | string, within = world) =>
  acceptInvitation(within.deps, {
    token: typeof created === 'string' ? created : tokenOf(created),
    acceptor: { kind: 'new', name: 'Grace', password: PASSWORD },
    cause: OPERATOR,
  });
const revoke = (invitation: Pick<Invitation, 'id'>) =>
  revokeInvitation(world.deps, {
    organizationId: id,
    caller: { kind: 'operator' },
    cause: OPERATOR,
    id: invitation.id,
  });

/** Accepts as somebody who is signed in with a password of their own. */
async function acceptAs(created: CreatedInvitation, email: string) {
  const { sessionToken } = await enterByPassword(world.deps, {
    email,
    password: PASSWORD,
    cause: OPERATOR,
  });
  const signedIn = await findSignedIn(world.deps, sessionToken);
  if (signedIn === undefined) throw new Error('not signed in');
  return acceptInvitation(world.deps, {
    token: tokenOf(created),
    acceptor: { kind: 'signed_in', signedIn },
    cause: OPERATOR,
  });
}

describe('sending', () => {
  const matrix: [
    from: 'owner' | 'admin' | 'member' | 'viewer',
    role: 'viewer' | 'member' | 'admin' | 'owner',
    outcome: string,
  ][] = [
    ['owner', 'admin', 'done'],
    ['owner', 'owner', 'forbidden'],
    ['admin', 'member', 'done'],
    ['admin', 'viewer', 'done'],
    ['admin', 'admin', 'forbidden'],
    ['admin', 'owner', 'forbidden'],
    ['member', 'viewer', 'forbidden'],
    ['viewer', 'viewer', 'forbidden'],
  ];
  test.each(matrix)('S162 %s inviting as %s: %s', async (from, role, outcome) => {
    const inviter = await newMember(world, id, { role: from });
    expect(await refusalOf(invite({ role, from: by(inviter) }))).toBe(outcome);
  });

  test('S162 not even the operator makes an owner by invitation', async () => {
    expect(await refusalOf(invite({ role: 'owner' }))).toBe('forbidden');
  });

  test('S158 the token has 128 random bits, and only its keyed hash is stored', async () => {
    const created = await invite();
    const token = tokenOf(created);
    expect(Buffer.from(token.slice('ghi_'.length), 'base64url')).toHaveLength(16);
    expect(tablesThatKnow(world.path, token)).toEqual({});
    expect(created.url).toBe(`https://gate.example.com/invitations/${token}`);
    const stored = await getInvitation(world.deps, { organizationId: id, id: created.invitation.id });
    expect(stored.tokenHash).toBe(world.deps.hashToken(token));
    expect(stored.expiresAt - stored.createdAt).toBe(7 * 86_400_000);
  });

  test('S158 the mailed token is not in the store either, while the mail waits', async () => {
    world.mailServer.isDown = true;
    const created = await invite({ delivery: 'email' });
    world.mailServer.isDown = false;
    expect(created.delivery).toMatchObject({ channel: 'email', status: 'queued' });
    expect(tablesThatKnow(world.path, tokenOf(created))).toEqual({});
  });

  const addresses: [title: string, second: (email: string) => string, outcome: string][] = [
    ['the same address', (email) => email, 'already_invited'],
    ['S172 another case', (email) => email.toUpperCase(), 'already_invited'],
    ['S172 another width', (email) => email.replace('x', 'ｘ'), 'already_invited'],
    ['S172 spaces around it', (email) => ` ${email} `, 'already_invited'],
    ['S172 an invisible character in it', (email) => email.replace('@', '\u200b@'), 'already_invited'],
    ['S172 a plus tag', (email) => email.replace('@', '+1@'), 'done'],
    ['S172 dots', (email) => email.replace('@', '.a@'), 'done'],
  ];
  test.each(addresses)('a second invitation to %s: %s', async (_title, second, outcome) => {
    const email = aGuest();
    await invite({ email });
    expect(await refusalOf(invite({ email: second(email) }))).toBe(outcome);
  });

  test('S169 a member, active or suspended, is not invited again', async () => {
    for (const status of ['active', 'suspended'] as const) {
      const email = aGuest();
      const member = await newMember(world, id, { email, status });
      await expect(invite({ email: email.toUpperCase() })).rejects.toMatchObject({
        code: 'already_member',
        field: 'email',
      });
      expect(await world.deps.storage.memberships.find(id, member.id)).toEqual(member);
    }
  });

  test('S170 inviting an address with an account elsewhere answers as any other', async () => {
    const email = aGuest();
    await newMember(world, (await newOrganization(world)).id, { email });
    const [known, unknown] = [await invite({ email }), await invite()];
    const told = ({ url: _url, invitation, ...answer }: CreatedInvitation) => {
      const { id: _id, email: _email, emailKey: _key, tokenHash: _hash, ...rest } = invitation;
      return { ...answer, rest };
    };
    expect(told(known)).toEqual(told(unknown));
  });

  const plans: [title: string, plan: { preset: string; seats?: number }, outcome: string][] = [
    ['free', { preset: 'free' }, 'plan_lacks'],
    ['team', { preset: 'team' }, 'done'],
    ['enterprise without a free seat', { preset: 'enterprise', seats: 0 }, 'seats_exhausted'],
  ];
  test.each(plans)('in plan %s: %s', async (_title, plan, outcome) => {
    expect(await refusalOf(invite({ at: (await newOrganization(world, { plan })).id }))).toBe(outcome);
  });

  test('a team that is not there is named by its place', async () => {
    const teams = [{ teamId: nextId('team'), role: 'member' as const }];
    await expect(invite({ teams })).rejects.toMatchObject({ code: 'invalid', field: 'teams[0]' });
  });

  test('a refused invitation leaves no row, no mail and no journal entry', async () => {
    const [before, mails] = [journalOf(world.path, id), world.sent.length];
    await refusalOf(invite({ role: 'owner', delivery: 'email' }));
    expect(journalOf(world.path, id)).toEqual(before);
    expect(world.sent).toHaveLength(mails);
    expect(await world.deps.storage.invitations.listPending(id)).toEqual([]);
  });
});

describe('when it is worth something', () => {
  test.each([
    [-1, 'done'],
    [0, 'invitation_expired'],
    [1, 'invitation_expired'],
  ])('S165 %d ms after its expiry: %s', async (after, outcome) => {
    const created = await invite({ ttlMs: 3_600_000 });
    world.time.now = created.invitation.expiresAt + after;
    expect((await previewInvitation(world.deps, tokenOf(created))) !== undefined).toBe(outcome === 'done');
    expect(await refusalOf(accept(created))).toBe(outcome);
  });

  test('an expired one does not stand in the way of a new one, and stays dead', async () => {
    const email = aGuest();
    const old = await invite({ email, ttlMs: 1000 });
    world.time.now += 1000;
    const fresh = await invite({ email });
    expect(await refusalOf(accept(old))).toMatch(/^invitation_(expired|revoked)$/);
    expect(await refusalOf(accept(fresh))).toBe('done');
    const told = await world.deps.storage.auditEvents.list(id, { targetId: old.invitation.id }, { limit: 9 });
    expect(told.map(({ type }) => type)).toEqual(['invitation.voided', 'invitation.created']);
  });

  test('S165 revoked is dead at once, revoking again changes nothing, and the address can be invited again', async () => {
    const email = aGuest();
    const created = await invite({ email });
    await revoke(created.invitation);
    const before = journalOf(world.path, id);
    await revoke(created.invitation);
    expect(journalOf(world.path, id)).toEqual(before);
    expect(await refusalOf(accept(created))).toBe('invitation_revoked');
    expect(await previewInvitation(world.deps, tokenOf(created))).toBeUndefined();
    expect(await refusalOf(accept(await invite({ email })))).toBe('done');
  });

  test('S165 sent again while somebody is on their way in with the old link: it opens nothing', async () => {
    const created = await invite();
    const hash = async (password: string) => {
      await resendInvitation(world.deps, { organizationId: id, ...byOperator, id: created.invitation.id });
      return world.deps.passwords.hash(password);
    };
    const slow = { ...world, deps: { ...world.deps, passwords: { ...world.deps.passwords, hash } } };
    expect(await refusalOf(accept(created, slow))).toBe('not_found');
    expect(await world.deps.storage.memberships.listByEmail(id, created.invitation.emailKey)).toEqual([]);
  });

  test('S165 an accepted one cannot be revoked, nor used again', async () => {
    const created = await invite();
    await accept(created);
    expect(await refusalOf(revoke(created.invitation))).toBe('invitation_used');
    expect(await refusalOf(accept(created))).toBe('invitation_used');
    expect(await previewInvitation(world.deps, tokenOf(created))).toBeUndefined();
  });

  test('S164 reading it any number of times consumes nothing', async () => {
    const created = await invite();
    const before = journalOf(world.path, id);
    for (let count = 0; count < 5; count += 1)
      expect(await previewInvitation(world.deps, tokenOf(created))).toBeDefined();
    expect(journalOf(world.path, id)).toEqual(before);
    expect(await refusalOf(accept(created))).toBe('done');
  });

  test('S158 no other text is an invitation', async () => {
    const created = await invite();
    const token = tokenOf(created);
    for (const wrong of [
      '',
      'ghi_',
      `${token}x`,
      token.slice(0, -1),
      token.toUpperCase(),
      created.invitation.id,
      created.invitation.tokenHash,
    ])
      expect(await refusalOf(accept(wrong))).toBe('not_found');
  });

  test('S173 the invitation of an organization that is gone is unknown, also where its row were left over', async () => {
    const created = await invite();
    const { storage } = world.deps;
    const nowhere = <From extends Queries | Repositories>(from: From): From => ({
      ...from,
      organizations: { ...from.organizations, find: async () => undefined },
    });
    const transact: typeof storage.transact = (work, durability) =>
      storage.transact((tx) => work(nowhere(tx)), durability);
    const leftOver = { ...world.deps, storage: { ...nowhere(storage), transact } };
    expect(await previewInvitation(leftOver, tokenOf(created))).toBeUndefined();
    expect(await refusalOf(accept(created, { ...world, deps: leftOver }))).toBe('not_found');
    await removeOrganization(world.deps, { organizationId: id, cause: OPERATOR });
    expect(await refusalOf(accept(created))).toBe('not_found');
    expect(await previewInvitation(world.deps, tokenOf(created))).toBeUndefined();
  });
});

describe('accepting', () => {
  test('a new person gets account, membership, role, teams and a session, and the invitation knows who', async () => {
    const team = await createTeam(world.deps, { organizationId: id, cause: OPERATOR, name: 'Red' });
    const gone = await createTeam(world.deps, { organizationId: id, cause: OPERATOR, name: 'Gone' });
    const email = aGuest();
    const teams = [team, gone].map(({ id: teamId }) => ({ teamId, role: 'owner' as const }));
    const created = await invite({ email, role: 'viewer', teams });
    await removeTeam(world.deps, { organizationId: id, cause: OPERATOR, id: gone.id });
    const { sessionToken, membership } = await accept(created);
    const signedIn = await findSignedIn(world.deps, sessionToken);
    expect(signedIn?.user).toMatchObject({
      email,
      emailKey: foldKey(email),
      name: 'Grace',
      passwordHash: `hash of ${PASSWORD}`,
    });
    expect(signedIn?.membership).toMatchObject({
      id: membership.id,
      orgRole: 'viewer',
      source: 'invitation',
    });
    const held = await world.deps.storage.teamMembers.listByMemberships(id, [membership.id]);
    expect(held).toEqual([{ teamId: team.id, membershipId: membership.id, role: 'owner' }]);
    const stored = await getInvitation(world.deps, { organizationId: id, id: created.invitation.id });
    expect(stored).toMatchObject({
      status: 'accepted',
      acceptedBy: membership.id,
      settledAt: world.time.now,
    });
  });

  test('S159 fifty acceptances in parallel: one membership, one seat, one session', async () => {
    const { id: at } = await newOrganization(racing, { plan: { preset: 'enterprise', seats: 5 } });
    const created = await invite({ at }, racing);
    const results = await Promise.all(Array.from({ length: 50 }, () => refusalOf(accept(created, racing))));
    expect(results.filter((result) => result === 'done')).toHaveLength(1);
    expect(new Set(results)).toEqual(new Set(['done', 'invitation_used']));
    expect(await racing.deps.storage.memberships.list(at, {}, { limit: 9 })).toHaveLength(1);
    expect((await racing.deps.storage.organizations.find(at))?.seatsUsed).toBe(1);
  });

  test('S160 somebody signed in as the invited address joins with the account they have', async () => {
    const elsewhere = await newOrganization(world);
    const email = aGuest();
    const account = await newMember(world, elsewhere.id, { email, password: PASSWORD });
    const created = await invite({ email: email.toUpperCase(), role: 'admin' });
    expect((await previewInvitation(world.deps, tokenOf(created)))?.hasAccount).toBe(true);
    const { membership } = await acceptAs(created, email);
    expect(membership).toMatchObject({ userId: account.userId, organizationId: id, orgRole: 'admin' });
    expect(await world.deps.storage.memberships.find(elsewhere.id, account.id)).toMatchObject({
      orgRole: 'member',
    });
  });

  test('S160 somebody signed in as another address is told to switch; the invitation stays usable', async () => {
    const other = aGuest();
    await newMember(world, (await newOrganization(world)).id, { email: other, password: PASSWORD });
    const created = await invite();
    expect(await refusalOf(acceptAs(created, other))).toBe('forbidden');
    expect(await refusalOf(accept(created))).toBe('done');
  });

  test('S161 an address that a directory or an identity provider merely stated is no proof', async () => {
    const email = aGuest();
    const elsewhere = await newOrganization(world);
    const directory = await newDirectory(world, elsewhere.id);
    const pushed = await pushUser(world, directory, { email });
    const created = await invite({ email });
    const user = await world.deps.storage.users.find(pushed.userId);
    const membership = await world.deps.storage.memberships.find(elsewhere.id, pushed.membershipId);
    const organization = await world.deps.storage.organizations.find(elsewhere.id);
    if (user === undefined || membership === undefined || organization === undefined)
      throw new Error('missing');
    const session = aSession(membership);
    const role = factsIn(BUILT_IN_ROLES, membership.orgRole);
    const acceptor = {
      kind: 'signed_in',
      signedIn: {
        ...{ session, user, membership, role, organization },
        shown: { value: 'current', hash: session.tokenHash },
      },
    } as const;
    expect(
      await refusalOf(acceptInvitation(world.deps, { token: tokenOf(created), acceptor, cause: OPERATOR })),
    ).toBe('forbidden');
  });

  const bad: [title: string, password: string][] = [
    ['too short', 'short'],
    ['too long', 'abcdefgh'.repeat(100)],
  ];
  test.each(bad)('a password that is %s leaves the invitation usable', async (_title, password) => {
    const created = await invite();
    const acceptor = { kind: 'new', name: 'G', password } as const;
    expect(
      await refusalOf(acceptInvitation(world.deps, { token: tokenOf(created), acceptor, cause: OPERATOR })),
    ).toBe('invalid');
    expect(await refusalOf(accept(created))).toBe('done');
  });

  test('S169 a removed member can be invited again and comes back by their password, with the promised role only', async () => {
    const email = aGuest();
    const { membership: before } = await accept(await invite({ email, role: 'admin' }));
    await removeMember(world.deps, { organizationId: id, ...byOperator, id: before.id });
    const created = await invite({ email, role: 'viewer' });
    const acceptor = { kind: 'new', name: 'Mallory', password: 'not the right sentence' } as const;
    const wrong = acceptInvitation(world.deps, { token: tokenOf(created), acceptor, cause: OPERATOR });
    expect(await refusalOf(wrong)).toBe('already_exists');
    const { membership } = await accept(created);
    expect(membership).toMatchObject({ userId: before.userId, orgRole: 'viewer', name: 'Grace' });
    expect(membership.id).not.toBe(before.id);
  });

  test('S160 the password of an existing account is as good as a session of it, and a wrong one changes nothing', async () => {
    const email = aGuest();
    const account = await newMember(world, (await newOrganization(world)).id, {
      email,
      password: 'another sentence of mine',
    });
    const created = await invite({ email });
    expect(await refusalOf(accept(created))).toBe('already_exists');
    expect((await world.deps.storage.users.find(account.userId))?.passwordHash).toBe(
      'hash of another sentence of mine',
    );
    const acceptor = { kind: 'new', name: 'X', password: 'another sentence of mine' } as const;
    const { membership } = await acceptInvitation(world.deps, {
      token: tokenOf(created),
      acceptor,
      cause: OPERATOR,
    });
    expect(membership.userId).toBe(account.userId);
  });
});

test('S181 an account whose password was changed while it was being checked does not join by the old one', async () => {
  const email = aGuest();
  const { userId } = await newMember(world, (await newOrganization(world)).id, { email, password: PASSWORD });
  const created = await invite({ email });
  const verify = async () => {
    const user = await world.deps.storage.users.find(userId);
    if (user !== undefined)
      await world.deps.storage.transact((tx) =>
        tx.users.update({ ...user, passwordHash: 'new' }, user.version),
      );
    return true;
  };
  const deps = { ...world.deps, passwords: { ...world.deps.passwords, verify } };
  const acceptor = { kind: 'new', name: 'G', password: PASSWORD } as const;
  expect(
    await refusalOf(acceptInvitation(deps, { token: tokenOf(created), acceptor, cause: OPERATOR })),
  ).toBe('forbidden');
});

describe('what the inviter is at the moment of acceptance', () => {
  const fates: [
    title: string,
    fate: (inviter: Membership) => Promise<unknown>,
    role: string,
    teamRole: string,
  ][] = [
    ['still an owner', async () => undefined, 'admin', 'owner'],
    ['an admin now', (inviter) => setRole(inviter, 'admin'), 'member', 'owner'],
    ['a member now', (inviter) => setRole(inviter, 'member'), 'member', 'member'],
    [
      'suspended',
      (inviter) => changeMember(world.deps, { ...about(inviter), change: { status: 'suspended' } }),
      'member',
      'member',
    ],
    ['removed', (inviter) => removeMember(world.deps, about(inviter)), 'member', 'member'],
  ];
  const about = (member: Membership) => ({ organizationId: id, ...byOperator, id: member.id });
  const setRole = (member: Membership, orgRole: 'admin' | 'member') =>
    changeMember(world.deps, { ...about(member), change: { orgRole } });

  test.each(fates)(
    'S162 %s: an invitation as admin and team owner is worth that much',
    async (_title, fate, role, teamRole) => {
      await newMember(world, id, { role: 'owner' });
      const inviter = await newMember(world, id, { role: 'owner' });
      const team = await createTeam(world.deps, { organizationId: id, cause: OPERATOR, name: 'Red' });
      const created = await invite({
        role: 'admin',
        teams: [{ teamId: team.id, role: 'owner' }],
        from: by(inviter),
      });
      await fate(inviter);
      const { membership } = await accept(created);
      expect(membership.orgRole).toBe(role);
      const [held] = await world.deps.storage.teamMembers.listByMemberships(id, [membership.id]);
      expect(held?.role).toBe(teamRole);
    },
  );

  test('S162 an invitation as viewer never becomes more because its inviter lost rights', async () => {
    const inviter = await newMember(world, id, { role: 'admin' });
    const created = await invite({ role: 'viewer', from: by(inviter) });
    await removeMember(world.deps, about(inviter));
    expect((await accept(created)).membership.orgRole).toBe('viewer');
  });
});
