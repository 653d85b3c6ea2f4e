/** The odd requests of Microsoft's own test collection and of the gallery's validator, which real tenants send too. */
import {
  CORE_USER,
  hasStatus,
  idOf,
  isError,
  isList,
  isResource,
  listAt,
  patchBody,
  valueAt,
} from '../answers.ts';
import { type Phase, personAt, type Simulation } from '../simulation.ts';
import { checkOnly, equals, lookUp, resourcePath } from '../steps.ts';

/** Schemas as the gallery reads them, text where a boolean belongs, names in other case, a page that starts at 0. */
export const oddities: Phase = {
  name: 'oddities of the gallery',
  async run(simulation) {
    await readSchemas(simulation);
    await createWithText(simulation);
    await readOddly(simulation);
    await repeatLostCreate(simulation);
  },
};

async function readSchemas({ scim, score }: Simulation): Promise<void> {
  const read = await scim.send('GET', '/Schemas');
  const core = listAt(read.body, 'Resources').find((schema) => valueAt(schema, 'id') === CORE_USER);
  const [attribute] = listAt(core, 'attributes');
  score.check(
    read,
    [44, '/Schemas is a list in camelCase without nulls'],
    [
      ...isList(read),
      ...(core === undefined ? ['the core User schema is missing'] : []),
      ...(typeof valueAt(attribute, 'multiValued') === 'boolean'
        ? []
        : ['multiValued is missing or spelled otherwise']),
      ...(/:\s*null\b/.test(read.text) ? ['there are nulls'] : []),
    ],
  );
}

async function createWithText(simulation: Simulation): Promise<void> {
  const { scim, score, population, runId } = simulation;
  const value = `odd-${runId}@${population.domain}`;
  const body = {
    schemas: [CORE_USER],
    userName: value,
    active: 'True',
    emails: [{ primary: 'True', type: 'work', value }],
  };
  const created = await scim.send('POST', '/Users', { body });
  const emails = [{ primary: true, type: 'work', value }];
  score.check(
    created,
    [47, 'booleans given as text on create become booleans'],
    isResource(created, 201, { active: true, emails }),
  );
  if (idOf(created) === '') return;
  const path = resourcePath('Users', idOf(created));
  const patch = patchBody({ op: 'Replace', path: 'ActiVe', value: 'fAlSe' });
  const patched = await scim.send('PATCH', path, { body: patch });
  const read = await scim.send('GET', path);
  score.check(
    patched,
    [47, 'an attribute name in any case is the same attribute'],
    [...hasStatus(patched, 200, 204), ...isResource(read, 200, { active: false })],
  );
  await scim.send('DELETE', path);
}

async function readOddly(simulation: Simulation): Promise<void> {
  const { scim, score } = simulation;
  const { id, person } = personAt(simulation, 8);
  const fromZero = await scim.send('GET', '/Users', { query: { startindex: '0', count: '2' } });
  score.check(fromZero, [47, 'a start at 0 is a start at 1'], isList(fromZero));
  const wanted = { attributes: 'userName,emails[type eq "work"]' };
  const found = await lookUp(simulation, ['Users', equals('userName', person.userName)], wanted);
  checkOnly(simulation, [found, id], [47, 'an attribute wish with a filter inside is no error']);
}

/** A create whose answer got lost is sent again in a later cycle: refused, and the look-up finds the first one. */
async function repeatLostCreate(simulation: Simulation): Promise<void> {
  const { id, person } = personAt(simulation, 9);
  const { userName, externalId } = person;
  const body = { schemas: [CORE_USER], userName, externalId, active: true };
  const again = await simulation.scim.send('POST', '/Users', { body });
  simulation.score.check(
    again,
    [49, 'a repeated create answers 409 uniqueness'],
    isError(again, 409, 'uniqueness'),
  );
  const found = await lookUp(simulation, ['Users', equals('userName', userName)]);
  checkOnly(simulation, [found, id], [49, 'after a repeated create the look-up finds the first person']);
}
