/** Entra's later cycles: a read that must find nothing to mend, then attributes that changed at the source. */
import { ENTERPRISE_USER, holds, holdsTyped, isResource, listAt, valueAt } from '../answers.ts';
import type { Exchange } from '../client.ts';
import type { Person } from '../population.ts';
import { type Phase, personAt, type Simulation } from '../simulation.ts';
import { checkOnly, equals, lookUp, resourcePath } from '../steps.ts';
import type { AttributeChange, EntraDialect } from './entra-dialect.ts';
import { change } from './entra-people.ts';

/** Matches by every attribute an admin may choose, changes what Entra maps by default, in both PATCH forms. */
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

async function changeAttributes(simulation: Simulation, dialect: EntraDialect): Promise<void> {
  const { id, person } = personAt(simulation, 2);
  const email = `changed.${person.key}@${simulation.population.domain}`;
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
  const read = await change(simulation, id, sending);
  checkChanged(simulation, read, { person, email });
}

interface Changed {
  readonly person: Person;
  readonly email: string;
}

function checkChanged({ score }: Simulation, read: Exchange, { person, email }: Changed): void {
  const { body } = read;
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
