/** Whether the time of an answer tells who has an account (S155): the same question for known, unknown and malformed addresses, in turn. */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';
import { newStore, postJson, startGatehouse, text } from '../peers/gatehouse.ts';
import { quantile } from '../statistics.ts';
import { createSubject, failOn } from '../subject.ts';
import { type Facts, isWanted, type Stage, withSubjects } from './stage.ts';

/**
 * Names of the facts: the slowest of the three kinds of address beside the fastest. Of each kind the lower quartile, which the
 * gateway decides: the median is the scheduler's where other programs want the processor, too.
 */
export const ROUTED = 'strangers: e-mail routing, slowest kind of address beside the fastest';
export const REFUSED = 'strangers: wrong password, slowest kind of address beside the fastest';
export const RESET = 'strangers: forgotten password, slowest kind of address beside the fastest';

const PEOPLE = 12;
const PASSWORD = 'a sentence nobody guesses';
const PAUSE_MS = 5;
/** A mail is begun 100 ms after the answer: by then it is over, and weighs on nobody's time. */
const MAIL_PAUSE_MS = 150;

const KINDS = ['known', 'unknown', 'malformed'] as const;
type Kind = (typeof KINDS)[number];

interface Question {
  readonly fact: string;
  /** Of the rounds: what takes longer is asked for less often. */
  readonly share: number;
  ask(origin: string, email: string): Promise<{ readonly status: number; readonly ms: number }>;
}

const timed = async (url: string, body?: object) => {
  const startedAt = performance.now();
  const json = { 'content-type': 'application/json', origin: new URL(url).origin };
  const answer = await request(
    url,
    body === undefined ? {} : { method: 'POST', headers: json, body: JSON.stringify(body) },
  );
  await answer.body.dump();
  return { status: answer.statusCode, ms: performance.now() - startedAt };
};

const QUESTIONS: readonly Question[] = [
  {
    ...{ fact: ROUTED, share: 1 },
    ask: (origin, email) => timed(`${origin}/sign-in?organization=${encodeURIComponent(email)}`),
  },
  {
    ...{ fact: REFUSED, share: 0.25 },
    ask: (origin, email) => timed(`${origin}/sign-in/password`, { email, password: 'not that sentence' }),
  },
  { ...{ fact: RESET, share: 0.5 }, ask: (origin, email) => timed(`${origin}/password-reset`, { email }) },
];

export const strangersStage: Stage = {
  name: 'strangers',
  async run(folder, options, say) {
    if (!isWanted(options, 'strangers')) return { name: 'strangers', results: [], facts: {} };
    const { peer, store } = await startGatehouse(newStore(folder));
    const facts = await withSubjects([async () => createSubject('gatehouse', peer)], async () => {
      const { origin } = new URL(peer.base);
      await addPeople(origin, store.operatorKey);
      const found: Record<string, number> = {};
      for (const question of QUESTIONS) {
        const rounds = Math.round((options.isQuick ? 60 : 240) * question.share);
        Object.assign(found, await compare(origin, question, rounds));
        say(`  ${question.fact}: ${found[question.fact]?.toFixed(3)}`);
      }
      return found;
    });
    return { name: 'strangers', results: [], facts };
  },
};

const knownAddress = (number: number): string => `person${number}@strangers.example`;

/** People with passwords, in an organization without a directory. */
async function addPeople(origin: string, operatorKey: string): Promise<void> {
  const api = `${origin}/api/v1`;
  await postJson(`${api}/organizations`, operatorKey, { name: 'Strangers', slug: 'strangers' });
  for (let number = 0; number < PEOPLE; number += 1) {
    const body = { email: knownAddress(number), role: 'member', delivery: 'link' };
    const made = await postJson(`${api}/organizations/strangers/invitations`, operatorKey, body);
    const token = new URL(text(made, 'url')).pathname.split('/').pop();
    const accepted = await timed(`${api}/invitations/${token}/accept`, {
      ...{ name: 'Somebody', password: PASSWORD },
    });
    failOn(accepted.status === 200 ? undefined : `an invitation was not accepted: ${accepted.status}`);
  }
}

/** As long as a known one, and never the same twice. */
function addressOf(kind: Kind, number: number): string {
  if (kind === 'known') return knownAddress(number % PEOPLE);
  const name = randomBytes(4).toString('hex').slice(0, 7);
  return kind === 'unknown' ? `${name}@strangers.example` : `${name}@strangers..exampl`;
}

/** One after the other, each round in another order, so that whatever else the machine does meets all kinds alike. */
async function compare(origin: string, { fact, ask }: Question, rounds: number): Promise<Facts> {
  const times: Record<Kind, number[]> = { known: [], unknown: [], malformed: [] };
  const statuses = new Set<number>();
  for (let round = -10; round < rounds; round += 1)
    for (const kind of shuffled(round)) {
      // The same one before each, so that all find the server as warm.
      if (fact !== REFUSED) await ask(origin, addressOf('unknown', 0));
      const { status, ms } = await ask(origin, addressOf(kind, round + 10));
      statuses.add(status);
      if (round >= 0) times[kind].push(ms);
      await wait(fact === RESET ? MAIL_PAUSE_MS : PAUSE_MS);
    }
  failOn(statuses.size === 1 ? undefined : `${fact}: not one answer for all, but ${[...statuses]}`);
  const quartiles = KINDS.map((kind) => quantile(times[kind], 0.25));
  const short = fact.split(',', 1)[0];
  return {
    [fact]: Math.max(...quartiles) / Math.min(...quartiles),
    ...Object.fromEntries(
      KINDS.map((kind, index) => [`${short}, ms, ${kind}`, quartiles[index] ?? Number.NaN]),
    ),
  };
}

/** All six orders in turn: none comes behind the same other one more often. */
function shuffled(round: number): readonly Kind[] {
  const [first, second, third] = KINDS;
  const turned: readonly (readonly Kind[])[] = [
    [first, second, third],
    [second, third, first],
    [third, first, second],
    [first, third, second],
    [third, second, first],
    [second, first, third],
  ];
  return turned[Math.abs(round) % turned.length] ?? KINDS;
}
