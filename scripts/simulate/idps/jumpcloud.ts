/** JumpCloud: tries the server out with a person and a group of its own; then PUT for people, PATCH and PUT for members. */
import { CORE_GROUP, hasStatus, idOf, isResource } from '../answers.ts';
import { groupAt, knownPeople, type Phase, type Simulator } from '../simulation.ts';
import { resourcePath } from '../steps.ts';
import {
  addMembers,
  changePeople,
  checkMembers,
  deactivateBy,
  deletePeopleAndGroups,
  plainUser,
  provisionGroups,
  provisionPeople,
  putEdited,
  putMembers,
  removeMembers,
} from './plain.ts';

/** Activation: a test person and a test group come and go; a person who cannot be deleted is deactivated. */
const activation: Phase = {
  name: 'activation',
  async run(simulation) {
    const { scim, score, runId, population } = simulation;
    const userName = `jumpcloud-test-${runId}@${population.domain}`;
    const emails = [{ type: 'work', value: userName, primary: true }];
    const name = { givenName: 'Test', familyName: 'User' };
    const body = {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName,
      name,
      emails,
      active: true,
    };
    const created = await scim.send('POST', '/Users', { body });
    score.check(created, [57, 'the test person is created'], isResource(created, 201, { userName }));
    const group = { schemas: [CORE_GROUP], displayName: `JumpCloud test ${runId}`, members: [] };
    const grouped = await scim.send('POST', '/Groups', { body: group });
    score.check(grouped, [57, 'the test group is created'], isResource(grouped, 201));
    const path = resourcePath('Users', idOf(created) || 'unknown');
    const removed = await scim.send('DELETE', path);
    const left =
      removed.status === 204 ? removed : await putEdited(simulation, idOf(created), { active: false });
    score.check(
      left,
      [57, 'the test person is deleted, or deactivated where deletion is refused'],
      hasStatus(left, 204, 200),
    );
    const gone = await scim.send('DELETE', resourcePath('Groups', idOf(grouped) || 'unknown'));
    score.check(gone, [57, 'the test group is deleted'], hasStatus(gone, 204));
  },
};

const membership: Phase = {
  name: 'group churn',
  async run(simulation) {
    const known = groupAt(simulation, 1);
    const ids = knownPeople(simulation).map(({ id }) => id);
    const steps = [
      [putMembers, ids.slice(0, 6), ids.slice(0, 6), 'PUT sets the whole membership'],
      [addMembers, ids.slice(4, 8), ids.slice(0, 8), 'PATCH adds whoever is missing'],
      [removeMembers, ids.slice(0, 2), ids.slice(2, 8), 'PATCH removes whom it names'],
    ] as const;
    for (const [change, given, members, promise] of steps) {
      const answer = await change(simulation, known, given);
      simulation.score.check(answer, [59, promise], hasStatus(answer, 200, 204));
      await checkMembers(simulation, known, { members, expectation: [59, promise] });
    }
  },
};

export const jumpcloud: Simulator = {
  title: 'JumpCloud',
  manner: {
    headers: { accept: 'application/scim+json, application/json' },
    contentType: 'application/scim+json',
    blank: '%20',
  },
  onboarding: [activation, provisionPeople({ line: 58, body: plainUser }), provisionGroups(59, addMembers)],
  afterwards: [changePeople(59, putEdited), membership, deletePeopleAndGroups(58)],
  deactivate: deactivateBy(putEdited),
};
