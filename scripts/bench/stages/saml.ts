/** SAML: what judging a response costs, and what a hundred heavy sign-ins a second do to those who look people up. */
import { setTimeout as wait } from 'node:timers/promises';
import { oneHitFault } from '../answers.ts';
import { type Crowd, createCrowd } from '../crowd.ts';
import { firstInLine } from '../first-in-line.ts';
import type { BenchOptions } from '../options.ts';
import { newStore, startGatehouse } from '../peers/gatehouse.ts';
import { addSamlCompany, groupNames, type SamlCompany } from '../saml-company.ts';
import { eventLoopDelays, judgementsPerSecond } from '../saml-costs.ts';
import { median, quantile } from '../statistics.ts';
import { createSubject, failOn, fillPeople, type Subject } from '../subject.ts';
import { type Facts, isWanted, type Stage, withSubjects } from './stage.ts';

const PER_SECOND = 100;
const HEAVY = 150;
const SIZES = { small: 2, heavy: HEAVY } as const;
const OURS = (size: string) => `SAML judgements per CPU second, ${size}`;
const THEIRS = (size: string) => `node-saml judgements per CPU second, ${size}`;

/** Names of the facts. */
export const JUDGED = { small: OURS('small'), heavy: OURS('heavy') };
export const NODE_SAML = { small: THEIRS('small'), heavy: THEIRS('heavy') };
const LOOK_UP = 'ms p99 of a userName look-up';
const namesOf = (where: string) => ({
  idle: `${LOOK_UP}, nobody signs in, ${where}`,
  busy: `${LOOK_UP}, 100 heavy SAML sign-ins a second, ${where}`,
});
/** Whoever asks and the thread that answers never wait for a processor, as if the machine had enough: what is left is the event loop. */
export const ENOUGH = namesOf('enough processors');
/** Whoever asks never waits for a processor; gateway, judge and crowd share what this machine has. */
export const SHARED = namesOf('processors shared');

/** Heavy: 150 groups. */
export const samlStage: Stage = {
  name: 'saml',
  async run(folder, options, say) {
    if (!isWanted(options, 'SAML')) return { name: 'saml', results: [], facts: {} };
    const costs = await costFacts(options);
    say('  SAML judgements');
    const { peer, store } = await startGatehouse(newStore(folder));
    const facts = await withSubjects([async () => createSubject('gatehouse', peer)], async ([subject]) => {
      if (subject === undefined) return {};
      await fillPeople(subject, 1_000);
      const place = { origin: new URL(peer.base).origin, operatorKey: store.operatorKey };
      return crowdFacts(subject, await addSamlCompany(place, 'measured'), options);
    });
    say('  SAML beside SCIM');
    return { name: 'saml', results: [], facts: { ...costs, ...facts } };
  },
};

async function costFacts(options: BenchOptions): Promise<Facts> {
  const facts: Record<string, number> = {};
  for (const [size, groups] of Object.entries(SIZES)) {
    const found = await judgementsPerSecond(groups, options);
    facts[OURS(size)] = found.gatehouse;
    facts[THEIRS(size)] = found['node-saml'];
  }
  const delays = await eventLoopDelays(HEAVY, options.budgetMs);
  return {
    ...facts,
    'ms p99 event-loop delay while heavy responses are judged': delays.gatehouse,
    'ms p99 event-loop delay while node-saml judges them': delays.nodeSaml,
  };
}

/**
 * Rounds with and without a crowd, in turn; medians of their p99. Gateway, crowd and bench share the processors, and a look-up
 * is no slower because whoever asked is not let near one: the thread that asks goes first, with and without the crowd.
 */
async function crowdFacts(subject: Subject, company: SamlCompany, options: BenchOptions): Promise<Facts> {
  const crowd = createCrowd();
  const rounds = (names: typeof ENOUGH) => () => crowdRounds(subject, { company, crowd, names }, options);
  try {
    const shared = await firstInLine([process.pid], rounds(SHARED));
    const enough = await firstInLine([process.pid, subject.peer.pid], rounds(ENOUGH));
    const areFirst = shared.areFirst && enough.areFirst;
    const allowed = { 'the machine lets threads go first for a processor (1: yes)': areFirst ? 1 : 0 };
    return { ...shared.result, ...enough.result, ...allowed };
  } finally {
    await crowd.close();
  }
}

interface Busy {
  readonly company: SamlCompany;
  readonly crowd: Crowd;
  readonly names: typeof ENOUGH;
}

async function crowdRounds(
  subject: Subject,
  { company, crowd, names }: Busy,
  { rounds, budgetMs }: BenchOptions,
): Promise<Facts> {
  const ms = budgetMs * 2;
  const place = { origin: new URL(subject.peer.base).origin, path: company.acsPath, perSecond: PER_SECOND };
  const [idle, busy]: [number[], number[]] = [[], []];
  const statuses = new Map<number, number>();
  for (let round = 0; round <= rounds; round += 1) {
    const alone = await lookUps(subject, ms);
    const forms = prepared(subject, company, Math.ceil((ms / 1000) * PER_SECOND));
    const sent = crowd.send({ ...place, forms });
    const beside = await lookUps(subject, ms);
    const answered = await sent;
    if (round === 0) continue;
    idle.push(quantile(alone, 0.99));
    busy.push(quantile(beside, 0.99));
    for (const status of answered) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  for (const status of statuses.keys())
    failOn([303, 429].includes(status) ? undefined : `status ${status} for a SAML sign-in`);
  return {
    [names.idle]: median(idle),
    [names.busy]: median(busy),
    [`${names.busy}: let in`]: statuses.get(303) ?? 0,
    [`${names.busy}: told to come back`]: statuses.get(429) ?? 0,
  };
}

/** Forms that a browser would post. */
function prepared({ people }: Subject, company: SamlCompany, count: number): readonly string[] {
  const respond = company.responder(groupNames(HEAVY));
  return Array.from({ length: count }, (_, index) => {
    const response = respond(people[index % people.length]?.userName ?? '');
    return new URLSearchParams({ SAMLResponse: response }).toString();
  });
}

/** One after another for so long; answers how long each took, ms. */
async function lookUps({ loader, people }: Subject, ms: number): Promise<readonly number[]> {
  const times: number[] = [];
  const endsAt = performance.now() + ms;
  for (let index = 0; performance.now() < endsAt; index += 7) {
    const one = people[index % people.length];
    if (one === undefined) throw new Error('nobody to look up');
    const filter = encodeURIComponent(`userName eq "${one.userName}"`);
    const answer = await loader.call('GET', `/Users?filter=${filter}`);
    failOn(oneHitFault(answer, one));
    times.push(answer.ms);
    await wait(2);
  }
  return times;
}
