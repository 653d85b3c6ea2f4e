/** First stage: Gatehouse beside the ceiling and scimmy, over a directory of ten thousand people. */
import { peerStarts } from '../peers/start.ts';
import type { Scenario } from '../scenario.ts';
import {
  addHundredScenario,
  addOneScenario,
  entraGroupsScenario,
  getBareGroupScenario,
  getGroupScenario,
  removeOneScenario,
} from '../scenarios/groups.ts';
import { bulkScenario, firstPageScenario, lastPageScenario, oktaImportScenario } from '../scenarios/lists.ts';
import {
  createScenario,
  entraUsersScenario,
  externalIdScenario,
  getScenario,
  patchScenario,
  userNameHitScenario,
  userNameMissScenario,
} from '../scenarios/people.ts';
import { createSubject, fillPeople, type Subject } from '../subject.ts';
import { isWanted, runScenarios, type Stage, withSubjects } from './stage.ts';

const PEERS = ['ceiling', 'gatehouse', 'scimmy'];

const afterFilling: readonly Scenario[] = [
  getScenario,
  userNameHitScenario,
  userNameMissScenario,
  externalIdScenario,
  firstPageScenario,
  lastPageScenario,
  patchScenario,
  addOneScenario(10),
  addOneScenario(1_000),
  addHundredScenario,
  removeOneScenario(10, 'path'),
  removeOneScenario(10, 'list'),
  removeOneScenario(1_000, 'path'),
  getGroupScenario(1_000),
  getBareGroupScenario(1_000),
  entraUsersScenario,
  entraGroupsScenario,
  oktaImportScenario,
  bulkScenario(100),
  bulkScenario(1_000),
];

export const comparisonStage: Stage = {
  name: 'comparison',
  run: (folder, options, say) =>
    withSubjects(
      PEERS.map((name) => () => startSubject(name, folder)),
      async (subjects) => {
        const context = { options, say };
        const created = await runScenarios([createScenario], subjects, context);
        const isMoreWanted = afterFilling.some(({ name }) => isWanted(options, name));
        for (const subject of isMoreWanted ? subjects : []) await fillPeople(subject, options.users);
        const others = await runScenarios(afterFilling, subjects, context);
        return { name: 'comparison', results: [...created, ...others], facts: {} };
      },
    ),
};

async function startSubject(name: string, folder: string): Promise<Subject> {
  const start = peerStarts[name];
  if (start === undefined) throw new Error(`There is no server ${name}.`);
  return createSubject(name, await start(folder));
}
