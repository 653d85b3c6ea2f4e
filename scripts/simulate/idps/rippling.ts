/** Rippling: externalId and employee numbers, groups by PATCH, and a create sent again when its answer got lost. */
import {
  CORE_USER,
  ENTERPRISE_USER,
  hasStatus,
  holds,
  isError,
  isResource,
  patchBody,
  valueAt,
} from '../answers.ts';
import type { Person } from '../population.ts';
import { groupAt, knownPeople, type Phase, personAt, type Simulator } from '../simulation.ts';
import { checkCreateRace, checkMemberRace, checkOnly, equals, lookUp, resourcePath } from '../steps.ts';
import {
  addMembers,
  byUserName,
  changePeople,
  checkDeletion,
  deactivateBy,
  deletePeopleAndGroups,
  patchValues,
  plainUser,
  provisionGroups,
  provisionPeople,
} from './plain.ts';

const employeeNumber = ({ key }: Person) => `E-${key.slice(1).padStart(5, '0')}`;

const employee = (person: Person) => ({
  ...plainUser(person),
  schemas: [CORE_USER, ENTERPRISE_USER],
  [ENTERPRISE_USER]: { employeeNumber: employeeNumber(person), department: person.department },
});

const probeDiscovery: Phase = {
  name: 'discovery',
  async run({ scim, score }) {
    for (const path of ['/ServiceProviderConfig', '/ResourceTypes', '/Schemas']) {
      const read = await scim.send('GET', path);
      score.check(read, [66, 'discovery endpoints answer'], hasStatus(read, 200));
    }
  },
};

const attributes: Phase = {
  name: 'attributes',
  async run(simulation) {
    const { id, person } = personAt(simulation, 4);
    const read = await simulation.scim.send('GET', resourcePath('Users', id));
    const { externalId, email, department } = { ...person };
    simulation.score.check(
      read,
      [66, 'externalId, primary e-mail and employee number are kept'],
      [
        ...isResource(read, 200, { externalId, emails: [{ value: email, primary: true }] }),
        ...holds(valueAt(read.body, ENTERPRISE_USER), { employeeNumber: employeeNumber(person), department }),
      ],
    );
    const number = equals(`${ENTERPRISE_USER}:employeeNumber`, employeeNumber(person));
    for (const filter of [number, equals('externalId', externalId)]) {
      const found = await lookUp(simulation, ['Users', filter]);
      checkOnly(simulation, [found, id], [66, 'people are found by employee number and by externalId']);
    }
  },
};

const lostAnswers: Phase = {
  name: 'lost answers and races',
  async run(simulation) {
    const { scim, score, population, runId } = simulation;
    const { id, person } = personAt(simulation, 5);
    const again = await scim.send('POST', '/Users', { body: employee(person) });
    score.check(again, [67, 'a create sent again answers 409 uniqueness'], isError(again, 409, 'uniqueness'));
    const found = await lookUp(simulation, ['Users', byUserName(person)]);
    checkOnly(simulation, [found, id], [67, 'and the look-up finds the one person']);
    const userName = `race-${runId}@${population.domain}`;
    const emails = [{ type: 'work', value: userName, primary: true }];
    const racer = { ...plainUser(person), userName, emails, externalId: `race-${runId}` };
    const raced = await checkCreateRace(simulation, 67, racer);
    if (raced !== undefined) await checkDeletion(simulation, resourcePath('Users', raced), 67);
    await checkMemberRace(simulation, groupAt(simulation, 1), {
      line: 66,
      people: knownPeople(simulation).slice(0, 6),
      patchFor: (member) => patchBody({ op: 'add', path: 'members', value: [{ value: member.id }] }),
    });
  },
};

export const rippling: Simulator = {
  title: 'Rippling',
  manner: { headers: { accept: '*/*' }, contentType: 'application/scim+json', blank: '%20' },
  onboarding: [
    probeDiscovery,
    provisionPeople({ line: 66, body: employee }),
    provisionGroups(66, addMembers),
  ],
  afterwards: [attributes, lostAnswers, changePeople(66, patchValues), deletePeopleAndGroups(66)],
  deactivate: deactivateBy(patchValues),
};
