/** The simulators: green against this gateway, red where a server is wrong, and never brought down by one. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ScoreRow } from '../../scripts/simulate/expectations.ts';
import { isGreen, printScorecard } from '../../scripts/simulate/expectations.ts';
import { simulate } from '../../scripts/simulate/simulate.ts';
import { simulators } from '../../scripts/simulate/simulators.ts';
import type { DirectoryKind } from '../../src/core/entities/directory.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { startWrongScimServer, type WrongScimServer } from './wrong-scim-server.ts';

// A whole run is some hundred durable writes; a busy disk may take its time.

const wish = { users: 12, groups: 4, seed: 3, domain: 'acme.example' };
const names = Object.keys(simulators);

const kindOf = (name: string): DirectoryKind => {
  if (name.startsWith('okta')) return 'okta';
  return name.startsWith('entra') ? 'entra' : 'generic';
};

/** Empty when the scorecard is green; else what a person needs to see. */
function printRed(name: string, rows: readonly ScoreRow[]): string {
  const red = rows.filter(({ failures }) => failures > 0);
  return isGreen(rows) ? '' : printScorecard(name, red);
}

async function run(name: string, endpoint: { readonly base: string; readonly token: string }) {
  const simulator = simulators[name];
  if (simulator === undefined) throw new Error(`no simulator named ${name}`);
  return simulate(simulator, { ...wish, ...endpoint });
}

describe('against the gateway', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  test.each(names)(
    '%s: every expectation holds, also in a second run over what the first left behind',
    async (name) => {
      const organization = await gateway.createOrganization();
      const { scimPath, token } = await gateway.createDirectory(organization, kindOf(name));
      for (const _ of [1, 2]) {
        const rows = await run(name, { base: gateway.origin + scimPath, token });
        expect(rows.length).toBeGreaterThan(10);
        expect(printRed(name, rows)).toBe('');
      }
    },
  );

  test('a token that is not known turns every row red, and the run still ends', async () => {
    const organization = await gateway.createOrganization();
    const { scimPath } = await gateway.createDirectory(organization);
    const rows = await run('okta', { base: gateway.origin + scimPath, token: 'ghd_unknown' });
    const green = rows.filter(({ failures }) => failures === 0);
    expect(green.map(({ line }) => line)).toEqual([18]);
  });
});

describe('against a wrong server', () => {
  let server: WrongScimServer;
  let rows: readonly ScoreRow[];
  beforeAll(async () => {
    server = await startWrongScimServer();
    rows = await run('okta', { base: server.base, token: 'anything' });
  });
  afterAll(() => server.close());

  const isRed = (promise: string) => {
    const row = rows.find((candidate) => candidate.promise === promise);
    return row === undefined ? 'never checked' : row.failures > 0;
  };

  test.each([
    ['an Authorization value without a scheme answers 401 with status and detail'],
    ['an id of another shape answers 404 as a SCIM error'],
    ['create echoes no password'],
    ['creating the same userName again answers 409 uniqueness with a detail'],
    ['a userName in capitals finds the person'],
    ['a profile edit by PATCH without a path merges into what is there'],
    ['a whole body put back with id, meta, schemas and groups changes what was edited'],
    ['the look-up finds inactive people too'],
    ['of two equal creates at the same moment one answers 201, the other 409 uniqueness'],
    ['membership changes at the same moment are all kept'],
    ['the group has exactly the members it was given'],
    ['an import sees everything once, in the same order every time'],
    ['a deleted group answers 404'],
  ])('red: %s', (promise) => {
    expect(isRed(promise)).toBe(true);
  });

  test.each([
    ['the connection test reads a list with whole-number totals'],
    ['a look-up without a hit answers 200 and an empty list'],
    ['create answers 201 with id and the values as they were sent'],
    ['unlinking with deletion answers 204'],
  ])('still green: %s', (promise) => {
    expect(isRed(promise)).toBe(false);
  });

  test('each red row keeps a request and its answer', () => {
    const red = rows.filter(({ failures }) => failures > 0);
    expect(red.length).toBeGreaterThan(10);
    for (const { firstFailure } of red) expect(firstFailure?.problems.length).toBeGreaterThan(0);
  });

  test.each(names)('%s finds fault with it and names the fault', async (name) => {
    const faulty = await startWrongScimServer();
    const found = await run(name, { base: faulty.base, token: 'anything' });
    await faulty.close();
    const red = found.filter(({ failures }) => failures > 0);
    expect(red.length).toBeGreaterThan(3);
    for (const { firstFailure } of red) expect(firstFailure?.problems).not.toEqual([]);
  });

  test.each(names)('%s ends with a red scorecard where nobody answers', async (name) => {
    // A port that the system gives to nobody: one that was closed may be another test's the next moment.
    const answers = await run(name, { base: 'http://127.0.0.1:2/scim/v2', token: 'anything' });
    expect(answers.every(({ failures }) => failures > 0)).toBe(true);
    expect(answers.length).toBeGreaterThan(3);
  });
});
