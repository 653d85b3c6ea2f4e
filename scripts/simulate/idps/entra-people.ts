/** What Entra does with people: test, initial cycle, attribute changes, soft delete, restore, purge. */
import {
  CORE_USER,
  ENTERPRISE_USER,
  hasStatus,
  holds,
  holdsTyped,
  idOf,
  isError,
  isList,
  isResource,
  listAt,
  textAt,
  valueAt,
} from '../answers.ts';
import type { Exchange } from '../client.ts';
import type { Person } from '../population.ts';
import { knownPeople, type Phase, personAt, type Simulation } from '../simulation.ts';
import { checkNobody, checkOnly, equals, lookUp, resourcePath } from '../steps.ts';
import type { AttributeChange, EntraDialect } from './entra-dialect.ts';

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

/** Later cycles: a read that must find nothing to mend, then attributes that changed at the source. */
export const changes = (dialect: EntraDialect, other: EntraDialect): Phase => ({
  name: 'incremental cycle: attributes',
  async run(simulation) {
    await matchEverything(simulation);
    await changeAttributes(simulation, dialect);
    await changeOnDemand(simulation, other);
    await changeAppRole(simulation, dialect);
    await clearAndRename(simulation, dialect);
  },
});

async function matchEverything(simulation: Simulation): Promise<void> {
  const { person, id } = personAt(simulation, 1);
  const filters = [
    equals('userName', person.userName),
    equals('externalId', person.externalId),
    `emails[type eq "work"].value eq ${JSON.stringify(person.email)}`,
  ];
  for (const filter of filters) {
    const found = await lookUp(simulation, ['Users', filter]);
    checkOnly(
      simulation,
      [found, id],
      [23, 'userName, externalId and work e-mail each match the one person'],
    );
  }
  const read = await simulation.scim.send('GET', resourcePath('Users', id));
  const { userName, phone, displayName } = { ...person };
  const phoneNumbers = [{ type: 'mobile', value: phone }];
  simulation.score.check(
    read,
    [42, 'values come back byte for byte'],
    isResource(read, 200, { userName, displayName, phoneNumbers }),
  );
}

/** Sends a PATCH and answers the person as they are afterwards. */
async function change(
  { scim, score }: Simulation,
  id: string,
  sending: { readonly body: object; readonly line: number; readonly promise: string },
): Promise<Exchange> {
  const patched = await scim.send('PATCH', resourcePath('Users', id), { body: sending.body });
  score.check(patched, [sending.line, sending.promise], hasStatus(patched, 200, 204));
  return scim.send('GET', resourcePath('Users', id));
}

async function changeAttributes(simulation: Simulation, dialect: EntraDialect): Promise<void> {
  const { score, population } = simulation;
  const { id, person } = personAt(simulation, 2);
  const email = `changed.${person.key}@${population.domain}`;
  const wanted: readonly AttributeChange[] = [
    { op: 'Replace', path: 'name.familyName', value: 'Øst' },
    { op: 'Replace', path: 'emails[type eq "work"].value', value: email },
    { op: 'Add', path: 'addresses[type eq "work"].streetAddress', value: 'Storgata 1' },
    { op: 'Add', path: 'addresses[type eq "work"].locality', value: 'Tromsø' },
    { op: 'Add', path: `${ENTERPRISE_USER}:department`, value: person.department },
  ];
  const sending = {
    body: dialect.patch(wanted),
    line: 24,
    promise: 'several attributes change in one PATCH',
  };
  const { body } = await change(simulation, id, sending);
  const read = await simulation.scim.send('GET', resourcePath('Users', id));
  const name = { familyName: 'Øst', givenName: person.givenName };
  score.check(
    read,
    [25, 'dotted names are paths, never keys'],
    [...holds(body, { name, 'name.familyName': undefined })],
  );
  const emails = listAt(body, 'emails');
  score.check(
    read,
    [27, 'the work e-mail changes alone and stays primary'],
    holdsTyped(emails, 'work', { value: email, primary: true }),
  );
  const address = { streetAddress: 'Storgata 1', locality: 'Tromsø' };
  score.check(
    read,
    [28, 'sub-attributes of a type that is not there build one element'],
    holdsTyped(listAt(body, 'addresses'), 'work', address),
  );
  score.check(
    read,
    [31, 'an extension path keeps the dot of 2.0'],
    holds(valueAt(body, ENTERPRISE_USER), { department: person.department }),
  );
}

/** The flag does not act on provision-on-demand: the same tenant sends the other form too. */
async function changeOnDemand(simulation: Simulation, other: EntraDialect): Promise<void> {
  const { id } = personAt(simulation, 3);
  const body = other.patch([
    { op: 'Replace', path: 'displayName', value: 'On Demand' },
    { op: 'Replace', path: 'active', value: true },
  ]);
  const sending = { body, line: 26, promise: 'the other PATCH form is understood beside the usual one' };
  const read = await change(simulation, id, sending);
  simulation.score.check(
    read,
    [26, 'both forms have the same effect'],
    isResource(read, 200, { displayName: 'On Demand', active: true }),
  );
}

async function changeAppRole(simulation: Simulation, dialect: EntraDialect): Promise<void> {
  const { id } = personAt(simulation, 4);
  const role = { value: 'approver', display: 'Approver', type: 'WindowsAzureActiveDirectoryRole' };
  const body = dialect.patch(
    Object.entries(role).map(([name, value]) => ({
      op: 'Add',
      path: `roles[primary eq "True"].${name}`,
      value,
    })),
  );
  const sending = { body, line: 29, promise: 'an app role given through roles[primary eq "True"] is taken' };
  const read = await change(simulation, id, sending);
  simulation.score.check(
    read,
    [29, 'it makes one role whose primary is a real boolean'],
    holds(listAt(read.body, 'roles'), [{ ...role, primary: true }]),
  );
}

async function clearAndRename(simulation: Simulation, dialect: EntraDialect): Promise<void> {
  const { score, population, runId } = simulation;
  const { id, person } = personAt(simulation, 5);
  const body = dialect.patch([{ op: 'Remove', path: `${ENTERPRISE_USER}:manager` }]);
  const cleared = await change(simulation, id, { body, line: 30, promise: 'a manager is cleared' });
  score.check(
    cleared,
    [30, 'a cleared manager is gone'],
    holds(valueAt(cleared.body, ENTERPRISE_USER, 'manager'), undefined),
  );
  const userName = `Renamed-${runId}@${population.domain}`;
  for (const name of [userName, person.userName]) {
    const rename = dialect.patch([{ op: 'Replace', path: 'userName', value: name }]);
    const read = await change(simulation, id, { body: rename, line: 42, promise: 'a new userName is taken' });
    score.check(read, [42, 'a userName keeps its case'], isResource(read, 200, { userName: name }));
  }
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
