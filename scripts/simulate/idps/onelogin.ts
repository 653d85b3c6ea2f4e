/** OneLogin: bodies from an admin's template with nulls, text and SCIM 1.1 leftovers; answers wanted as application/json. */
import { ENTERPRISE_USER, hasStatus, isList, isResource } from '../answers.ts';
import type { Person } from '../population.ts';
import {
  groupAt,
  memberIdsOf,
  type Phase,
  personAt,
  type Simulation,
  type Simulator,
} from '../simulation.ts';
import { equals, lookUp, resourcePath } from '../steps.ts';
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

/** As the default template writes it: no id yet, a status variable, a manager in the old form. */
const templateUser = (person: Person) => ({
  ...plainUser(person),
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', ENTERPRISE_USER],
  id: null,
  active: 'true',
  title: person.title,
  [ENTERPRISE_USER]: {
    department: person.department,
    manager: { managerId: '', displayName: '' },
  },
});

const testConnection: Phase = {
  name: 'connection check',
  async run(simulation) {
    const found = await lookUp(simulation, ['Users', equals('userName', `nobody-${simulation.runId}`)]);
    const promise = 'a look-up of nobody answers an empty list, or 404';
    simulation.score.check(found, [52, promise], found.status === 404 ? [] : isList(found, 0));
  },
};

const readBack: Phase = {
  name: 'template values',
  async run(simulation) {
    const { id, person } = personAt(simulation, 5);
    const read = await simulation.scim.send('GET', resourcePath('Users', id));
    const type = read.headers['content-type'] ?? '';
    simulation.score.check(read, [53, 'a person is read by id'], isResource(read, 200, { id }));
    simulation.score.check(
      read,
      [54, 'text becomes a boolean, empty parts are dropped, the rest is kept'],
      [
        ...isResource(read, 200, { active: true, title: person.title }),
        ...(read.text.includes('managerId') ? ['managerId is in the answer'] : []),
      ],
    );
    simulation.score.check(
      read,
      [55, 'answers are labelled application/json when Accept asks for it'],
      [...(/^application\/json\b/.test(type) ? [] : [`the label is ${type}`])],
    );
  },
};

/** Removal that names people in `value`, as often as the retries make it. */
async function removeTwice(simulation: Simulation): Promise<void> {
  const known = groupAt(simulation, 0);
  const [first = '', ...rest] = memberIdsOf(simulation, known.group);
  for (const _ of [1, 2]) {
    const removed = await removeMembers(simulation, known, [first]);
    const promise = 'a removal with a list of values removes exactly those, also when repeated';
    simulation.score.check(removed, [56, promise], hasStatus(removed, 200, 204));
    await checkMembers(simulation, known, { members: rest, expectation: [56, promise] });
  }
}

export const onelogin: Simulator = {
  title: 'OneLogin',
  manner: {
    headers: { 'user-agent': '', accept: 'application/json' },
    contentType: 'application/scim+json',
    blank: '%20',
  },
  onboarding: [
    testConnection,
    provisionPeople({ line: 53, body: templateUser }),
    readBack,
    provisionGroups(53, addMembers),
  ],
  afterwards: [
    changePeople(53, putEdited),
    { name: 'group churn', run: removeTwice },
    deletePeopleAndGroups(53),
  ],
  deactivate: deactivateBy(patchValues),
};
