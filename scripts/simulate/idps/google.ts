/** Google Workspace: plain JSON media type, no groups for custom apps, deletion some time after deactivation. */
import { hasStatus, isList } from '../answers.ts';
import { type Phase, personAt, type Simulator } from '../simulation.ts';
import { checkCreateRace, checkWalks, resourcePath } from '../steps.ts';
import {
  changePeople,
  checkDeletion,
  deactivateBy,
  patchValues,
  plainUser,
  provisionPeople,
} from './plain.ts';

const testConnection: Phase = {
  name: 'connection test',
  async run({ scim, score }) {
    const read = await scim.send('GET', '/Users', { query: { startIndex: '1', count: '1' } });
    score.check(read, [51, 'a small read of people answers'], isList(read));
  },
};

/** 406 or 415 for `application/json` is what breaks this one. */
const plainJson: Phase = {
  name: 'plain JSON',
  async run(simulation) {
    const { scim, score, population, runId } = simulation;
    const { id } = personAt(simulation, 4);
    const body = { ...plainUser(personAt(simulation, 4).person), nickName: 'G' };
    const put = await scim.send('PUT', resourcePath('Users', id), { body });
    score.check(put, [50, 'Content-Type application/json is taken'], hasStatus(put, 200));
    const bare = await scim.send('GET', '/Users', { headers: { accept: '*/*' } });
    score.check(bare, [50, 'any Accept value is answered'], isList(bare));
    const userName = `race-${runId}@${population.domain}`;
    const racer = { ...body, userName, externalId: `race-${runId}`, emails: [{ value: userName }] };
    const raced = await checkCreateRace(simulation, 51, racer);
    if (raced !== undefined) await checkDeletion(simulation, resourcePath('Users', raced), 51);
    const walk = { collection: 'Users', pageSize: 5, known: [id] } as const;
    await checkWalks(simulation, [51, 'a reconciliation sees everybody once'], walk);
  },
};

const purge: Phase = {
  name: 'deletion after the delay',
  async run(simulation) {
    const { id, person } = personAt(simulation, 3);
    await deactivateBy(patchValues)(simulation, person);
    await checkDeletion(simulation, resourcePath('Users', id), 51);
  },
};

export const google: Simulator = {
  title: 'Google Workspace',
  manner: {
    headers: { 'user-agent': 'Google-Auto-Provisioning', accept: 'application/json' },
    contentType: 'application/json',
    blank: '%20',
  },
  onboarding: [testConnection, provisionPeople({ line: 51, body: plainUser })],
  afterwards: [changePeople(51, patchValues), plainJson, purge],
  deactivate: deactivateBy(patchValues),
};
