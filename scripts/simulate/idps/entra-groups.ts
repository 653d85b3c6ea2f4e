/** What Entra does with groups: create empty, add and remove members, probe references, nest, race, delete. */
import {
  CORE_GROUP,
  hasStatus,
  holds,
  idOf,
  isError,
  isList,
  isResource,
  isSameSet,
  memberIds,
  patchBody,
  textAt,
} from '../answers.ts';
import type { Expectation } from '../expectations.ts';
import type { Group } from '../population.ts';
import {
  groupAt,
  type KnownGroup,
  knownGroups,
  knownPeople,
  memberIdsOf,
  type Phase,
  personAt,
  type Simulation,
} from '../simulation.ts';
import { checkCreateRace, checkMemberRace, checkNobody, checkOnly, equals, resourcePath } from '../steps.ts';
import type { EntraDialect } from './entra-dialect.ts';
import { entraUser } from './entra-people.ts';

/** A schema URI of Microsoft's own that it names in groups; a server ignores it. */
const ADSCIM_GROUP = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group';
const WITHOUT_MEMBERS = { excludedAttributes: 'members' };
const MEMBERS_AT_ONCE = 20;

/** Initial cycle: match or create each group, read it without members, then add the members in portions. */
export const provisionGroups = (dialect: EntraDialect): Phase => ({
  name: 'initial cycle: groups',
  async run(simulation) {
    for (const group of simulation.population.groups) await provisionGroup(simulation, group, dialect);
  },
});

async function provisionGroup(simulation: Simulation, group: Group, dialect: EntraDialect): Promise<void> {
  const { scim, score, groupIds } = simulation;
  const query = { ...WITHOUT_MEMBERS, filter: equals('displayName', group.name) };
  const found = await scim.send('GET', '/Groups', { query });
  let id = textAt(found.body, 'Resources', 0, 'id');
  if (id === '') {
    checkNobody(simulation, found, 21);
    id = await createGroup(simulation, group);
  }
  if (id === '') return;
  groupIds.set(group.key, id);
  const read = await scim.send('GET', resourcePath('Groups', id), { query: WITHOUT_MEMBERS });
  score.check(
    read,
    [34, 'a group read without members shows none'],
    isResource(read, 200, { displayName: group.name, members: undefined }),
  );
  const members = memberIdsOf(simulation, group);
  for (let from = 0; from < members.length; from += MEMBERS_AT_ONCE) {
    const body = dialect.addMembers(members.slice(from, from + MEMBERS_AT_ONCE));
    await changeMembers(simulation, { group, id }, { body, expectation: [35, 'members are added'] });
  }
  await checkMembers(
    simulation,
    { group, id },
    { members, expectation: [35, 'the group has exactly the members added'] },
  );
}

async function createGroup({ scim, score }: Simulation, group: Group): Promise<string> {
  const body = {
    schemas: [CORE_GROUP, ADSCIM_GROUP],
    externalId: group.externalId,
    displayName: group.name,
    meta: { resourceType: 'Group' },
  };
  const created = await scim.send('POST', '/Groups', { body });
  score.check(
    created,
    [33, 'a group is created without members, a schema nobody knows is ignored'],
    isResource(created, 201, { displayName: group.name, externalId: group.externalId }),
  );
  return idOf(created);
}

interface MemberChange {
  readonly body: object;
  readonly expectation: Expectation;
}

async function changeMembers(
  { scim, score }: Simulation,
  { id }: KnownGroup,
  change: MemberChange,
): Promise<void> {
  const answer = await scim.send('PATCH', resourcePath('Groups', id), { body: change.body });
  score.check(answer, change.expectation, hasStatus(answer, 200, 204));
}

interface MemberExpectation {
  readonly members: readonly string[];
  readonly expectation: Expectation;
}

async function checkMembers(
  { scim, score }: Simulation,
  { id }: KnownGroup,
  { members, expectation }: MemberExpectation,
): Promise<void> {
  const read = await scim.send('GET', resourcePath('Groups', id));
  score.check(read, expectation, [...hasStatus(read, 200), ...isSameSet(memberIds(read), members)]);
}

/** Membership that comes and goes, repeated because an answer got lost, emptied, renamed. */
export const churn = (dialect: EntraDialect): Phase => ({
  name: 'incremental cycle: groups',
  async run(simulation) {
    const known = groupAt(simulation, 0);
    const members = memberIdsOf(simulation, known.group);
    const [first = '', ...rest] = members;
    const removal = dialect.removeMembers([first]);
    const [one, twice] = [
      [36, 'a named member is removed, and nobody else'],
      [37, 'removing somebody who is not in is success'],
    ] as const;
    for (const expectation of [one, twice]) {
      await changeMembers(simulation, known, { body: removal, expectation });
      await checkMembers(simulation, known, { members: rest, expectation });
    }
    const back = [35, 'adding a member again is harmless'] as const;
    for (const body of [dialect.addMembers([first]), dialect.addMembers([first])]) {
      await changeMembers(simulation, known, { body, expectation: back });
    }
    await checkMembers(simulation, known, { members, expectation: back });
    await emptyValue(simulation, known, members);
    await renameGroup(simulation, known, dialect);
  },
});

/** A removal that names nobody removes nobody; a removal of the whole attribute empties the group. */
async function emptyValue(
  simulation: Simulation,
  known: KnownGroup,
  members: readonly string[],
): Promise<void> {
  const nobody = { op: 'Remove', path: 'members', value: [] };
  const kept = [38, 'a removal with an empty list empties no group'] as const;
  // Taken or refused: either is fine as long as everybody is still there.
  await simulation.scim.send('PATCH', resourcePath('Groups', known.id), { body: patchBody(nobody) });
  await checkMembers(simulation, known, { members, expectation: kept });
  const last = knownGroups(simulation).at(-1) ?? known;
  const everybody = patchBody({ op: 'Remove', path: 'members' });
  const emptied = [38, 'a removal of members without a value empties the group'] as const;
  await changeMembers(simulation, last, { body: everybody, expectation: emptied });
  await checkMembers(simulation, last, { members: [], expectation: emptied });
}

async function renameGroup(
  simulation: Simulation,
  { id, group }: KnownGroup,
  dialect: EntraDialect,
): Promise<void> {
  const { scim, score } = simulation;
  for (const displayName of [`${group.name} (renamed)`, group.name]) {
    const body = dialect.patch([{ op: 'Replace', path: 'displayName', value: displayName }]);
    const renamed = await scim.send('PATCH', resourcePath('Groups', id), { body });
    const read = await scim.send('GET', resourcePath('Groups', id), { query: WITHOUT_MEMBERS });
    score.check(
      renamed,
      [46, 'a group is renamed and keeps its id'],
      [...hasStatus(renamed, 200, 204), ...isResource(read, 200, { id, displayName })],
    );
  }
}

/** “Is this reference there?”, asked with two conditions and the id alone wanted. Then a group inside a group. */
export const probeReferences: Phase = {
  name: 'reference probes and nesting',
  async run(simulation) {
    const { scim, score } = simulation;
    const known = groupAt(simulation, 1);
    const inside = memberIdsOf(simulation, known.group);
    const outsider = knownPeople(simulation).find(({ id }) => !inside.includes(id));
    const probe = (member: string) =>
      scim.send('GET', '/Groups', {
        query: { filter: `${equals('id', known.id)} and ${equals('members', member)}`, attributes: 'id' },
      });
    const hit = await probe(inside[0] ?? '');
    checkOnly(simulation, [hit, known.id], [39, 'a member is found by id and members together']);
    if (outsider !== undefined) {
      const miss = await probe(outsider.id);
      score.check(miss, [39, 'somebody who is not a member is not found'], isList(miss, 0));
    }
    await probeManager(simulation);
    await nest(simulation);
  },
};

async function probeManager(simulation: Simulation): Promise<void> {
  const { scim, userIds } = simulation;
  const { id, person } = personAt(simulation, 1);
  const manager = userIds.get(person.managerKey ?? '') ?? '';
  const filter = `${equals('id', id)} and ${equals('manager', manager)}`;
  const found = await scim.send('GET', '/Users', { query: { filter, attributes: 'id' } });
  checkOnly(simulation, [found, id], [39, 'a person is found by id and manager together']);
}

async function nest(simulation: Simulation): Promise<void> {
  const [outer, inner] = [groupAt(simulation, 0), groupAt(simulation, 1)];
  if (outer.id === inner.id) return;
  const value = [{ $ref: null, value: inner.id }];
  const expectation = [48, 'a group becomes a member of a group'] as const;
  await changeMembers(simulation, outer, {
    body: patchBody({ op: 'Add', path: 'members', value }),
    expectation,
  });
  const members = [...memberIdsOf(simulation, outer.group), inner.id];
  await checkMembers(simulation, outer, { members, expectation });
  const out = patchBody({ op: 'Remove', path: 'members', value });
  await changeMembers(simulation, outer, { body: out, expectation: [48, 'a group leaves a group'] });
}

/** Two workers of one job meet: equal creates, and single additions to one group. */
export const races = (dialect: EntraDialect): Phase => ({
  name: 'races',
  async run(simulation) {
    const { population, runId, scim, score } = simulation;
    const [anybody] = population.people;
    if (anybody !== undefined) {
      const userName = `race-${runId}@${population.domain}`;
      const racer = { ...anybody, userName, email: userName, externalId: `race-${runId}` };
      const id = await checkCreateRace(simulation, 49, entraUser(racer));
      if (id !== undefined) await scim.send('DELETE', resourcePath('Users', id));
    }
    const known = groupAt(simulation, 2);
    await checkMemberRace(simulation, known, {
      line: 35,
      people: knownPeople(simulation).slice(0, 8),
      patchFor: ({ id }) => dialect.addMembers([id]),
    });
    const read = await scim.send('GET', resourcePath('Groups', known.id), { query: WITHOUT_MEMBERS });
    score.check(
      read,
      [34, 'a read without members stays one after many changes'],
      holds(read.body, { members: undefined }),
    );
  },
});

/** Groups taken out of scope are deleted. */
export const deleteGroups: Phase = {
  name: 'groups out of scope',
  async run(simulation) {
    const { scim, score } = simulation;
    for (const { id } of knownGroups(simulation)) {
      const deleted = await scim.send('DELETE', resourcePath('Groups', id));
      score.check(deleted, [46, 'deleting a group answers 204'], hasStatus(deleted, 204));
      const gone = await scim.send('GET', resourcePath('Groups', id));
      score.check(gone, [46, 'a deleted group answers 404'], isError(gone, 404));
    }
  },
};
