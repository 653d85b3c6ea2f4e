/** S156: an existing member takes their company's identity as theirs, by an act of their own and in no other way. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createBrowser, type Page } from '../../support/browser.ts';
import { countOfType } from '../../support/journal-rows.ts';
import { postForm } from '../../support/page-visits.ts';
import { refusalReasons, sessionStatus } from '../../support/sign-in-stage.ts';
import { type Company, openPolicyStage, type Person, type PolicyStage } from './policy-stage.ts';

let stage: PolicyStage;
beforeAll(async () => {
  stage = await openPolicyStage();
});
afterAll(() => stage.close());

const membershipIn = async (person: Pick<Person, 'browser'>) =>
  JSON.parse((await person.browser.request(`${stage.world.gateway.baseUrl}/api/v1/session`)).text);

/** Presses the button on the person's page and goes through the identity provider as this user. */
async function connect(person: Person, email: string): Promise<Page> {
  const { gateway } = stage.world;
  stage.idp.addUser({ email });
  const own = await person.browser.follow(`${gateway.baseUrl}/`);
  const moving = await person.browser.submitForm(own, { form: 'connect' });
  const address = /url=([^"]+)"/.exec(moving.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
  const target = new URL(address);
  target.searchParams.set('login_hint', email);
  return person.browser.signIn(target.href);
}

describe('an existing password member', () => {
  test('S156 is never taken over by a sign-in with their address, proved domain or not', async () => {
    const company = await stage.company({ jit: true });
    const person = await company.member();
    const { page, browser } = await stage.signIn(company, { email: person.email });
    expect(page.status).toBe(403);
    expect(await sessionStatus(stage.world.gateway, browser)).toBe(401);
    expect(await refusalReasons(stage.world.gateway, company)).toEqual(['identity.address_taken']);
    expect(await person.enterPassword()).toBe(303);
  });

  test('S156 connects it on their own page; from then on both ways open the same membership', async () => {
    const company = await stage.company();
    const person = await company.member();
    const page = await connect(person, person.email);
    expect([page.status, new URL(page.url).pathname]).toEqual([200, '/']);
    expect(page.text).not.toContain('Company sign-in</h2>');
    expect(await countOfType(stage.world.gateway.storage, company.id, 'identity.connected')).toBe(1);
    expect(await membershipIn(person)).toMatchObject({
      membershipId: person.membershipId,
      connectionId: company.connection.id,
    });
    const { browser } = await stage.signIn(company, { email: person.email });
    expect(await membershipIn({ browser })).toMatchObject({ membershipId: person.membershipId });
    expect(await person.enterPassword()).toBe(303);
  });

  test('S156 cannot connect an identity with another address, nor one that is somebody else’s', async () => {
    const company = await stage.company();
    const [person, other] = [await company.member(), await company.member()];
    expect((await connect(person, `nobody@${company.domain}`)).status).toBe(403);
    await connect(other, other.email);
    expect((await connect(person, other.email)).status).toBe(403);
    const reasons = await refusalReasons(stage.world.gateway, company);
    expect([...reasons].sort()).toEqual(['identity.already_bound', 'identity.other_address']);
    expect(await membershipIn(person)).toMatchObject({
      membershipId: person.membershipId,
      connectionId: null,
    });
  });

  test('S186 the form needs the token of this very session, and a connection of this organization', async () => {
    const company = await stage.company();
    const [person, other, elsewhere] = [
      await company.member(),
      await company.member(),
      await stage.company(),
    ];
    const csrf = async ({ browser }: Person) => {
      const { text } = await browser.follow(`${stage.world.gateway.baseUrl}/`);
      return /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
    };
    const send = (fields: Record<string, string>, browser = person.browser) =>
      postForm(stage.world.gateway, browser, { path: '/sign-in/connect', fields });
    const connection = company.connection.id;
    expect((await send({ connection })).status).toBe(403);
    expect((await send({ connection, csrf: await csrf(other) })).status).toBe(403);
    expect((await send({ connection: elsewhere.connection.id, csrf: await csrf(person) })).status).toBe(404);
    expect((await send({ connection, csrf: await csrf(person) }, createBrowser())).status).toBe(401);
    expect((await send({ connection, csrf: await csrf(person) })).status).toBe(200);
  });

  test('a directory’s people are offered nothing: it says who is who', async () => {
    const company = await stage.company();
    const person = await company.member();
    await stage.world.gateway.createDirectory({ id: company.id } as Company);
    const { text } = await person.browser.follow(`${stage.world.gateway.baseUrl}/`);
    expect(text).not.toContain('name="connect"');
  });
});
