/** PingOne and PingFederate: look-ups from a template in any case, people created disabled, members merged or overwritten. */
import { hasStatus, idOf, isError, isResource } from '../answers.ts';
import { groupAt, knownPeople, type Phase, personAt, type Simulator } from '../simulation.ts';
import { checkNobody, checkOnly, lookUp, resourcePath } from '../steps.ts';
import {
  addMembers,
  changePeople,
  checkDeletion,
  checkMembers,
  deactivateBy,
  deletePeopleAndGroups,
  patchValues,
  plainUser,
  provisionGroups,
  provisionPeople,
  putEdited,
  putMembers,
} from './plain.ts';

const quoted = (text: string) => JSON.stringify(text);

const lookUps: Phase = {
  name: 'look-ups from the template',
  async run(simulation) {
    const { id, person } = personAt(simulation, 1);
    for (const filter of [
      `username Eq ${quoted(person.userName)}`,
      `USERNAME EQ ${quoted(person.userName.toUpperCase())}`,
      `emails eq ${quoted(person.email)}`,
      `emails.value Co ${quoted(person.email)}`,
    ]) {
      const found = await lookUp(simulation, ['Users', filter]);
      checkOnly(
        simulation,
        [found, id],
        [60, 'attribute and operator are found in any case, emails by value'],
      );
    }
    checkNobody(simulation, await lookUp(simulation, ['Users', 'username Eq "nobody"']), 60);
    const unknown = await lookUp(simulation, ['Users', `email Co ${quoted(person.email)}`]);
    const promise = 'an attribute that does not exist answers invalidFilter';
    simulation.score.check(unknown, [60, promise], isError(unknown, 400, 'invalidFilter'));
  },
};

const createDisabled: Phase = {
  name: 'people created disabled',
  async run(simulation) {
    const { scim, score, runId, population } = simulation;
    const userName = `disabled-${runId}@${population.domain}`;
    const body = { ...plainUser(personAt(simulation, 0).person), userName, externalId: runId, active: false };
    const emails = [{ type: 'work', value: userName, primary: true }];
    const created = await scim.send('POST', '/Users', { body: { ...body, emails } });
    score.check(created, [61, 'a person is created disabled'], isResource(created, 201, { active: false }));
    const found = await lookUp(simulation, ['Users', `username Eq ${quoted(userName)}`]);
    const id = idOf(created);
    checkOnly(simulation, [found, id], [61, 'somebody created disabled is found']);
    if (id !== '') await checkDeletion(simulation, resourcePath('Users', id), 61);
  },
};

const membership: Phase = {
  name: 'membership: merge and overwrite',
  async run(simulation) {
    const known = groupAt(simulation, 2);
    const ids = knownPeople(simulation).map(({ id }) => id);
    const overwritten = await putMembers(simulation, known, ids.slice(0, 3));
    const merged = await addMembers(simulation, known, ids.slice(2, 5));
    for (const answer of [overwritten, merged]) {
      simulation.score.check(
        answer,
        [61, 'members are overwritten by PUT, merged by PATCH'],
        hasStatus(answer, 200, 204),
      );
    }
    const expectation = [61, 'after overwrite and merge exactly those are in'] as const;
    await checkMembers(simulation, known, { members: ids.slice(0, 5), expectation });
  },
};

export const pingone: Simulator = {
  title: 'PingOne',
  manner: {
    headers: { accept: 'application/scim+json, application/json' },
    contentType: 'application/scim+json; charset=UTF-8',
    blank: '+',
  },
  onboarding: [
    provisionPeople({
      line: 60,
      body: plainUser,
      filter: ({ userName }) => `username Eq ${quoted(userName)}`,
    }),
    provisionGroups(61, putMembers),
  ],
  afterwards: [lookUps, createDisabled, changePeople(61, putEdited), membership, deletePeopleAndGroups(61)],
  deactivate: deactivateBy(patchValues),
};
