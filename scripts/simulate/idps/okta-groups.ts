/** What Okta does with groups: push, membership, rename, unlink; then imports, and changes that meet each other. */
import {
  CORE_GROUP,
  hasStatus,
  idOf,
  isError,
  isList,
  isResource,
  isSameSet,
  memberIds,
  patchBody,
  textAt,
} from '../answers.ts';
import type { Exchange } from '../client.ts';
import type { Expectation } from '../expectations.ts';
import type { Group } from '../population.ts';
import {
  groupAt,
  type KnownGroup,
  knownGroups,
  knownPeople,
  memberIdsOf,
  type Phase,
  type Simulation,
} from '../simulation.ts';
import {
  checkCreateRace,
  checkMemberRace,
  checkOnly,
  checkWalks,
  equals,
  lookUp,
  resourcePath,
} from '../steps.ts';
import { type ChangeVerb, oktaUser } from './okta-people.ts';

const asMembers = (ids: readonly string[]) => ids.map((value) => ({ value }));

/** Linking groups by name: look up, create empty, then the whole membership. */
export const pushGroups = (verb: ChangeVerb): Phase => ({
  name: 'group push',
  async run(simulation) {
    for (const group of simulation.population.groups) await pushGroup(simulation, group, verb);
  },
});

async function pushGroup(simulation: Simulation, group: Group, verb: ChangeVerb): Promise<void> {
  const { scim, score, groupIds } = simulation;
  const found = await lookUp(simulation, ['Groups', equals('displayName', group.name)], {
    startIndex: '1',
    count: '100',
  });
  score.check(found, [11, 'a group is looked up by its name, whatever is in it'], isList(found));
  let id = textAt(found.body, 'Resources', 0, 'id');
  if (id === '') {
    const body = { schemas: [CORE_GROUP], displayName: group.name, members: [] };
    const created = await scim.send('POST', '/Groups', { body });
    score.check(
      created,
      [11, 'an empty group is created'],
      isResource(created, 201, { displayName: group.name }),
    );
    id = idOf(created);
  }
  if (id === '') return;
  groupIds.set(group.key, id);
  const members = memberIdsOf(simulation, group);
  for (const push of fullPushes({ id, verb, group, members })) {
    const pushed = await scim.send(...push);
    score.check(pushed, [12, 'the whole membership is taken'], hasStatus(pushed, 200, 204));
  }
  await checkMembers(simulation, { group, id }, { members });
}

interface FullPush {
  readonly id: string;
  readonly verb: ChangeVerb;
  readonly group: Group;
  readonly members: readonly string[];
}

const SPLIT_AT = 10;

/** PUT of the group; or replace on `members`; or, every other group, an emptying and several small additions. */
function fullPushes({ id, verb, group, members }: FullPush): [string, string, { readonly body: object }][] {
  const path = resourcePath('Groups', id);
  if (verb === 'put') {
    return [
      [
        'PUT',
        path,
        { body: { schemas: [CORE_GROUP], id, displayName: group.name, members: asMembers(members) } },
      ],
    ];
  }
  const whole = { op: 'replace', path: 'members', value: asMembers(members) };
  const slices = Array.from({ length: Math.ceil(members.length / SPLIT_AT) }, (_, index) =>
    asMembers(members.slice(index * SPLIT_AT, (index + 1) * SPLIT_AT)),
  );
  const split = slices.map((value) => ({ op: 'add', path: 'members', value }));
  const operations = group.key.endsWith('2') ? [{ ...whole, value: [] }, ...split] : [whole];
  return operations.map((operation) => ['PATCH', path, { body: patchBody(operation) }]);
}

async function checkMembers(
  { scim, score }: Simulation,
  { id }: KnownGroup,
  expected: { readonly members: readonly string[]; readonly expectation?: Expectation },
): Promise<Exchange> {
  const read = await scim.send('GET', resourcePath('Groups', id));
  score.check(read, expected.expectation ?? [12, 'the group has exactly the members it was given'], [
    ...isResource(read, 200),
    ...isSameSet(memberIds(read), expected.members),
  ]);
  return read;
}

/** Membership that comes and goes, and a new name. */
export const groupLife = (verb: ChangeVerb): Phase => ({
  name: 'group churn and rename',
  async run(simulation) {
    const known = groupAt(simulation, 0);
    await (verb === 'put' ? churnByPut(simulation, known) : churnByPatch(simulation, known));
    await renameGroup(simulation, known, verb);
  },
});

async function churnByPut(simulation: Simulation, known: KnownGroup): Promise<void> {
  const { scim, score } = simulation;
  const members = knownPeople(simulation)
    .map(({ id }) => id)
    .slice(1, 8);
  const body = {
    schemas: [CORE_GROUP],
    id: known.id,
    displayName: known.group.name,
    members: asMembers(members),
  };
  const put = await scim.send('PUT', resourcePath('Groups', known.id), { body });
  score.check(put, [12, 'a group put with all its members is taken'], hasStatus(put, 200, 204));
  await checkMembers(simulation, known, { members });
}

async function churnByPatch(simulation: Simulation, known: KnownGroup): Promise<void> {
  const { scim, score } = simulation;
  const path = resourcePath('Groups', known.id);
  const members = memberIdsOf(simulation, known.group);
  const [leaver = ''] = members;
  const outside = knownPeople(simulation)
    .map(({ id }) => id)
    .filter((id) => !members.includes(id));
  const [first, second] = [outside.slice(0, 1), outside.slice(1, 2)];
  const swap = patchBody(
    { op: 'remove', path: `members[value eq "${leaver}"]` },
    { op: 'add', path: 'members', value: asMembers(first) },
  );
  const swapped = await scim.send('PATCH', path, { body: swap });
  score.check(
    swapped,
    [12, 'a filtered removal and an addition in one PATCH are taken'],
    hasStatus(swapped, 200, 204),
  );
  const left = [...members.filter((id) => id !== leaver), ...first];
  await checkMembers(simulation, known, { members: left });
  const pathless = patchBody({ op: 'add', value: { members: asMembers(second) } });
  const added = await scim.send('PATCH', path, { body: pathless });
  score.check(added, [12, 'an addition without a path is taken'], hasStatus(added, 200, 204));
  await checkMembers(simulation, known, { members: [...left, ...second] });
}

/** Rename without a path, with the id inside; sent once more although nothing changed; then back. */
async function renameGroup(
  simulation: Simulation,
  { id, group }: KnownGroup,
  verb: ChangeVerb,
): Promise<void> {
  const { scim, score } = simulation;
  const path = resourcePath('Groups', id);
  const before = await scim.send('GET', path);
  for (const displayName of [`${group.name} (new)`, `${group.name} (new)`, group.name]) {
    const put = { schemas: [CORE_GROUP], id, displayName, members: asMembers(memberIds(before)) };
    const renamed = await (verb === 'put'
      ? scim.send('PUT', path, { body: put })
      : scim.send('PATCH', path, { body: patchBody({ op: 'replace', value: { id, displayName } }) }));
    score.check(renamed, [11, 'a group is renamed, also to the name it has'], hasStatus(renamed, 200, 204));
    const found = await lookUp(simulation, ['Groups', equals('displayName', displayName)]);
    checkOnly(simulation, [found, id], [11, 'the look-up finds a group by its new name']);
  }
  await checkMembers(
    simulation,
    { id, group },
    {
      members: memberIds(before),
      expectation: [11, 'a rename leaves the members alone'],
    },
  );
}

/** Import from the app: both collections, page by page. */
export const imports: Phase = {
  name: 'imports',
  async run(simulation) {
    const expectation = [14, 'an import sees everything once, in the same order every time'] as const;
    const people = knownPeople(simulation).map(({ id }) => id);
    await checkWalks(simulation, expectation, {
      collection: 'Users',
      pageSize: pageSizeFor(people),
      known: people,
    });
    const groups = knownGroups(simulation).map(({ id }) => id);
    await checkWalks(simulation, expectation, {
      collection: 'Groups',
      pageSize: pageSizeFor(groups),
      known: groups,
    });
  },
};

/** Okta asks for 100 at a time; with few people the pages are smaller, so that there are always several. */
const pageSizeFor = (known: readonly string[]) => Math.max(1, Math.min(100, Math.floor(known.length / 3)));

/** Okta sends several changes at once: two equal creates, and membership of one group in small pieces. */
export const races: Phase = {
  name: 'races',
  async run(simulation) {
    const { population, runId, scim } = simulation;
    const [anybody] = population.people;
    if (anybody !== undefined) {
      const userName = `race-${runId}@${population.domain}`;
      const racer = { ...anybody, userName, email: userName, externalId: `race-${runId}` };
      const id = await checkCreateRace(simulation, 5, oktaUser(racer, 'Race-1!'));
      const body = patchBody({ op: 'replace', value: { active: false } });
      if (id !== undefined) await scim.send('PATCH', resourcePath('Users', id), { body });
    }
    await checkMemberRace(simulation, groupAt(simulation, 2), {
      line: 20,
      people: knownPeople(simulation).slice(0, 8),
      patchFor: ({ id }) => patchBody({ op: 'add', path: 'members', value: [{ value: id }] }),
    });
  },
};

/** Unlinking with deletion. Okta never deletes people. */
export const deleteGroups: Phase = {
  name: 'unlinking groups',
  async run(simulation) {
    const { scim, score } = simulation;
    for (const { id } of knownGroups(simulation)) {
      const path = resourcePath('Groups', id);
      const deleted = await scim.send('DELETE', path);
      score.check(deleted, [13, 'unlinking with deletion answers 204'], hasStatus(deleted, 204));
      const gone = await scim.send('GET', path);
      score.check(gone, [13, 'a deleted group answers 404'], isError(gone, 404));
    }
  },
};
