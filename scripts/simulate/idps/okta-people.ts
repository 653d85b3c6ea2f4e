/** What Okta does with people: connection test, create or link, profile edits, rename, deactivation, return. */
import {
  CORE_USER,
  hasStatus,
  holds,
  idOf,
  isError,
  isList,
  isResource,
  keepsSecret,
  listAt,
  patchBody,
  textAt,
  valueAt,
} from '../answers.ts';
import type { Exchange } from '../client.ts';
import type { Person } from '../population.ts';
import { type KnownPerson, type Phase, personAt, type Simulation } from '../simulation.ts';
import { checkNobody, checkOnly, equals, lookUp, resourcePath } from '../steps.ts';

/** Which verb an app uses for changes. */
export type ChangeVerb = 'patch' | 'put';

const IMPORT_PAGE = { startIndex: '1', count: '100' };

/** Saving the integration, and what Okta's own test suite asks first. */
export const testConnection: Phase = {
  name: 'connection test',
  async run(simulation) {
    const { scim, score } = simulation;
    const users = await scim.send('GET', '/Users', { query: { startIndex: '1', count: '2' } });
    const groups = await scim.send('GET', '/Groups', { query: IMPORT_PAGE });
    for (const answer of [users, groups]) {
      score.check(answer, [1, 'the connection test reads a list with whole-number totals'], isList(answer));
    }
    const bare = await scim.send('GET', '/Users', { headers: { authorization: 'no-scheme' } });
    score.check(
      bare,
      [18, 'an Authorization value without a scheme answers 401 with status and detail'],
      isError(bare, 401),
    );
    const unknown = await scim.send('GET', '/Users/00919288221112222');
    score.check(unknown, [19, 'an id of another shape answers 404 as a SCIM error'], isError(unknown, 404));
    const broken = await lookUp(simulation, ['Users', 'userName eq'], IMPORT_PAGE);
    score.check(
      broken,
      [17, 'an error body is JSON, never plain text'],
      isError(broken, 400, 'invalidFilter'),
    );
    const nobody = `nobody-${simulation.runId}@${simulation.population.domain}`;
    checkNobody(simulation, await lookUpUser(simulation, nobody), 2);
  },
};

const lookUpUser = (simulation: Simulation, userName: string) =>
  lookUp(simulation, ['Users', equals('userName', userName)], IMPORT_PAGE);

/** A person as Okta creates one: always with a password, always with empty groups. */
export function oktaUser(person: Person, password: string) {
  return {
    schemas: [CORE_USER],
    userName: person.userName,
    name: { givenName: person.givenName, familyName: person.familyName },
    emails: [{ primary: true, value: person.email, type: 'work' }],
    displayName: person.displayName,
    locale: 'en-US',
    externalId: person.externalId,
    groups: [],
    password,
    active: true,
  };
}

/** Assigning everybody: look up, then create, or link to whoever the look-up found. */
export const onboardPeople: Phase = {
  name: 'people',
  async run(simulation) {
    for (const person of simulation.population.people) await assign(simulation, person);
    const { person, id } = personAt(simulation, 0);
    const again = await simulation.scim.send('POST', '/Users', { body: oktaUser(person, 'Again-1!') });
    simulation.score.check(
      again,
      [5, 'creating the same userName again answers 409 uniqueness with a detail'],
      isError(again, 409, 'uniqueness'),
    );
    const shouted = await lookUpUser(simulation, person.userName.toUpperCase());
    checkOnly(simulation, [shouted, id], [6, 'a userName in capitals finds the person']);
  },
};

async function assign(simulation: Simulation, person: Person): Promise<void> {
  const { scim, score, userIds, runId } = simulation;
  const found = await lookUpUser(simulation, person.userName);
  const linked = textAt(found.body, 'Resources', 0, 'id');
  const password = `Pw-${runId}-${person.key}!`;
  const body = oktaUser(person, password);
  if (linked !== '') {
    const updated = await scim.send('PUT', resourcePath('Users', linked), { body: { ...body, id: linked } });
    score.check(
      updated,
      [3, 'a person the look-up found is linked and updated'],
      isResource(updated, 200, { id: linked, active: true }),
    );
    userIds.set(person.key, linked);
    return;
  }
  checkNobody(simulation, found, 2);
  const created = await scim.send('POST', '/Users', { body });
  const { userName, externalId, name, displayName, emails } = body;
  const isTaken = score.check(
    created,
    [4, 'create answers 201 with id and the values as they were sent'],
    isResource(created, 201, { userName, externalId, name, displayName, emails, active: true }),
  );
  score.check(
    created,
    [4, 'create echoes no password'],
    [...hasStatus(created, 201), ...keepsSecret(created, password)],
  );
  if (isTaken || idOf(created) !== '') userIds.set(person.key, idOf(created));
}

/** A year of one directory: edits, a new password, a new name, somebody who leaves and comes back. */
export const changes = (verb: ChangeVerb): Phase => ({
  name: 'changes, rename, deactivation, return',
  async run(simulation) {
    await editProfile(simulation, verb);
    if (verb === 'patch') await syncPassword(simulation);
    await rename(simulation, verb);
    await leaveAndReturn(simulation, verb);
  },
});

async function editProfile(simulation: Simulation, verb: ChangeVerb): Promise<void> {
  const { scim, score } = simulation;
  const { id, person } = personAt(simulation, 1);
  if (verb === 'patch') {
    const value = { title: 'Principal', name: { familyName: 'Ångström' } };
    const patched = await scim.send('PATCH', resourcePath('Users', id), {
      body: patchBody({ op: 'replace', value }),
    });
    const expected = { title: 'Principal', name: { givenName: person.givenName, familyName: 'Ångström' } };
    const { body } = await scim.send('GET', resourcePath('Users', id));
    score.check(
      patched,
      [7, 'a profile edit by PATCH without a path merges into what is there'],
      [...hasStatus(patched, 200, 204), ...holds(body, expected)],
    );
  }
  const sent = await putBack(simulation, id, { nickName: 'Åse', title: 'Director' });
  score.check(
    sent,
    [9, 'a whole body put back with id, meta, schemas and groups changes what was edited'],
    isResource(sent, 200, { id, nickName: 'Åse', title: 'Director', userName: person.userName }),
  );
}

/** Okta's update by PUT: read, edit, send the whole body back. */
async function putBack({ scim }: Simulation, id: string, edit: object): Promise<Exchange> {
  const { body } = await scim.send('GET', resourcePath('Users', id));
  const whole = typeof body === 'object' && body !== null ? body : {};
  return scim.send('PUT', resourcePath('Users', id), { body: { ...whole, ...edit } });
}

async function syncPassword({ scim, score, ...simulation }: Simulation): Promise<void> {
  const { id } = personAt({ scim, score, ...simulation }, 2);
  const password = `Synced-${simulation.runId}!`;
  const body = patchBody({ op: 'replace', value: { password } });
  const synced = await scim.send('PATCH', resourcePath('Users', id), { body });
  const read = await scim.send('GET', resourcePath('Users', id));
  score.check(
    synced,
    [4, 'a password sync is accepted and shown nowhere'],
    [...hasStatus(synced, 200, 204), ...keepsSecret(synced, password), ...keepsSecret(read, password)],
  );
}

async function rename(simulation: Simulation, verb: ChangeVerb): Promise<void> {
  const { id, person } = personAt(simulation, 3);
  const userName = `renamed-${simulation.runId}@${simulation.population.domain}`;
  const renamed = await setValues(simulation, { id, verb, values: { userName } });
  simulation.score.check(renamed, [7, 'a new userName is taken'], hasStatus(renamed, 200, 204));
  checkOnly(
    simulation,
    [await lookUpUser(simulation, userName), id],
    [7, 'the new userName finds the same person'],
  );
  const old = await lookUpUser(simulation, person.userName);
  simulation.score.check(old, [7, 'the old userName is free again'], isList(old, 0));
  await setValues(simulation, { id, verb, values: { userName: person.userName } });
}

interface Edit {
  readonly id: string;
  readonly verb: ChangeVerb;
  readonly values: object;
}

function setValues(simulation: Simulation, { id, verb, values }: Edit): Promise<Exchange> {
  if (verb === 'put') return putBack(simulation, id, values);
  const body = patchBody({ op: 'replace', value: values });
  return simulation.scim.send('PATCH', resourcePath('Users', id), { body });
}

/** Catalogue apps: PATCH without a path. Throws when the server never took the person. */
export const deactivateByPatch = (simulation: Simulation, person: Person): Promise<Exchange> =>
  setValues(simulation, { id: idOfPerson(simulation, person), verb: 'patch', values: { active: false } });

/** Wizard apps: GET, then PUT of the whole body. Throws when the server never took the person. */
export const deactivateByPut = (simulation: Simulation, person: Person): Promise<Exchange> =>
  setValues(simulation, { id: idOfPerson(simulation, person), verb: 'put', values: { active: false } });

function idOfPerson({ userIds }: Simulation, { key, userName }: Person): string {
  const id = userIds.get(key);
  if (id === undefined) throw new Error(`the server has not taken ${userName}`);
  return id;
}

async function leaveAndReturn(simulation: Simulation, verb: ChangeVerb): Promise<void> {
  const { scim, score } = simulation;
  const leaver = personAt(simulation, 4);
  const path = resourcePath('Users', leaver.id);
  const before = await scim.send('GET', path);
  const left = await setValues(simulation, { id: leaver.id, verb, values: { active: false } });
  const after = await scim.send('GET', path);
  score.check(
    left,
    [8, 'deactivation changes active and nothing else'],
    [...hasStatus(left, 200, 204), ...isResource(after, 200, { ...unchanging(before), active: false })],
  );
  await findAgain(simulation, leaver, verb);
}

/** What must be the same before and after: everything but active, meta and the derived groups. */
function unchanging(exchange: Exchange): object {
  const whole = typeof exchange.body === 'object' && exchange.body !== null ? exchange.body : {};
  return Object.fromEntries(
    Object.entries(whole).filter(([name]) => !['active', 'meta', 'groups'].includes(name)),
  );
}

async function findAgain(simulation: Simulation, leaver: KnownPerson, verb: ChangeVerb): Promise<void> {
  const { score } = simulation;
  const found = await lookUpUser(simulation, leaver.person.userName);
  checkOnly(simulation, [found, leaver.id], [3, 'the look-up finds inactive people too']);
  score.check(
    found,
    [10, 'a deactivated person is kept and shown as inactive'],
    [...(valueAt(listAt(found.body, 'Resources')[0], 'active') === false ? [] : ['active is not false'])],
  );
  const values = { active: true, title: 'Returned' };
  const back = await setValues(simulation, { id: leaver.id, verb, values });
  const read = await simulation.scim.send('GET', resourcePath('Users', leaver.id));
  score.check(
    back,
    [3, 'somebody who returns is the same person, active again'],
    [...hasStatus(back, 200, 204), ...isResource(read, 200, { id: leaver.id, ...values })],
  );
}
