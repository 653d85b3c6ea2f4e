/** The bench itself: its statistics, its verdicts, and that it refuses to quote a server that answers wrongly. */
import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createLoader } from '../../scripts/bench/loader.ts';
import { readOptions } from '../../scripts/bench/options.ts';
import { person, personBody } from '../../scripts/bench/people.ts';
import { stageReport } from '../../scripts/bench/report.ts';
import { condense, runScenario } from '../../scripts/bench/runner.ts';
import type { Scenario } from '../../scripts/bench/scenario.ts';
import { firstPageScenario, oktaImportScenario } from '../../scripts/bench/scenarios/lists.ts';
import { createScenario, patchScenario, userNameHitScenario } from '../../scripts/bench/scenarios/people.ts';
import { median, quantile, ratio, spread } from '../../scripts/bench/statistics.ts';
import { createSubject, type Subject } from '../../scripts/bench/subject.ts';
import { targets } from '../../scripts/bench/target-list.ts';
import { judge, type Target } from '../../scripts/bench/targets.ts';

describe('statistics', () => {
  test.each([
    ['an odd number of values', [3, 1, 2], 2],
    ['an even number of values', [4, 1, 3, 2], 2.5],
    ['one value', [7], 7],
    ['no value', [], Number.NaN],
  ])('the median of %s', (_what, values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test.each([
    [0.5, 50],
    [0.99, 99],
    [1, 100],
    [0, 1],
  ])('the quantile %d of 1 to 100 is %d', (share, expected) => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(quantile(values, share)).toBe(expected);
  });

  test('a ratio to nothing or of nothing is unknown, never a number', () => {
    expect([ratio(1, 0), ratio(Number.NaN, 1), ratio(1, Number.NaN)]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
    expect(ratio(3, 2)).toBe(1.5);
  });

  test('the spread is the lowest and the highest value', () => {
    expect(spread([2, 9, 4])).toEqual({ lowest: 2, highest: 9 });
    expect(spread([])).toEqual({ lowest: Number.NaN, highest: Number.NaN });
  });

  test('figures are medians over the rounds, each per operation', () => {
    const round = (wallMs: number, cpuMs: number) => ({
      operations: 10,
      wallMs,
      cpuMs,
      latenciesMs: [1, 2, 3],
      faults: [],
    });
    expect(condense([round(1_000, 5), round(100, 30), round(500, 10)])).toEqual({
      rounds: 3,
      operations: 30,
      rate: 20,
      rates: { lowest: 10, highest: 100 },
      cpuMs: 1,
      cpus: { lowest: 0.5, highest: 3 },
      p50Ms: 2,
      p99Ms: 3,
    });
  });
});

/** What a server answers to one request; `body` is what it was sent. */
type Answering = (request: { readonly method: string; readonly url: string; readonly body: unknown }) => {
  readonly status: number;
  readonly body?: unknown;
};

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that answers as told, filled with 200 people as far as the bench knows. */
async function subjectAnswering(answering: Answering): Promise<Subject> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const text = Buffer.concat(chunks).toString();
    const { method = '', url = '' } = request;
    const { status, body } = answering({ method, url, body: text === '' ? undefined : JSON.parse(text) });
    response.writeHead(status).end(body === undefined ? undefined : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const subject = createSubject('fake', {
    pid: process.pid,
    base: `http://127.0.0.1:${address.port}`,
    bearer: 'x',
    readyMs: 0,
    cost: () => ({ cpuMs: 0, rssMb: 0 }),
    stop: async () => {},
  });
  subject.people.push(...people);
  Object.assign(subject, { userCount: people.length, nextNumber: people.length });
  return subject;
}

const people = Array.from({ length: 200 }, (_, number) => ({ ...person(number), id: `id-${number}` }));
const stored = people.map(({ id }, number) => ({ ...personBody(number), id }));
const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
const list = (Resources: readonly unknown[], totalResults = Resources.length) => ({
  status: 200,
  body: { schemas: [LIST], totalResults, Resources },
});

/** What a right server would answer. */
const right: Answering = ({ method, url, body }) => {
  const query = new URL(url, 'http://fake').searchParams;
  const name = /userName eq "(.*)"/.exec(query.get('filter') ?? '')?.[1];
  if (method === 'POST') return { status: 201, body: { ...Object(body), id: 'new' } };
  if (method === 'PATCH') return { status: 204 };
  if (name !== undefined) return list(stored.filter(({ userName }) => userName === name));
  const from = Number(query.get('startIndex')) - 1;
  return list(stored.slice(from, from + Number(query.get('count'))), stored.length);
};

const pace = { rounds: 1, budgetMs: 2_000, scale: 0.01, warmUpMs: 0 };
const run = async (scenario: Scenario, answering: Answering) => {
  const subject = await subjectAnswering(answering);
  const [result] = await runScenario(scenario, [subject], pace);
  await subject.loader.close();
  return result;
};

const faulty: [what: string, scenario: Scenario, answering: Answering, fault: RegExp][] = [
  ['another status', createScenario, () => ({ status: 200, body: stored[0] }), /status 200 instead of 201/],
  ['an outage', createScenario, () => ({ status: 503 }), /status 503/],
  ['an empty body', createScenario, () => ({ status: 201 }), /no id/],
  ['a user without id', createScenario, ({ body }) => ({ status: 201, body }), /no id/],
  [
    'another name',
    createScenario,
    ({ body }) => ({ status: 201, body: { ...Object(body), id: 'x', userName: 'other' } }),
    /userName/,
  ],
  [
    'no e-mail',
    createScenario,
    ({ body }) => ({ status: 201, body: { ...Object(body), id: 'x', emails: [] } }),
    /e-mail/,
  ],
  ['always the first user', userNameHitScenario, () => list([stored[0]]), /another user/],
  ['nobody', userNameHitScenario, () => list([]), /totalResults 0 instead of 1/],
  ['everybody', userNameHitScenario, () => list(stored), /totalResults 200 instead of 1/],
  ['a short page', firstPageScenario, () => list(stored.slice(0, 20), 200), /20 different resources/],
  ['a guessed total', firstPageScenario, () => list(stored.slice(0, 100), 1_000), /totalResults 1000/],
  ['the first page every time', oktaImportScenario, () => list(stored.slice(0, 100), 200), /saw 100 of 200/],
  ['a change it forgets', patchScenario, right, /not there on a later GET/],
  [
    'a PATCH answer without the change',
    patchScenario,
    ({ method }) => (method === 'PATCH' ? { status: 200, body: stored[0] } : { status: 404 }),
    /lacks the change/,
  ],
];

describe('a faulty run is not quoted', () => {
  test.each(faulty)('%s', async (_what, scenario, answering, fault) => {
    const result = await run(scenario, answering);
    expect(result?.figures).toBeUndefined();
    expect(result?.faults.join('\n')).toMatch(fault);
    const text = stageReport({ name: 'x', results: result === undefined ? [] : [result], facts: {} });
    expect(text).toContain('FAULTY');
    expect(text).toContain('FAULT fake');
  });

  test.each([createScenario, userNameHitScenario, firstPageScenario, oktaImportScenario])(
    'but right answers are: $name',
    async (scenario) => {
      const result = await run(scenario, right);
      expect(result?.faults).toEqual([]);
      expect(result?.figures?.operations).toBeGreaterThan(0);
    },
  );

  test('what a server does not offer is skipped with its reason', async () => {
    const result = await run({ ...createScenario, prepare: async () => 'offers none' }, right);
    expect(result).toMatchObject({ figures: undefined, skipped: 'offers none', faults: [] });
  });

  test('only this machine is loaded', () => {
    expect(() => createLoader('http://192.0.2.1/scim/v2', 'x')).toThrow('127.0.0.1 only');
  });
});

describe('targets', () => {
  const target = (bound: Pick<Target, 'atLeast' | 'atMost'>): Target => ({
    number: 1,
    promise: 'p',
    value: { fact: 'f' },
    ...bound,
  });
  const stage = (value: number) => [{ name: 's', results: [], facts: { f: value } }];

  test.each([
    ['reached at the bound', { atMost: 2 }, 2, 'reached'],
    ['missed above it', { atMost: 2 }, 2.1, 'missed'],
    ['reached from below', { atLeast: 2 }, 2, 'reached'],
    ['missed below it', { atLeast: 2 }, 1.9, 'missed'],
  ] as const)('%s', (_what, bound, value, verdict) => {
    expect(judge([target(bound)], stage(value))).toMatchObject([{ value, verdict }]);
  });

  test('nothing is reached that was not measured', () => {
    const verdicts = judge(targets, [{ name: 's', results: [], facts: {} }]);
    expect(new Set(verdicts.map(({ verdict }) => verdict))).toEqual(new Set(['not measured']));
    expect(verdicts.length).toBeGreaterThan(20);
  });
});

describe('options', () => {
  test('a quick run is smaller in every size', () => {
    const full = readOptions([]);
    const quick = readOptions(['--quick']);
    for (const key of ['rounds', 'budgetMs', 'scale', 'users', 'manyUsers', 'groups', 'bigGroup'] as const)
      expect(quick[key]).toBeLessThan(full[key]);
  });

  test.each([['--rounds=0'], ['--rounds=x'], ['--fast']])('%s is refused', (parameter) => {
    expect(() => readOptions([parameter])).toThrow();
  });
});
