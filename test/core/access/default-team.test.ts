/** 21, 57: the one team of a plan that has one: everybody is in it by every door, out of it with the membership, and what other plans make of it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { settleKnownDefaultTeams } from '../../../src/core/access/default-team.ts';
import { acceptInvitation } from '../../../src/core/joining/invitation-acceptance.ts';
import { createInvitation } from '../../../src/core/joining/invitations.ts';
import { joinByLink } from '../../../src/core/joining/link-joining.ts';
import { changeMember, removeMember } from '../../../src/core/members/members.ts';
import { setTeamMember } from '../../../src/core/members/teams.ts';
import { getOrganization } from '../../../src/core/organization/organization-lookup.ts';
import { updateOrganization } from '../../../src/core/organization/organizations.ts';
import type { MembershipId, OrganizationId } from '../../../src/kernel/ids.ts';
import {
  anUpstream,
  dropUser,
  newConnection,
  newDirectory,
  newMember,
  newOrganization,
  proveDomain,
  pushUser,
  repushUser,
  signIn,
} from '../../support/core-people.ts';
import { type CoreWorld, OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { acceptor, invited, newPlace, operator, passedOn, proved } from '../races/race-world.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld({ runsTwice: true });
});
afterAll(() => world.close());

/** An organization whose plan has single sign-on, SCIM and one team: a preset of an operator's own. */
async function withOneTeam(seed: number) {
  const place = await newPlace(world, seed, { preset: 'enterprise' });
  await setTeams(place.id, 'one');
  return { ...place, deps: world.deps };
}

async function setTeams(id: OrganizationId, teams: 'none' | 'one' | 'many'): Promise<void> {
  await world.deps.storage.transact(async (tx) => {
    const { plan, ...rest } = await getOrganization(tx, id);
    await tx.organizations.update(id, { ...rest, plan: { ...plan, teams } }, rest.version);
  });
}

async function placesOf(id: OrganizationId, membershipId: MembershipId) {
  const { storage } = world.deps;
  const rows = await storage.teamMembers.listByMemberships(id, [membershipId]);
  const teams = await storage.teams.list(id);
  return rows.map(({ teamId, role }) => [teams.find((team) => team.id === teamId)?.isDefault, role]);
}

const IN = [[true, 'member']];
type Place = Awaited<ReturnType<typeof withOneTeam>>;

const DOORS: Readonly<Record<string, (place: Place) => Promise<MembershipId>>> = {
  invitation: async (place) => {
    const { token } = await invited(world, place, place.address('ada'));
    return (await acceptInvitation(place.deps, { token, acceptor, cause: OPERATOR })).membership.id;
  },
  'an invitation that gives another role in the team': async (place) => {
    const [team] = await place.deps.storage.teams.list(place.id);
    const teams = team === undefined ? [] : [{ teamId: team.id, role: 'member' as const }];
    const { url } = await createInvitation(place.deps, {
      ...{ organizationId: place.id, cause: OPERATOR, caller: operator },
      invitation: { email: place.address('eve'), role: 'viewer', teams, delivery: 'link' },
    });
    const token = url.split('/').at(-1) ?? '';
    return (await acceptInvitation(place.deps, { token, acceptor, cause: OPERATOR })).membership.id;
  },
  link: async (place) => {
    const { link, token } = await passedOn(world, place, 2);
    const proof = await proved(world, place, { door: link, email: place.address('bob') });
    return (await joinByLink(place.deps, { token, proof, acceptor, cause: OPERATOR })).membership.id;
  },
  'first sign-in': async (place) => {
    const domain = `jit-${place.id.slice(4)}.example`;
    await proveDomain(world, place.id, domain);
    const connection = await newConnection(world, place.id, { jit: true });
    await signIn(world, connection, anUpstream(connection, { subject: 'jo', email: `jo@${domain}` }));
    const [member] = await place.deps.storage.memberships.listByEmail(place.id, `jo@${domain}`);
    if (member === undefined) throw new Error('nobody came in');
    return member.id;
  },
  'SCIM create': async ({ id }) => (await pushUser(world, await newDirectory(world, id))).membershipId,
  'SCIM reactivate': async ({ id }) => {
    const directory = await newDirectory(world, id);
    const user = await pushUser(world, directory, { isActive: false });
    return (await repushUser(world, directory, { id: user.id, isActive: true })).membershipId;
  },
  'SCIM, back after a removal': async ({ id }) => {
    const directory = await newDirectory(world, id);
    const user = await pushUser(world, directory, { userName: 'back', externalId: 'back-1' });
    await dropUser(world, directory, user);
    return (await pushUser(world, directory, { userName: 'back', externalId: 'back-1' })).membershipId;
  },
  adoption: async (place) => {
    const domain = `adopt-${place.id.slice(4)}.example`;
    await proveDomain(world, place.id, domain);
    await newMember(world, place.id, { email: `ann@${domain}`, hasAccount: false });
    const directory = await newDirectory(world, place.id);
    return (await pushUser(world, directory, { email: `ann@${domain}` })).membershipId;
  },
  'reactivation by hand': async ({ id }) => {
    const { id: member } = await newMember(world, id, { status: 'suspended' });
    const request = { organizationId: id, id: member, caller: operator, cause: OPERATOR };
    await changeMember(world.deps, { ...request, change: { status: 'active' } });
    return member;
  },
};

describe('in by every door', () => {
  test.each(Object.keys(DOORS))('%s', async (name) => {
    const place = await withOneTeam(Object.keys(DOORS).indexOf(name) + 7000);
    const id = await DOORS[name]?.(place);
    expect(id && (await placesOf(place.id, id))).toEqual(IN);
  });
});

test('out of it with the membership', async () => {
  const { id } = await withOneTeam(7100);
  const { id: member } = await newMember(world, id);
  const [team] = await world.deps.storage.teams.list(id);
  await removeMember(world.deps, { organizationId: id, id: member, caller: operator, cause: OPERATOR });
  const page = { limit: 10 };
  expect(await world.deps.storage.memberships.list(id, { teamId: team?.id }, page)).toEqual([]);
});

test('who was a member before membership gave the place has it after the next start, once', async () => {
  const { storage, clock } = world.deps;
  const { id } = await newOrganization(world, { plan: { preset: 'enterprise' } });
  const [first, second] = [await newMember(world, id), await newMember(world, id)];
  const { id: other } = await newOrganization(world, { plan: { preset: 'enterprise' } });
  const { id: elsewhere } = await newMember(world, other);
  // The plan has one team since before: nobody was placed when it came.
  await setTeams(id, 'one');
  expect(await placesOf(id, first.id)).toEqual([]);
  await settleKnownDefaultTeams({ storage, clock });
  expect([await placesOf(id, first.id), await placesOf(id, second.id)]).toEqual([IN, IN]);
  expect(await placesOf(other, elsewhere)).toEqual([]);
  const told = await storage.auditEvents.list(id, { type: 'member.roles_changed' }, { limit: 10 });
  expect(told.map(({ actor }) => actor.kind)).toEqual(['system', 'system']);
  await setTeams(other, 'one');
  await settleKnownDefaultTeams({ storage, clock });
  expect(await placesOf(other, elsewhere)).toEqual([]);
});

describe('another plan', () => {
  const change = (id: OrganizationId, preset: string) =>
    updateOrganization(world.deps, {
      ...{ organizationId: id, cause: OPERATOR, caller: operator },
      change: { plan: { preset } },
    });
  const takeOut = async (id: OrganizationId, memberId: MembershipId) => {
    const [team] = await world.deps.storage.teams.list(id);
    if (team === undefined) throw new Error('no team');
    const request = { organizationId: id, cause: OPERATOR, caller: operator, memberId };
    return setTeamMember(world.deps, { ...request, teamId: team.id, role: null });
  };

  test('to one team: everybody is in it; back to several: everybody stays, and may be taken out', async () => {
    const { id } = await newOrganization(world, { plan: { preset: 'enterprise' } });
    const { id: member } = await newMember(world, id);
    expect(await placesOf(id, member)).toEqual([]);
    await change(id, 'team');
    expect(await placesOf(id, member)).toEqual(IN);
    await expect(takeOut(id, member)).rejects.toMatchObject({ code: 'plan_lacks' });
    await change(id, 'enterprise');
    expect(await placesOf(id, member)).toEqual(IN);
    await takeOut(id, member);
    expect(await placesOf(id, member)).toEqual([]);
    const { id: later } = await newMember(world, id);
    expect(await placesOf(id, later)).toEqual([]);
  });

  test('from no team the one is made; to none nobody is in it; a role given by hand stays', async () => {
    const { id } = await newOrganization(world, { plan: { preset: 'free', seats: 9 } });
    const [first, second] = [await newMember(world, id), await newMember(world, id)];
    await change(id, 'team');
    const [team] = await world.deps.storage.teams.list(id);
    expect([team?.name, team?.isDefault]).toEqual(['Everyone', true]);
    expect(await placesOf(id, first.id)).toEqual(IN);
    if (team === undefined) return;
    const request = { organizationId: id, cause: OPERATOR, caller: operator, teamId: team.id };
    await setTeamMember(world.deps, { ...request, memberId: second.id, role: 'admin' });
    await updateOrganization(world.deps, {
      ...{ organizationId: id, cause: OPERATOR, caller: operator },
      change: { plan: { preset: 'free', seats: 9 } },
    });
    expect([await placesOf(id, first.id), await placesOf(id, second.id)]).toEqual([[], [[true, 'admin']]]);
  });
});
