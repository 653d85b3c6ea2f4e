/** Second stage: Gatehouse beside itself, a small directory against a big one in a store of many organizations. */
import { join } from 'node:path';
import type { BenchOptions } from '../options.ts';
import { createDirectory, type GatehouseStore, newStore, startGatehouse } from '../peers/gatehouse.ts';
import type { Scenario } from '../scenario.ts';
import {
  addOneScenario,
  getBareGroupScenario,
  getGroupScenario,
  removeOneScenario,
} from '../scenarios/groups.ts';
import { firstPageScenario, lastPageScenario } from '../scenarios/lists.ts';
import { externalIdScenario, userNameHitScenario, userNameMissScenario } from '../scenarios/people.ts';
import { createPerson, createSubject, failOn, fillPeople, groupsOf, type Subject } from '../subject.ts';
import { longestWaitMs } from '../waits.ts';
import { type Facts, isWanted, runScenarios, type Stage, withSubjects } from './stage.ts';

export const SMALL = 'gatehouse, small';
export const BIG = 'gatehouse, big';
/** What its groups are called, whatever sizes the run asked for. */
export const BIG_GROUP = 'a big group';
export const BIGGEST_GROUP = 'the biggest group';
/** Names of the facts. */
export const RSS_FEW_USERS = 'RSS MB with 1,000 users';
export const RSS_MANY_USERS = 'RSS MB with many users';
export const RSS_LOADED = 'RSS MB with many users and big groups';
const RSS_RESTARTED = 'RSS MB after a restart';
export const RESTART = 'ms to ready after a restart';
export const LONGEST_WAIT = 'ms another request waits at most while the biggest group is read';
const SMALL_SIZE = 1_000;
/** People beyond the biggest group, to be added to it. */
const SPARE = 1_000;

export const growthStage: Stage = {
  name: 'growth',
  async run(folder, options, say) {
    const scenarios = scenariosFor(options);
    if (![...scenarios, { name: 'memory' }].some(({ name }) => isWanted(options, name)))
      return { name: 'growth', results: [], facts: {} };
    const small = newStore(join(folder, 'small'));
    const big = await settledStore(join(folder, 'big'));
    const starts = [
      async () => createSubject(SMALL, (await startGatehouse(small)).peer),
      async () => createSubject(BIG, (await startGatehouse(big)).peer),
    ];
    const result = await withSubjects(starts, async (subjects) => {
      const grown = await grow(subjects, { store: big, options, say });
      const results = await runScenarios(scenarios, subjects, { options, say });
      return { results, facts: { ...grown, ...(await bigGroupFacts(subjects, options)) } };
    });
    return { ...result, name: 'growth', facts: { ...result.facts, ...(await restartFacts(big)) } };
  },
};

/** Started once, so that the organization is there and a later start meets it again. */
async function settledStore(folder: string): Promise<GatehouseStore> {
  const { peer, store } = await startGatehouse(newStore(folder));
  await peer.stop();
  return store;
}

const onBig = { subjects: [BIG] };

function scenariosFor({ manyUsers, bigGroup }: BenchOptions): Scenario[] {
  const big = { ...onBig, label: BIG_GROUP };
  return [
    userNameHitScenario,
    userNameMissScenario,
    externalIdScenario,
    { ...firstPageScenario, ...onBig },
    { ...lastPageScenario, ...onBig },
    addOneScenario(10, onBig),
    addOneScenario(SMALL_SIZE, onBig),
    addOneScenario(bigGroup, big),
    addOneScenario(manyUsers, { ...onBig, label: BIGGEST_GROUP }),
    ...(['path', 'list'] as const).flatMap((form) => [
      removeOneScenario(10, form, onBig),
      removeOneScenario(bigGroup, form, big),
    ]),
    getBareGroupScenario(0, onBig),
    getBareGroupScenario(bigGroup, big),
    getGroupScenario(bigGroup, big),
  ];
}

interface Growth {
  readonly store: GatehouseStore;
  readonly options: BenchOptions;
  readonly say: (line: string) => void;
}

/** Fills both directories and notes the memory of the big one on the way. */
async function grow([small, big]: readonly Subject[], { store, options, say }: Growth): Promise<Facts> {
  if (small === undefined || big === undefined) return {};
  await fillPeople(small, SMALL_SIZE);
  await fillPeople(big, SMALL_SIZE);
  const rssMb = big.peer.cost().rssMb;
  await addOrganizations(big, store, options.otherOrganizations);
  const startedAt = performance.now();
  await fillPeople(big, options.manyUsers + SPARE);
  say(`  ${big.people.length} people after ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  return { [RSS_FEW_USERS]: rssMb, [RSS_MANY_USERS]: big.peer.cost().rssMb };
}

/** Other organizations in the same store, each with a directory and a person of its own. */
async function addOrganizations({ peer }: Subject, store: GatehouseStore, count: number): Promise<void> {
  const { origin } = new URL(peer.base);
  for (let number = 0; number < count; number += 1) {
    const { path, bearer } = await createDirectory({ origin }, store, `other-${number}`);
    const other = createSubject('other', { ...peer, base: origin + path, bearer });
    failOn((await createPerson(other)).fault);
    await other.loader.close();
  }
}

/** Memory with many big groups, and how long another request waits while the biggest group is being read. */
async function bigGroupFacts([, big]: readonly Subject[], options: BenchOptions): Promise<Facts> {
  if (big === undefined || !isWanted(options, 'memory')) return {};
  await groupsOf(big, options.bigGroup, options.groups);
  const [biggest] = await groupsOf(big, options.manyUsers, 1);
  return {
    [RSS_LOADED]: big.peer.cost().rssMb,
    [LONGEST_WAIT]: await longestWaitMs(big, `/Groups/${biggest?.id}`),
  };
}

/** A start over the full store. */
async function restartFacts(store: GatehouseStore): Promise<Facts> {
  const { peer } = await startGatehouse(store);
  const facts = { [RESTART]: peer.readyMs, [RSS_RESTARTED]: peer.cost().rssMb };
  await peer.stop();
  return facts;
}
