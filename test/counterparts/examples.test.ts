/** The applications of `examples/`, run as their README says: a person signs in, and a sign-out reaches them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createBrowser } from '../support/browser.ts';
import { findFreePort } from '../support/free-port.ts';
import { type PasswordPerson, type Place, startPlace } from './place.ts';
import { type Program, startProgram } from './programs.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');

let place: Place;
let person: PasswordPerson;
const programs: Program[] = [];

beforeAll(async () => {
  place = await startPlace();
  person = await place.addAdmin('acme');
});

afterAll(async () => {
  for (const program of programs) await program.close();
  await place?.close();
});

/** Starts an example on a port of its own, registered as an application; answers its address. */
async function start(name: string): Promise<string> {
  const port = String(await findFreePort());
  const base = `http://localhost:${port}`;
  const { clientId, clientSecret } = await place.addApplication({
    name,
    redirectUris: [`${base}/callback`],
    postLogoutRedirectUris: [`${base}/signed-out`],
    backchannelLogoutUri: `${base}/backchannel-logout`,
  });
  const program = await startProgram({
    command: process.execPath,
    parameters: ['server.mjs'],
    folder: join(EXAMPLES, name),
    env: { PORT: port, ISSUER: `${place.baseUrl}/oidc`, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret },
    ready: `${base}/signed-out`,
  });
  programs.push(program);
  return base;
}

describe('examples', () => {
  test.each(['express', 'no-library'])('%s: signs a person in, in under 80 lines', async (name) => {
    expect(readFileSync(join(EXAMPLES, name, 'server.mjs'), 'utf8').split('\n').length).toBeLessThan(80);
    const base = await start(name);
    const browser = createBrowser();
    const question = await browser.follow(`${base}/sign-in?organization=acme`);
    const page = await place.signInWithPassword(browser, question, person);
    expect(JSON.parse(page.text)).toMatchObject({ email: person.email, org_slug: 'acme', org_role: 'admin' });
  });

  test.each(['express', 'no-library'])('%s: a refused sign-in is a plain page', async (name) => {
    const base = await start(name);
    const browser = createBrowser();
    const sent = await browser.request(`${base}/sign-in`);
    const state = new URL(sent.headers.get('location') ?? '').searchParams.get('state') ?? '';
    const refused = new URLSearchParams({ error: 'access_denied', state, iss: `${place.baseUrl}/oidc` });
    const page = await browser.request(`${base}/callback?${refused}`);
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('Sign in again')]);
    expect(page.text).not.toContain('access_denied');
  });

  test('express: signs out everywhere, and hears of a sign-out elsewhere', async () => {
    const base = await start('express');
    const browser = createBrowser();
    const question = await browser.follow(`${base}/sign-in?organization=acme`);
    await place.signInWithPassword(browser, question, person);
    const left = await browser.follow(`${base}/sign-out`);
    expect([left.url, left.text]).toEqual([`${base}/signed-out`, 'You are signed out.']);
    expect(await place.readSession(browser)).toMatchObject({ code: 'unauthenticated' });

    const other = createBrowser();
    await place.signInWithPassword(other, await other.follow(`${base}/sign-in?organization=acme`), person);
    await other.request(`${place.baseUrl}/sign-out`, {
      method: 'POST',
      headers: { origin: place.baseUrl, 'content-type': 'application/json' },
      body: '{}',
    });
    let page = await other.request(`${base}/`);
    while (page.status === 200) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      page = await other.request(`${base}/`);
    }
    expect(page.status).toBe(302);
  });
});
