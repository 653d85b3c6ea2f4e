/** The switch between manual and directory-managed, both ways, and what it does to invitations, roles and doors (law 11). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ConflictPolicy } from '../../../src/core/access/roles.ts';
import {
  createDirectory,
  removeDirectory,
  updateDirectory,
} from '../../../src/core/directory/directories.ts';
import type { Directory } from '../../../src/core/entities/directory.ts';
import { acceptInvitation, previewInvitation } from '../../../src/core/joining/invitation-acceptance.ts';
import { createInvitation, revokeInvitation } from '../../../src/core/joining/invitations.ts';
import { createGroupMapping } from '../../../src/core/mapping/group-mappings.ts';
import { removeOrganization, updateOrganization } from '../../../src/core/organization/organizations.ts';
import type { OrganizationId } from '../../../src/kernel/ids.ts';
import { nextText } from '../../support/builders.ts';
import {
  anUpstream,
  membershipOf,
  newConnection,
  newDirectory,
  newMember,
  newOrganization,
  PASSWORD,
  proveDomain,
  pushGroup,
  pushUser,
  repushUser,
  signIn,
} from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { journalOf, rowsIn, tablesThatKnow } from '../../support/journal-rows.ts';
import { refusalOf } from '../../support/refusals.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld();
});
afterAll(() => world.close());

const CALLER = { kind: 'operator' } as const;

async function invite(organizationId: OrganizationId) {
  const created = await createInvitation(world.deps, {
    organizationId,
    cause: OPERATOR,
    caller: CALLER,
    invitation: { email: `${nextText('guest')}@x.example`, role: 'member', teams: [], delivery: 'link' },
  });
  return { ...created, token: created.url.split('/').at(-1) ?? '' };
}

const accept = (token: string) =>
  acceptInvitation(world.deps, {
    token,
    acceptor: { kind: 'new', name: 'G', password: PASSWORD },
    cause: OPERATOR,
  });

const provisioningOf = async (id: OrganizationId) =>
  (await world.deps.storage.organizations.find(id))?.provisioning;

describe('turning a directory on', () => {
  test('S163 the first active directory switches the organization and voids every pending invitation at once', async () => {
    const { id } = await newOrganization(world);
    const [one, two, gone] = [await invite(id), await invite(id), await invite(id)];
    await revokeInvitation(world.deps, {
      organizationId: id,
      caller: { kind: 'operator' },
      cause: OPERATOR,
      id: gone.invitation.id,
    });
    await newDirectory(world, id);
    expect(await provisioningOf(id)).toBe('directory');
    const { storage } = world.deps;
    expect(await storage.invitations.listPending(id)).toEqual([]);
    const voided = await storage.auditEvents.list(id, { type: 'invitation.voided' }, { limit: 10 });
    expect(voided.map(({ target }) => target.id).sort()).toEqual(
      [one.invitation.id, two.invitation.id].sort(),
    );
    const [change] = await storage.auditEvents.list(
      id,
      { type: 'organization.provisioning_changed' },
      { limit: 10 },
    );
    expect(change?.details).toEqual({
      before: 'manual',
      after: 'directory',
      voidedInvitations: 2,
      voidedLinks: 0,
    });
  });

  test('a draft directory switches nothing; activating it does', async () => {
    const { id } = await newOrganization(world);
    const request = { organizationId: id, cause: OPERATOR };
    const draft = await createDirectory(world.deps, { ...request, kind: 'entra', status: 'draft' });
    const pending = await invite(id);
    expect(await provisioningOf(id)).toBe('manual');
    await updateDirectory(world.deps, { ...request, id: draft.id, change: { status: 'active' } });
    expect(await provisioningOf(id)).toBe('directory');
    expect(await refusalOf(accept(pending.token))).toBe('invitation_revoked');
  });

  test('S163 an invitation accepted while the switch is under way: either a member from before, or refused', async () => {
    for (let run = 0; run < 20; run += 1) {
      const { id } = await newOrganization(world);
      const { token } = await invite(id);
      const results = await Promise.all([refusalOf(accept(token)), refusalOf(newDirectory(world, id))]);
      const members = await world.deps.storage.memberships.list(id, {}, { limit: 10 });
      expect(results[1]).toBe('done');
      expect(['done', 'invitation_revoked', 'invitations_disabled']).toContain(results[0]);
      expect(members).toHaveLength(results[0] === 'done' ? 1 : 0);
    }
  });
});

describe('in a directory-managed organization', () => {
  const doors: [title: string, knock: (id: OrganizationId) => Promise<unknown>][] = [
    ['inviting by mail', (id) => inviteBy(id, 'email')],
    ['inviting by link', (id) => inviteBy(id, 'link')],
    [
      'revoking',
      (id) =>
        revokeInvitation(world.deps, {
          organizationId: id,
          caller: { kind: 'operator' },
          cause: OPERATOR,
          id: 'inv_x' as never,
        }),
    ],
  ];
  const inviteBy = (organizationId: OrganizationId, delivery: 'email' | 'link') =>
    createInvitation(world.deps, {
      organizationId,
      cause: OPERATOR,
      caller: CALLER,
      invitation: { email: 'a@x.example', role: 'member', teams: [], delivery },
    });

  test.each(doors)(
    'S163 %s is refused with a sentence that names who manages people, and leaves no trace',
    async (_title, knock) => {
      const { id, name } = await newOrganization(world);
      await newDirectory(world, id);
      const before = journalOf(world.path, id);
      const sentence = `People in ${name} are managed by its directory (Okta). Ask whoever administers it to add this person there.`;
      await expect(knock(id)).rejects.toMatchObject({ code: 'invitations_disabled', detail: sentence });
      expect(journalOf(world.path, id)).toEqual(before);
      expect(world.sent).toEqual([]);
    },
  );

  test('S163 an invitation that is somehow left open makes nobody a member', async () => {
    const { id } = await newOrganization(world);
    const { token } = await invite(id);
    await world.deps.storage.transact(async ({ organizations }) => {
      const organization = await organizations.find(id);
      if (organization !== undefined)
        await organizations.update(id, { ...organization, provisioning: 'directory' }, organization.version);
    });
    expect(await refusalOf(accept(token))).toBe('invitations_disabled');
    expect(await world.deps.storage.memberships.list(id, {}, { limit: 10 })).toEqual([]);
  });

  test('the page of a voided link shows nothing, as for an unknown one', async () => {
    const { id } = await newOrganization(world);
    const { token } = await invite(id);
    expect(await previewInvitation(world.deps, token)).toMatchObject({ organization: { id } });
    await newDirectory(world, id);
    expect(await previewInvitation(world.deps, token)).toBeUndefined();
    expect(await previewInvitation(world.deps, 'ghi_unknown')).toBeUndefined();
  });
});

describe('turning the directory off', () => {
  const ways: [title: string, off: (directory: Directory) => Promise<unknown>][] = [
    ['disabling', (directory) => change(directory, 'disabled')],
    ['back to draft', (directory) => change(directory, 'draft')],
    ['removing', (directory) => removeDirectory(world.deps, { ...placeOf(directory), grants: 'drop' })],
  ];
  const placeOf = ({ organizationId, id }: Directory) => ({ organizationId, id, cause: OPERATOR });
  const change = (directory: Directory, status: 'disabled' | 'draft') =>
    updateDirectory(world.deps, { ...placeOf(directory), change: { status } });

  test.each(ways)(
    '%s the last active directory opens invitations again; old ones stay dead',
    async (_title, off) => {
      const { id } = await newOrganization(world);
      const old = await invite(id);
      const directory = await newDirectory(world, id);
      await off(directory);
      expect(await provisioningOf(id)).toBe('manual');
      expect(await refusalOf(accept(old.token))).toBe('invitation_revoked');
      expect(await refusalOf(accept((await invite(id)).token))).toBe('done');
    },
  );

  test('with another active directory left the organization stays directory-managed', async () => {
    const { id } = await newOrganization(world);
    const [first] = [await newDirectory(world, id), await newDirectory(world, id)];
    await removeDirectory(world.deps, { ...placeOf(first), grants: 'drop' });
    expect(await provisioningOf(id)).toBe('directory');
  });

  test('a plan without SCIM refuses a directory and stays manual', async () => {
    const { id } = await newOrganization(world, { plan: { preset: 'team' } });
    expect(await refusalOf(newDirectory(world, id))).toBe('plan_lacks');
    expect(await provisioningOf(id)).toBe('manual');
  });

  const roles: [policy: ConflictPolicy, grants: 'keep' | 'drop', role: string][] = [
    ['highest', 'keep', 'admin'],
    ['highest', 'drop', 'member'],
    ['ranked', 'keep', 'viewer'],
    ['ranked', 'drop', 'member'],
    ['refuse', 'keep', 'member'],
    ['refuse', 'drop', 'member'],
  ];
  test.each(roles)(
    'under %s, %s: somebody in a viewer and an admin group is %s afterwards, never more than before',
    async (conflictPolicy, grants, role) => {
      const { id } = await newOrganization(world, { conflictPolicy });
      const directory = await newDirectory(world, id);
      const user = await pushUser(world, directory);
      for (const [rank, given] of [
        [1, 'viewer'],
        [2, 'admin'],
      ] as const) {
        const group = await pushGroup(world, directory, { name: given, memberIds: [user.id] });
        const mapping = {
          match: { kind: 'group_id', groupId: group.id },
          grants: [{ scope: 'org', role: given }],
          rank,
        } as const;
        await createGroupMapping(world.deps, {
          organizationId: id,
          cause: OPERATOR,
          caller: CALLER,
          mapping,
        });
      }
      await removeDirectory(world.deps, { ...placeOf(directory), grants });
      expect((await membershipOf(world, id, user.membershipId)).orgRole).toBe(role);
      const sources = (await world.deps.storage.grants.listByMembership(id, user.membershipId)).map(
        ({ source }) => source.kind,
      );
      expect(sources).not.toContain('directory_group');
    },
  );

  test('suspended people stay suspended when their directory is removed', async () => {
    const { id } = await newOrganization(world);
    const directory = await newDirectory(world, id);
    const user = await pushUser(world, directory);
    await repushUser(world, directory, { id: user.id, isActive: false });
    await removeDirectory(world.deps, { ...placeOf(directory), grants: 'keep' });
    expect((await membershipOf(world, id, user.membershipId)).status).toBe('suspended');
  });
});

describe('removing an organization', () => {
  /** An organization with a row in every table. */
  async function fullOrganization() {
    const { id } = await newOrganization(world);
    const domain = `${nextText('corp')}.example`;
    await proveDomain(world, id, domain);
    const account = await newMember(world, id, { role: 'owner' });
    await invite(id);
    const directory = await newDirectory(world, id);
    const user = await pushUser(world, directory, { externalId: 'E1', email: `e@${domain}` });
    const group = await pushGroup(world, directory, { name: 'staff', memberIds: [user.id] });
    const connection = await newConnection(world, id);
    await signIn(world, connection, anUpstream(connection, { subject: 'E1' }));
    return { id, account, user, group };
  }

  test('nothing in any table knows it any more but the two journal rows that tell its end', async () => {
    const { id, user } = await fullOrganization();
    expect(Object.keys(tablesThatKnow(world.path, id)).length).toBeGreaterThan(10);
    await removeOrganization(world.deps, { organizationId: id, cause: OPERATOR });
    expect(tablesThatKnow(world.path, id)).toEqual({ audit_events: 1, audit_heads: 1, outbox: 1 });
    expect(tablesThatKnow(world.path, user.membershipId)).toEqual({});
    const [told] = await world.deps.storage.auditEvents.list(id, {}, { limit: 10 });
    expect(told).toMatchObject({ type: 'organization.removed', target: { kind: 'organization', id } });
  });

  test('people without a sign-in address and without another organization go; the others stay', async () => {
    const before = rowsIn(world.path, 'users');
    const { id, account, user } = await fullOrganization();
    const other = await newOrganization(world);
    await removeOrganization(world.deps, { organizationId: id, cause: OPERATOR });
    expect(await world.deps.storage.users.find(user.userId)).toBeUndefined();
    expect(await world.deps.storage.users.find(account.userId)).toBeDefined();
    expect(rowsIn(world.path, 'users')).toBe(before + 1);
    expect(await world.deps.storage.organizations.find(other.id)).toBeDefined();
  });

  test('removing twice is not_found', async () => {
    const { id } = await newOrganization(world);
    await removeOrganization(world.deps, { organizationId: id, cause: OPERATOR });
    expect(await refusalOf(removeOrganization(world.deps, { organizationId: id, cause: OPERATOR }))).toBe(
      'not_found',
    );
  });
});

describe('plans and policies', () => {
  const rows: [title: string, change: Parameters<typeof updateOrganization>[1]['change'], code: string][] = [
    ['fewer seats than people', { plan: { preset: 'enterprise', seats: 1 } }, 'seats_exhausted'],
    ['exactly as many seats as people', { plan: { preset: 'enterprise', seats: 2 } }, 'done'],
    ['an unknown plan', { plan: { preset: 'constructor' } }, 'invalid'],
    ['no limit', { plan: { preset: 'business' } }, 'done'],
  ];
  test.each(rows)('%s: %s', async (_title, change, code) => {
    const { id } = await newOrganization(world);
    await newMember(world, id);
    await newMember(world, id);
    expect(
      await refusalOf(
        updateOrganization(world.deps, {
          organizationId: id,
          caller: { kind: 'operator' },
          cause: OPERATOR,
          change,
        }),
      ),
    ).toBe(code);
  });
});
