/** Who would be cut off: read before single sign-on is required, and true afterwards. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { listInSteps } from '../../../src/core/members/connected-members.ts';
import { createBrowser } from '../../support/browser.ts';
import { mailedPath } from '../../support/credentials.ts';
import { postForm } from '../../support/page-visits.ts';
import { pushPerson, sessionStatus } from '../../support/sign-in-stage.ts';
import { type Company, openPolicyStage, type Person, type PolicyStage } from './policy-stage.ts';

let stage: PolicyStage;
beforeAll(async () => {
  stage = await openPolicyStage();
});
afterAll(() => stage.close());

const operator = (request: string, body?: unknown) => stage.world.send(stage.world.operator, request, body);
const idsOf = (answer: { readonly body: { readonly items: readonly { readonly id: string }[] } }) =>
  answer.body.items.map(({ id }) => id);
const listed = async ({ base }: Company, query: string) =>
  idsOf(await operator(`get ${base}/members?${query}`));

async function connect(company: Company, person: Person): Promise<void> {
  await stage.signIn(company, person);
  const path = (await mailedPath(stage.world.gateway, person.email, 'connect')) ?? 'no link';
  expect((await postForm(stage.world.gateway, createBrowser(), { path })).status).toBe(303);
}

test('the list before requiring single sign-on names those who are cut off by it, page by page, and nobody else', async () => {
  const company = await stage.company();
  const [owner, ada] = [await company.member('owner'), await company.member()];
  const [bob, gone] = [await company.member(), await company.member()];
  await connect(company, bob);
  await operator(`patch ${company.base}/members/${gone.membershipId}`, { status: 'suspended' });
  const cutOff = [owner.membershipId, ada.membershipId].toSorted();
  expect(await listed(company, 'connected=false&status=active')).toEqual(cutOff);
  expect(await listed(company, 'connected=true')).toEqual([bob.membershipId]);
  // Addresses that begin with it come first, in their own order.
  const searched = await listed(company, 'connected=false&status=active&q=ada');
  expect(searched.toSorted()).toEqual(cutOff);
  expect(await listed(company, 'connected=false&status=active&q=nobody')).toEqual([]);

  const first = await operator(`get ${company.base}/members?connected=false&status=active&limit=1`);
  const second = await operator(
    `get ${company.base}/members?connected=false&status=active&limit=1&cursor=${first.body.nextCursor}`,
  );
  expect([...idsOf(first), ...idsOf(second), second.body.nextCursor]).toEqual([...cutOff, null]);

  const untested = await operator(`patch ${company.base}`, { ssoPolicy: 'required' });
  expect([untested.status, untested.body.code]).toEqual([409, 'sso_test_required']);
  expect(untested.body.whatToDo).toContain('cut off 2 active members not connected yet');
  const required = await stage.requireSso(company, bob);
  expect(required.body).toMatchObject({ ssoPolicy: 'required', notConnected: { count: 2, isMore: false } });
  for (const person of [owner, ada]) {
    expect(await sessionStatus(stage.world.gateway, person.browser)).toBe(401);
    expect(await person.enterPassword()).not.toBe(303);
  }
  const inside = await stage.signIn(company, bob);
  expect(await sessionStatus(stage.world.gateway, inside.browser)).toBe(200);
  const unchanged = await operator(`patch ${company.base}`, { ssoPolicy: 'required' });
  expect([unchanged.status, unchanged.body.notConnected]).toEqual([200, undefined]);
});

test('looked for in steps of any size, the list is the same', async () => {
  const company = await stage.company();
  const [ada, bob] = [await company.member(), await company.member()];
  await connect(company, await company.member());
  const cutOff = [ada.membershipId, bob.membershipId].toSorted();
  const { storage } = stage.world.gateway;
  for (const stepSize of [1, 2, 3])
    for (const limit of [1, 2, 9]) {
      const filter = { status: 'active', connected: { isConnected: false, by: 'identity' } } as const;
      const reading = { storage, pause: async () => {} };
      const found = await listInSteps(reading, company.id, { filter, page: { limit }, stepSize });
      expect(found.map(({ id }) => id)).toEqual(cutOff.slice(0, limit));
    }
});

test('an identity at a connection that is not active connects nobody', async () => {
  const company = await stage.company();
  const bob = await company.member();
  await connect(company, bob);
  await operator(`patch ${company.base}/connections/${company.connection.id}`, { status: 'disabled' });
  expect(await listed(company, 'connected=false')).toEqual([bob.membershipId]);
});

test('403 for who does not manage single sign-on; an owner reads it', async () => {
  const company = await stage.company();
  const [owner, admin] = [await company.member('owner'), await company.member('admin')];
  const refused = await admin.send(`get ${company.base}/members?connected=false`);
  expect([refused.status, refused.body.code, refused.body.field]).toEqual([403, 'forbidden', 'connected']);
  const { body } = await owner.send(`get ${company.base}/members?connected=false`);
  expect(idsOf({ body })).toEqual([owner.membershipId, admin.membershipId].toSorted());
});

test('nobody is counted for whoever may not decide it', async () => {
  const company = await stage.company();
  const role = {
    key: 'sign-on',
    name: 'Sign-on',
    rank: 250,
    permissions: ['members.read', 'organization.update', 'sso.manage'],
  };
  expect((await operator('post /roles', role)).body).toMatchObject({ key: 'sign-on' });
  const ada = await company.member('admin');
  const given = await operator(`patch ${company.base}/members/${ada.membershipId}`, { orgRole: role.key });
  expect(given.status).toBe(200);
  const looks = jest.spyOn(stage.world.gateway.storage.memberships, 'findNth');
  const refused = await ada.send(`patch ${company.base}`, { ssoPolicy: 'required' });
  expect([refused.status, refused.body.code, refused.body.field]).toEqual([403, 'forbidden', 'ssoPolicy']);
  expect(looks).not.toHaveBeenCalled();
  const untested = await operator(`patch ${company.base}`, { ssoPolicy: 'required' });
  expect([untested.body.code, looks.mock.calls.length]).toEqual(['sso_test_required', 1]);
  looks.mockRestore();
});

test('in a directory-managed organization whoever the directory holds as active is connected, members by hand are not', async () => {
  const company = await stage.company();
  const byHand = await company.member();
  const directory = await stage.world.gateway.createDirectory({ id: company.id });
  const pushed = await pushPerson(stage.world.gateway, directory, { userName: `held@${company.domain}` });
  const resting = await pushPerson(stage.world.gateway, directory, {
    ...{ userName: `resting@${company.domain}`, isActive: false },
  });
  expect(await listed(company, 'connected=true')).toEqual([pushed.membershipId]);
  expect(await listed(company, 'connected=false')).toEqual(
    [byHand.membershipId, resting.membershipId].toSorted(),
  );
  expect(await listed(company, 'connected=false&status=active')).toEqual([byHand.membershipId]);
});
