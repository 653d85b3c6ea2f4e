/** SailPoint: reads the discovery endpoints, aggregates everything page by page, changes by PATCH or PUT. */
import { CORE_GROUP, CORE_USER, hasStatus, isList, isResource, listAt, textAt, valueAt } from '../answers.ts';
import {
  groupAt,
  knownGroups,
  knownPeople,
  memberIdsOf,
  type Phase,
  personAt,
  type Simulation,
  type Simulator,
} from '../simulation.ts';
import { checkWalks, resourcePath } from '../steps.ts';
import {
  addMembers,
  changePeople,
  checkMembers,
  deactivateBy,
  deletePeopleAndGroups,
  patchValues,
  plainUser,
  provisionGroups,
  provisionPeople,
  putEdited,
  removeMembers,
} from './plain.ts';

const discovery: Phase = {
  name: 'discovery',
  async run(simulation) {
    const { scim, score } = simulation;
    const config = await scim.send('GET', '/ServiceProviderConfig');
    score.check(
      config,
      [62, '/ServiceProviderConfig says what is supported'],
      [
        ...hasStatus(config, 200),
        ...['patch', 'bulk', 'filter', 'changePassword', 'sort', 'etag'].flatMap((name) =>
          typeof valueAt(config.body, name, 'supported') === 'boolean'
            ? []
            : [`${name}.supported is not a boolean`],
        ),
        ...(listAt(config.body, 'authenticationSchemes').length > 0
          ? []
          : ['there are no authenticationSchemes']),
      ],
    );
    await readTypes(simulation);
    const numbers = ['x-rate-limit-remaining', 'x-rate-limit-limit', 'x-rate-limit-reset', 'retry-after'];
    const odd = numbers.filter((name) => !/^\d*$/.test(config.headers[name] ?? ''));
    score.check(
      config,
      [64, 'rate-limit headers, where sent, are whole numbers'],
      [...hasStatus(config, 200), ...odd.map((name) => `${name} is ${config.headers[name]}`)],
    );
  },
};

async function readTypes({ scim, score }: Simulation): Promise<void> {
  for (const path of ['/ResourceTypes', '/Schemas']) {
    const read = await scim.send('GET', path);
    score.check(read, [62, '/ResourceTypes and /Schemas are lists'], isList(read));
  }
  for (const [name, schema] of [
    ['User', CORE_USER],
    ['Group', CORE_GROUP],
  ]) {
    const type = await scim.send('GET', `/ResourceTypes/${name}`);
    const expected = { name, schema, endpoint: `/${name}s` };
    score.check(
      type,
      [62, 'a resource type is read by name'],
      isResource(type, 200, { ...expected, id: name }),
    );
    const described = await scim.send('GET', `/Schemas/${schema}`);
    const problems = textAt(described.body, 'id') === schema ? [] : ['it is another schema'];
    score.check(described, [62, 'a schema is read by URN'], [...hasStatus(described, 200), ...problems]);
  }
}

const aggregation: Phase = {
  name: 'full aggregation',
  async run(simulation) {
    const everything = [
      ['Users', knownPeople(simulation).map(({ id }) => id)],
      ['Groups', knownGroups(simulation).map(({ id }) => id)],
    ] as const;
    for (const [collection, known] of everything) {
      const pageSize = Math.max(1, Math.floor(known.length / 4));
      await checkWalks(simulation, [65, 'an aggregation sees everything once'], {
        collection,
        pageSize,
        known,
      });
    }
    const all = await simulation.scim.send('GET', '/Groups', { query: { startIndex: '1', count: '200' } });
    for (const { group, id } of knownGroups(simulation)) {
      const read = listAt(all.body, 'Resources').find((resource) => textAt(resource, 'id') === id);
      const [listed, expected] = [listAt(read, 'members').length, memberIdsOf(simulation, group).length];
      simulation.score.check(
        all,
        [65, 'groups in a list carry their members'],
        [...(listed === expected ? [] : [`${group.name} has ${listed} members, not ${expected}`])],
      );
    }
  },
};

/** The other verb than the one configured: both are in the field. */
const otherVerb: Phase = {
  name: 'the same by PUT, and membership by PATCH',
  async run(simulation) {
    const { id } = personAt(simulation, 5);
    const put = await putEdited(simulation, id, { title: 'By PUT' });
    simulation.score.check(
      put,
      [63, 'changes by PUT are kept too'],
      isResource(put, 200, { title: 'By PUT' }),
    );
    const path = resourcePath('Users', id);
    const read = await simulation.scim.send('GET', path);
    simulation.score.check(
      read,
      [63, 'what PUT set is read back'],
      isResource(read, 200, { title: 'By PUT' }),
    );
    const known = groupAt(simulation, 0);
    const members = memberIdsOf(simulation, known.group);
    const removed = await removeMembers(simulation, known, members.slice(0, 1));
    simulation.score.check(
      removed,
      [63, 'entitlements are taken away by PATCH'],
      hasStatus(removed, 200, 204),
    );
    const expectation = [63, 'whoever kept the entitlement is still in'] as const;
    await checkMembers(simulation, known, { members: members.slice(1), expectation });
  },
};

export const sailpoint: Simulator = {
  title: 'SailPoint',
  manner: {
    headers: { accept: 'application/scim+json' },
    contentType: 'application/scim+json',
    blank: '%20',
  },
  onboarding: [discovery, provisionPeople({ line: 63, body: plainUser }), provisionGroups(63, addMembers)],
  afterwards: [aggregation, changePeople(63, patchValues), otherVerb, deletePeopleAndGroups(63)],
  deactivate: deactivateBy(patchValues),
};
