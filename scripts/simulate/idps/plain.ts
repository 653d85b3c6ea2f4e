/** What the identity providers without much dialect have in common: match or create, change, groups, leave, return, delete. */
import {
  CORE_GROUP,
  CORE_USER,
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
import type { Person } from '../population.ts';
import {
  type KnownGroup,
  knownGroups,
  memberIdsOf,
  type Phase,
  personAt,
  type Simulation,
} from '../simulation.ts';
import { checkOnly, equals, lookUp, resourcePath } from '../steps.ts';

/** A person with nothing special about them. */
export function plainUser(person: Person) {
  return {
    schemas: [CORE_USER],
    userName: person.userName,
    externalId: person.externalId,
    name: { givenName: person.givenName, familyName: person.familyName },
    displayName: person.displayName,
    emails: [{ type: 'work', value: person.email, primary: true }],
    active: true,
  };
}

export interface PeopleHabit {
  /** Number of the habit in the dossier. */
  readonly line: number;
  /** The body of a create. */
  readonly body: (person: Person) => object;
  /** How the person is looked up; by userName if absent. */
  readonly filter?: (person: Person) => string;
}

/** Looks everybody up, then creates them, or puts the whole body over whoever was found. */
export const provisionPeople = ({ line, body, filter = byUserName }: PeopleHabit): Phase => ({
  name: 'people',
  async run(simulation) {
    const { scim, score, userIds, population } = simulation;
    for (const person of population.people) {
      const found = await lookUp(simulation, ['Users', filter(person)]);
      score.check(found, [line, 'everybody is looked up before they are created'], isList(found));
      const matched = textAt(found.body, 'Resources', 0, 'id');
      const { userName, externalId, displayName, active } = { ...plainUser(person), active: true };
      const answer =
        matched === ''
          ? await scim.send('POST', '/Users', { body: body(person) })
          : await scim.send('PUT', resourcePath('Users', matched), {
              body: { ...body(person), id: matched },
            });
      const promise = 'a person is created, or updated when already there, with the values sent';
      const expected = { userName, externalId, displayName, active };
      score.check(answer, [line, promise], isResource(answer, matched === '' ? 201 : 200, expected));
      if (idOf(answer) !== '') userIds.set(person.key, idOf(answer));
    }
  },
});

/** `userName eq "x"`. */
export const byUserName = (person: Person): string => equals('userName', person.userName);

/** Changes a person by PUT of the edited body, as read before. */
export async function putEdited({ scim }: Simulation, id: string, edit: object): Promise<Exchange> {
  const path = resourcePath('Users', id);
  const { body } = await scim.send('GET', path);
  return scim.send('PUT', path, { body: { ...(typeof body === 'object' ? body : {}), ...edit } });
}

/** Changes a person by PATCH without a path. */
export const patchValues = ({ scim }: Simulation, id: string, value: object): Promise<Exchange> =>
  scim.send('PATCH', resourcePath('Users', id), { body: patchBody({ op: 'replace', value }) });

export type ChangeOfPerson = (simulation: Simulation, id: string, values: object) => Promise<Exchange>;

/** A profile edit, then somebody who leaves and comes back, each through the given kind of change. */
export const changePeople = (line: number, change: ChangeOfPerson): Phase => ({
  name: 'changes, deactivation, return',
  async run(simulation) {
    const edited = personAt(simulation, 1);
    const leaver = personAt(simulation, 2);
    const steps: readonly [id: string, values: object, promise: string][] = [
      [edited.id, { title: 'Head of Ærø', displayName: edited.person.displayName }, 'a profile edit is kept'],
      [leaver.id, { active: false }, 'whoever leaves is inactive and still there'],
      [leaver.id, { active: true }, 'whoever returns is active under the same id'],
    ];
    for (const [id, values, promise] of steps) {
      const answer = await change(simulation, id, values);
      const read = await simulation.scim.send('GET', resourcePath('Users', id));
      const problems = [...hasStatus(answer, 200, 204), ...isResource(read, 200, { id, ...values })];
      simulation.score.check(answer, [line, promise], problems);
    }
    const found = await lookUp(simulation, ['Users', byUserName(leaver.person)]);
    checkOnly(simulation, [found, leaver.id], [line, 'whoever left and returned is one person']);
  },
});

/** Sets `active` to false. Throws when the server never took the person. */
export const deactivateBy =
  (change: ChangeOfPerson) =>
  (simulation: Simulation, { key, userName }: Person): Promise<Exchange> => {
    const id = simulation.userIds.get(key);
    if (id === undefined) throw new Error(`the server has not taken ${userName}`);
    return change(simulation, id, { active: false });
  };

/** Groups with their members: by name, created empty, then filled. */
export const provisionGroups = (line: number, fill: MembershipChange): Phase => ({
  name: 'groups',
  async run(simulation) {
    const { scim, score, groupIds, population } = simulation;
    for (const group of population.groups) {
      const found = await lookUp(simulation, ['Groups', equals('displayName', group.name)]);
      let id = textAt(found.body, 'Resources', 0, 'id');
      if (id === '') {
        const body = { schemas: [CORE_GROUP], displayName: group.name };
        const created = await scim.send('POST', '/Groups', { body });
        const expected = { displayName: group.name };
        score.check(created, [line, 'a group is created'], isResource(created, 201, expected));
        id = idOf(created);
      }
      if (id === '') continue;
      groupIds.set(group.key, id);
      const filled = await fill(simulation, { group, id }, memberIdsOf(simulation, group));
      score.check(filled, [line, 'a group is given its members'], hasStatus(filled, 200, 204));
      const expectation = [line, 'the group has exactly the members it was given'] as const;
      await checkMembers(simulation, { group, id }, { members: memberIdsOf(simulation, group), expectation });
    }
  },
});

export type MembershipChange = (
  simulation: Simulation,
  known: KnownGroup,
  ids: readonly string[],
) => Promise<Exchange>;

const asMembers = (ids: readonly string[]) => ids.map((value) => ({ value }));

/** PATCH that adds members. */
export const addMembers: MembershipChange = ({ scim }, { id }, ids) =>
  scim.send('PATCH', resourcePath('Groups', id), {
    body: patchBody({ op: 'add', path: 'members', value: asMembers(ids) }),
  });

/** PATCH that names the members to remove in `value`. */
export const removeMembers: MembershipChange = ({ scim }, { id }, ids) =>
  scim.send('PATCH', resourcePath('Groups', id), {
    body: patchBody({ op: 'remove', path: 'members', value: asMembers(ids) }),
  });

/** PUT of the group with all its members. */
export const putMembers: MembershipChange = ({ scim }, { id, group }, ids) =>
  scim.send('PUT', resourcePath('Groups', id), {
    body: { schemas: [CORE_GROUP], id, displayName: group.name, members: asMembers(ids) },
  });

/** Reads the group and checks who is in it. */
export async function checkMembers(
  { scim, score }: Simulation,
  { id }: KnownGroup,
  { members, expectation }: { readonly members: readonly string[]; readonly expectation: Expectation },
): Promise<void> {
  const read = await scim.send('GET', resourcePath('Groups', id));
  score.check(read, expectation, [...hasStatus(read, 200), ...isSameSet(memberIds(read), members)]);
}

/** One person leaves for good, and every group goes. */
export const deletePeopleAndGroups = (line: number): Phase => ({
  name: 'deletion',
  async run(simulation) {
    const leaver = personAt(simulation, 3);
    await checkDeletion(simulation, resourcePath('Users', leaver.id), line);
    simulation.userIds.delete(leaver.person.key);
    for (const { id } of knownGroups(simulation)) {
      await checkDeletion(simulation, resourcePath('Groups', id), line);
    }
  },
});

/** Deletes a resource and checks that it is gone. */
export async function checkDeletion({ scim, score }: Simulation, path: string, line: number): Promise<void> {
  const deleted = await scim.send('DELETE', path);
  score.check(deleted, [line, 'deletion answers 204'], hasStatus(deleted, 204));
  const gone = await scim.send('GET', path);
  score.check(gone, [line, 'what was deleted answers 404'], isError(gone, 404));
}
