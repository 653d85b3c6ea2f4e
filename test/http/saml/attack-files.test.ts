/** Every file of `test/fixtures/saml/attacks` at the live doors: the exact reason inside, one page outside, and the person it must be. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from '../../support/browser.ts';
import { goodResponse } from '../../support/saml-builder.ts';
import type { CaseStep } from '../../support/saml-case.ts';
import { type CaseWorld, startCaseWorld } from '../../support/saml-case-world.ts';
import { attackIndex, caseOf, fieldOf, isCase } from '../../support/saml-cases.ts';
import { CORP_CONNECTION, CORP_HANDLE, fixtureContext } from '../../support/saml-fixture-context.ts';
import { refusalReasons, setSession } from '../../support/sign-in-stage.ts';

const INDEX = attackIndex();

/** The page but for its reference. */
const faceOf = ({ text }: Page) => text.replace(/<code>[^<]*<\/code>/, '');
/** By door: signing in, and single logout, which has words of its own. */
const faces: Record<'acs' | 'logout', Set<string>> = { acs: new Set(), logout: new Set() };

async function reasonsOf(world: CaseWorld, page: Page): Promise<readonly unknown[]> {
  const found = await Promise.all(
    ['corp', 'rival'].map(async (slug) => {
      const organization = await world.gateway().storage.organizations.findBySlug(slug);
      return organization === undefined ? [] : refusalReasons(world.gateway(), organization, page);
    }),
  );
  return found.flat();
}

test('every line of SAML has a file', () => {
  const lines = new Set(INDEX.map(({ line }) => line));
  const wanted = Array.from({ length: 67 }, (_, index) => `S${index + 1}`);
  expect(wanted.filter((line) => !lines.has(line))).toEqual([]);
});

describe('one message', () => {
  let world: CaseWorld;
  beforeAll(async () => {
    world = await startCaseWorld();
  });
  afterAll(() => world.close());

  const post = async (SAMLResponse: string): Promise<Page> => {
    const form = [
      ['SAMLResponse', SAMLResponse],
      ['RelayState', CORP_HANDLE],
    ] as const;
    const path = `/saml/${CORP_CONNECTION}/acs`;
    const [page] = await world.send({ method: 'POST', path, form, expect: { status: 403 } });
    if (page === undefined) throw new Error('no answer');
    return page;
  };

  test.each(INDEX.filter((entry) => !isCase(entry)))('$line $mutation', async ({ file, reason }) => {
    await world.reopen();
    const page = await post(fieldOf(file));
    expect([page.status, page.headers.getSetCookie()]).toEqual([403, []]);
    expect(await reasonsOf(world, page)).toEqual([reason]);
    faces.acs.add(faceOf(page));
  });

  test('S72 each of them was the last answer to its sign-in: the genuine one comes in to another only', async () => {
    const genuine = goodResponse({ ...fixtureContext(), suffix: '-genuine' });
    expect(setSession(await post(genuine))).toBeUndefined();
    await world.reopen();
    expect(setSession(await post(genuine))).toBeDefined();
  });
});

async function play(world: CaseWorld, step: CaseStep): Promise<void> {
  const pages = await world.send(step);
  const { status, reason, who, location, code, has = [], lacks = [], counts = {} } = step.expect;
  const wanted = typeof status === 'number' ? { [status]: step.times ?? 1 } : status;
  const found = Object.groupBy(pages, (page) => String(page.status));
  expect(Object.fromEntries(Object.entries(found).map(([key, list = []]) => [key, list.length]))).toEqual(
    Object.fromEntries(Object.entries(wanted)),
  );
  const [page] = pages;
  if (page === undefined) throw new Error('no answer');
  if (reason !== undefined) {
    expect(await reasonsOf(world, page)).toEqual([reason]);
    faces[step.path.includes('/logout') ? 'logout' : 'acs'].add(faceOf(page));
  }
  if (location !== undefined) expect(page.headers.get('location')).toBe(location);
  if (code !== undefined) expect(JSON.parse(page.text)).toMatchObject({ code });
  for (const text of has) expect(page.text).toContain(text);
  for (const text of lacks) expect(page.text).not.toContain(text);
  for (const [text, times] of Object.entries(counts)) expect(page.text.split(text)).toHaveLength(times + 1);
  if (who !== undefined) expect(await signedInAs(world, step)).toBe(who);
}

async function signedInAs(world: CaseWorld, { browser }: CaseStep): Promise<string | null> {
  const answer = await world.browser(browser).request(`${world.gateway().origin}/api/v1/session`);
  return answer.status === 200 ? JSON.parse(answer.text).user.email : null;
}

describe('a sequence, or a document', () => {
  test.each(INDEX.filter(isCase))('$line $mutation', async ({ file }) => {
    const { steps, ...about } = caseOf(file);
    const world = await startCaseWorld(about);
    try {
      for (const step of steps) await play(world, step);
    } finally {
      await world.close();
    }
  });
});

test('whatever it was, the page is one and the same but for its reference', () => {
  expect([faces.acs.size, faces.logout.size]).toEqual([1, 1]);
});
