/** Random histories of pushes, renames, removals, returns and decisions: one membership per person, true counts, nothing elsewhere. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CONFLICT_ACTIONS, resolveConflict } from '../../../src/core/directory/adoption-conflicts.ts';
import { updateDirectory } from '../../../src/core/directory/directories.ts';
import {
  ADOPTION_POLICIES,
  type AdoptionPolicy,
  type Directory,
  type DirectoryUser,
} from '../../../src/core/entities/directory.ts';
import { changeMember } from '../../../src/core/members/members.ts';
import type { OrganizationId } from '../../../src/kernel/ids.ts';
import { countsOf } from '../../support/core-counts.ts';
import {
  dropUser,
  newDirectory,
  newMember,
  newOrganization,
  proveDomain,
  pushUser,
  repushUser,
} from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { refusalOf } from '../../support/refusals.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld({ runsTwice: false });
});
afterAll(() => world.close());

// Few words, so that people meet.
const key = fc.constantFrom('ada', 'eve', 'bob', 'kim');
const person = fc.record({
  userName: key,
  externalId: fc.option(key, { nil: null }),
  emailOf: fc.option(key, { nil: null, freq: 8 }),
  isActive: fc.boolean(),
});
const at = fc.nat(20);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('push' as const), person }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('change' as const), at, person }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('drop' as const), at }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('decide' as const),
      at,
      action: fc.constantFrom(...CONFLICT_ACTIONS),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('policy' as const),
      adoption: fc.constantFrom(...ADOPTION_POLICIES),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('status' as const),
      at,
      status: fc.constantFrom('active' as const, 'suspended' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hire' as const), emailOf: key }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

interface Place {
  readonly id: OrganizationId;
  readonly directory: Directory;
  readonly domain: string;
}

const OPERATOR_CALLER = { kind: 'operator' } as const;
let places = 0;

async function newPlace(adoption: AdoptionPolicy = 'adopt'): Promise<Place> {
  const { id } = await newOrganization(world);
  places += 1;
  const domain = `corp${places}.example`;
  await proveDomain(world, id, domain);
  await newMember(world, id, { role: 'owner' });
  await newMember(world, id, { email: `ada@${domain}` });
  await newMember(world, id, { email: 'bob@elsewhere.example', hasAccount: false });
  return { id, directory: await newDirectory(world, id, adoption), domain };
}

const pick = <Row>(rows: readonly Row[], index: number): Row | undefined =>
  rows[index % Math.max(rows.length, 1)];

const emailAt = ({ domain }: Place, name: string | null) =>
  name === null ? null : name === 'bob' ? 'bob@elsewhere.example' : `${name}@${domain}`;

async function usersOf({ id, directory }: Place): Promise<readonly DirectoryUser[]> {
  const page = { offset: 0, limit: 100 };
  return (await world.deps.storage.directoryUsers.query(id, directory.id, { kind: 'all' }, page)).rows;
}

const wishesOf = (place: Place, wanted: Extract<Step, { kind: 'push' }>['person']) => {
  const email = emailAt(place, wanted.emailOf);
  const { userName, externalId, isActive } = wanted;
  return { userName, externalId, isActive, emails: email === null ? [] : [email], primaryEmail: email };
};

async function decideOne(
  { id, directory }: Place,
  { at: index, action }: Extract<Step, { kind: 'decide' }>,
): Promise<unknown> {
  const { adoptionConflicts } = world.deps.storage;
  const conflicts = await adoptionConflicts.list(id, { directoryId: directory.id }, { limit: 100 });
  const conflict = pick(conflicts, index);
  const request = { organizationId: id, directoryId: directory.id, caller: OPERATOR_CALLER, cause: OPERATOR };
  return conflict && resolveConflict(world.deps, { ...request, id: conflict.id, action });
}

async function run(place: Place, doing: Step): Promise<unknown> {
  const { id, directory } = place;
  const { storage } = world.deps;
  switch (doing.kind) {
    case 'push': {
      const current = await storage.directories.find(id, directory.id);
      return pushUser(world, current ?? directory, wishesOf(place, doing.person));
    }
    case 'change': {
      const user = pick(await usersOf(place), doing.at);
      return user && repushUser(world, directory, { id: user.id, ...wishesOf(place, doing.person) });
    }
    case 'drop': {
      const user = pick(await usersOf(place), doing.at);
      return user && dropUser(world, directory, user);
    }
    case 'decide':
      return decideOne(place, doing);
    case 'policy':
      return updateDirectory(world.deps, {
        organizationId: id,
        cause: OPERATOR,
        id: directory.id,
        change: { adoption: doing.adoption },
      });
    case 'status': {
      const member = pick(await storage.memberships.list(id, {}, { limit: 100 }), doing.at);
      const request = {
        organizationId: id,
        caller: OPERATOR_CALLER,
        cause: OPERATOR,
        change: { status: doing.status },
      };
      return member && changeMember(world.deps, { ...request, id: member.id });
    }
    case 'hire':
      return newMember(world, id, { email: emailAt(place, doing.emailOf) ?? '', hasAccount: false });
  }
}

const ORDINARY = new Set([
  'done',
  'already_exists',
  'version_conflict',
  'invalid',
  'last_owner',
  'role_from_directory',
  'not_found',
]);

/** What must hold after every step. */
async function expectWhole(place: Place): Promise<void> {
  const { id } = place;
  const { storage } = world.deps;
  const members = await storage.memberships.list(id, {}, { limit: 1000 });
  const users = await usersOf(place);
  expect(new Set(members.map(({ userId }) => userId)).size).toBe(members.length);
  expect(new Set(users.map(({ membershipId }) => membershipId)).size).toBe(users.length);
  const held = new Set(users.map(({ membershipId }) => membershipId));
  for (const { id: memberId, source } of members)
    if (source === 'directory') expect(held).toContain(memberId);
  const { kept, found } = await countsOf(world, id);
  expect(kept).toEqual(found);
  const byId = new Map(members.map((member) => [member.id, member]));
  for (const user of users) {
    const member = byId.get(user.membershipId);
    expect(member?.userId).toBe(user.userId);
    const conflict = await storage.adoptionConflicts.findByUser(id, user.id);
    const isHeld = conflict?.status === 'open' || conflict?.status === 'rejected';
    if (isHeld || !user.isActive) expect(member?.status).toBe('suspended');
  }
  for (const member of members) expect(await storage.users.find(member.userId)).toBeDefined();
}

/** The people of another organization, as all of it shows. */
async function shown(id: OrganizationId): Promise<string> {
  const { memberships, users } = world.deps.storage;
  const members = await memberships.list(id, {}, { limit: 100 });
  const people = await Promise.all(members.map(({ userId }) => users.find(userId)));
  return JSON.stringify([members, people]);
}

test('R10, R20, R26, S117: whatever is pushed and decided, in whatever order', async () => {
  const other = await newPlace();
  await pushUser(world, other.directory, {
    userName: 'eve',
    externalId: 'eve',
    email: `eve@${other.domain}`,
  });
  const before = await shown(other.id);
  // Most often the policy under which somebody waits.
  const adoptions = fc.constantFrom(...ADOPTION_POLICIES, 'queue' as const);
  const history = fc.array(fc.record({ doing: step, times: fc.integer({ min: 1, max: 3 }) }), {
    minLength: 5,
    maxLength: 25,
  });
  await fc.assert(
    fc.asyncProperty(adoptions, history, async (adoption, steps) => {
      const place = await newPlace(adoption);
      for (const { doing, times } of steps) {
        // A request whose answer was lost comes again.
        for (let time = 0; time < times; time += 1) {
          expect(ORDINARY).toContain(await refusalOf(run(place, doing)));
        }
        await expectWhole(place);
      }
      expect(await shown(other.id)).toBe(before);
    }),
    { numRuns: 150 },
  );
});
