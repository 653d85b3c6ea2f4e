/** What Entra does with people: test, initial cycle, attribute changes, soft delete, restore, purge. */
import {
  CORE_USER,
  ENTERPRISE_USER,
  hasStatus,
  holds,
  idOf,
  isError,
  isList,
  isResource,
  textAt,
  valueAt,
} from '../answers.ts';
import type { Exchange } from '../client.ts';
import type { Person } from '../population.ts';
import { knownPeople, type Phase, personAt, type Simulation } from '../simulation.ts';
import { checkNobody, checkOnly, equals, lookUp, resourcePath } from '../steps.ts';
import type { EntraDialect } from './entra-dialect.ts';

/** “Test connection”: both collections are asked for a name that cannot exist. */
export const testConnection: Phase = {
  name: 'connection test',
  async run(simulation) {
    const unknown = `${simulation.runId}-0000-4000-8000-000000000000`;
    checkNobody(simulation, await lookUp(simulation, ['Users', equals('userName', unknown)]), 21);
    const groups = await simulation.scim.send('GET', '/Groups', {
      query: { excludedAttributes: 'members', filter: equals('displayName', unknown) },
    });
    checkNobody(simulation, groups, 21);
  },
};

/** A person as Entra creates one: the enterprise URN is named although nothing of it is sent, and roles are empty. */
export function entraUser(person: Person) {
  return {
    schemas: [CORE_USER, ENTERPRISE_USER],
    externalId: person.externalId,
    userName: person.userName,
    active: true,
    displayName: person.displayName,
    emails: [{ primary: true, type: 'work', value: person.email }],
    meta: { resourceType: 'User' },
    name: {
      formatted: person.displayName,
      familyName: person.familyName,
      givenName: person.givenName,
    },
    phoneNumbers: [{ type: 'mobile', value: person.phone }],
    roles: [],
    title: person.title,
  };
}

/** Initial cycle: match or create everybody, then say who leads whom. */
export const provisionPeople = (dialect: EntraDialect): Phase => ({
  name: 'initial cycle: people',
  async run(simulation) {
    for (const person of simulation.population.people) await provision(simulation, person, dialect);
    await linkManagers(simulation, dialect);
  },
});

async function provision(simulation: Simulation, person: Person, dialect: EntraDialect): Promise<void> {
  const { scim, score, userIds } = simulation;
  const found = await lookUp(simulation, ['Users', equals('userName', person.userName)]);
  const matched = textAt(found.body, 'Resources', 0, 'id');
  if (matched !== '') {
    userIds.set(person.key, matched);
    const body = dialect.patch([{ op: 'Replace', path: 'active', value: true }]);
    const revived = await scim.send('PATCH', resourcePath('Users', matched), { body });
    score.check(
      revived,
      [41, 'a person the look-up found is activated, not created again'],
      hasStatus(revived, 200, 204),
    );
    return;
  }
  checkNobody(simulation, found, 21);
  const body = entraUser(person);
  const created = await scim.send('POST', '/Users', { body });
  const { userName, externalId, displayName, name, phoneNumbers, title } = body;
  const isTaken = score.check(
    created,
    [22, 'create with a named but absent extension and empty roles answers 201 with the values sent'],
    isResource(created, 201, { userName, externalId, displayName, name, phoneNumbers, title, active: true }),
  );
  if (isTaken || idOf(created) !== '') userIds.set(person.key, idOf(created));
}

async function linkManagers(simulation: Simulation, dialect: EntraDialect): Promise<void> {
  const { scim, score, userIds } = simulation;
  for (const { person, id } of knownPeople(simulation).slice(0, 12)) {
    const manager = userIds.get(person.managerKey ?? '');
    if (manager === undefined) continue;
    const body = dialect.patch([{ op: 'Add', path: `${ENTERPRISE_USER}:manager`, value: manager }]);
    const linked = await scim.send('PATCH', resourcePath('Users', id), { body });
    const read = await scim.send('GET', resourcePath('Users', id));
    score.check(
      linked,
      [30, 'a manager given as plain text becomes manager.value'],
      [
        ...hasStatus(linked, 200, 204),
        ...holds(valueAt(read.body, ENTERPRISE_USER), { manager: { value: manager } }),
      ],
    );
  }
}

/** Sends a PATCH, checks that it was taken, and answers the person as they are afterwards. */
export async function change(
  { scim, score }: Simulation,
  id: string,
  sending: { readonly body: object; readonly line: number; readonly promise: string },
): Promise<Exchange> {
  const patched = await scim.send('PATCH', resourcePath('Users', id), { body: sending.body });
  score.check(patched, [sending.line, sending.promise], hasStatus(patched, 200, 204));
  return scim.send('GET', resourcePath('Users', id));
}

/** Takes access away: `active` to false in the dialect of the tenant. Throws when the server never took the person. */
export function deactivateEntra(
  { scim, userIds }: Simulation,
  { key, userName }: Person,
  dialect: EntraDialect,
): Promise<Exchange> {
  const id = userIds.get(key);
  if (id === undefined) throw new Error(`the server has not taken ${userName}`);
  const body = dialect.patch([{ op: 'Replace', path: 'active', value: false }]);
  return scim.send('PATCH', resourcePath('Users', id), { body });
}

/** Unassigned, disabled or in the recycle bin; then assigned again. */
export const leaveAndReturn = (dialect: EntraDialect): Phase => ({
  name: 'soft delete and restore',
  async run(simulation) {
    const { score } = simulation;
    const { id, person } = personAt(simulation, 6);
    const path = resourcePath('Users', id);
    const left = await deactivateEntra(simulation, person, dialect);
    const gone = await simulation.scim.send('GET', path);
    score.check(
      left,
      [40, 'soft delete makes the person inactive, still to be read'],
      [
        ...hasStatus(left, 200, 204),
        ...isResource(gone, 200, { id, active: false, userName: person.userName }),
      ],
    );
    const found = await lookUp(simulation, ['Users', equals('userName', person.userName)]);
    checkOnly(simulation, [found, id], [40, 'the look-up finds the inactive person']);
    const body = dialect.patch([{ op: 'Replace', path: 'active', value: true }]);
    const read = await change(simulation, id, {
      body,
      line: 41,
      promise: 'assigned again, the same person is activated',
    });
    score.check(
      read,
      [41, 'restored means active under the same id'],
      isResource(read, 200, { id, active: true }),
    );
  },
});

/** Thirty days after deletion: the person is purged, and may come back as a new one. */
export const purge: Phase = {
  name: 'purge',
  async run(simulation) {
    const { scim, score, userIds } = simulation;
    const { id, person } = personAt(simulation, 7);
    const path = resourcePath('Users', id);
    const deleted = await scim.send('DELETE', path);
    score.check(deleted, [40, 'purging answers 204'], hasStatus(deleted, 204));
    const gone = await scim.send('GET', path);
    score.check(gone, [40, 'a purged person answers 404'], isError(gone, 404));
    const found = await lookUp(simulation, ['Users', equals('userName', person.userName)]);
    score.check(found, [40, 'a purged person is found no more'], isList(found, 0));
    const again = await scim.send('POST', '/Users', { body: entraUser(person) });
    score.check(
      again,
      [40, 'somebody purged can be provisioned again'],
      isResource(again, 201, { userName: person.userName }),
    );
    if (idOf(again) !== '') userIds.set(person.key, idOf(again));
  },
};
