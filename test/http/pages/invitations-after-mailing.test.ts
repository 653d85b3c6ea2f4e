/** S173: what becomes of a mailed invitation when its organization changes: the page says it, and nobody joins what is not there. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { invite, PASSWORD, postForm } from '../../support/page-visits.ts';
import { sessionStatus } from '../../support/sign-in-stage.ts';
import { type ApiWorld, startApiWorld } from '../api/api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

const join = { name: 'Bob', password: PASSWORD };
const operator = (request: string, body?: unknown) => world.send(world.operator, request, body);
const open = (path: string) => createBrowser().follow(`${world.gateway.baseUrl}${path}`);

async function anInvitation() {
  const organization = await world.newOrganization({ name: 'Before Co' });
  return { organization, ...(await invite(world.gateway, organization)) };
}

test('S173 renamed: the page says the new name, and the invited person joins it', async () => {
  const { organization, path, email } = await anInvitation();
  const [name, slug] = ['After Co', nextText('after')];
  await operator(`patch /organizations/${organization.id}`, { name, slug });
  const page = await open(path);
  expect([page.text.includes('After Co'), page.text.includes('Before Co')]).toEqual([true, false]);
  expect((await postForm(world.gateway, createBrowser(), { path, fields: join })).status).toBe(303);
  const { body } = await operator(`get /organizations/${slug}/members?q=${encodeURIComponent(email)}`);
  expect(body.items).toMatchObject([{ email, status: 'active' }]);
});

const ENDS: readonly (readonly [what: string, end: (organization: Organization) => Promise<unknown>])[] = [
  ['deleted', ({ id }) => operator(`delete /organizations/${id}`)],
  ['given to a directory', ({ id }) => operator(`post /organizations/${id}/directories`, { kind: 'okta' })],
];

test.each(ENDS)(
  'S173 %s: the page of every dead link covers it, nobody joins, and asking promises no mail',
  async (_what, end) => {
    const { organization, path, email } = await anInvitation();
    await end(organization);
    const [dead, unknown] = [await open(path), await open('/invitations/ghi_unknown')];
    expect([dead.status, dead.text]).toEqual([404, unknown.text]);
    for (const words of ['takes nobody in this way any more', 'no longer exists'])
      expect(dead.text).toContain(words);
    const browser = createBrowser();
    const posted = await postForm(world.gateway, browser, { path, fields: join });
    expect([posted.status, posted.text]).toEqual([404, unknown.text]);
    expect(await sessionStatus(world.gateway, browser)).toBe(401);
    expect(await world.gateway.storage.users.findByEmail(email)).toBeUndefined();
    await world.gateway.deliverMails();
    const before = world.gateway.mails.length;
    const visitor = createBrowser();
    const asked = await visitor.submitForm(await visitor.follow(`${world.gateway.baseUrl}${path}`), {
      form: 'ask',
    });
    await world.gateway.deliverMails();
    expect([asked.text.includes('still invites people'), asked.text.includes('Look out')]).toEqual([
      true,
      false,
    ]);
    expect(world.gateway.mails).toHaveLength(before);
  },
);
