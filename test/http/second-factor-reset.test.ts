/** Back in without phone and recovery codes: who may take a member's second factors away, what goes with them, and who is told. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OrgRole } from '../../src/core/access/roles.ts';
import type { Organization } from '../../src/core/entities/organization.ts';
import { acceptInvitation } from '../../src/core/joining/invitation-acceptance.ts';
import { changeMember } from '../../src/core/members/members.ts';
import { minutes } from '../../src/kernel/clock.ts';
import { createAuthenticator } from '../support/authenticator.ts';
import { createBrowser } from '../support/browser.ts';
import { nextText } from '../support/builders.ts';
import { ask, isSignedIn, mailedPath, tryPassword, turnOnSecondFactor } from '../support/credentials.ts';
import { startGateway, type TestGateway, testCause } from '../support/gateway.ts';
import { aMember, invite, PASSWORD, postForm } from '../support/page-visits.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ isLocalhost: true });
});
afterAll(() => gateway.close());

const newOrganization = () => gateway.createOrganization({ slug: nextText('home') });

async function aPerson(organization: Organization, role: OrgRole = 'member') {
  const person = await aMember(gateway, organization);
  const user = await gateway.storage.users.findByEmail(person.email);
  const membership = user && (await gateway.storage.memberships.findByUser(organization.id, user.id));
  if (user === undefined || membership === undefined) throw new Error('nobody joined');
  const { id } = membership;
  const caller = { kind: 'operator' } as const;
  if (role !== 'member')
    await changeMember(gateway.deps, {
      ...{ organizationId: organization.id, id, caller, cause: testCause },
      change: { orgRole: role },
    });
  return { ...person, userId: user.id, id, path: `/api/v1/organizations/${organization.id}/members/${id}` };
}
type Person = Awaited<ReturnType<typeof aPerson>>;

const reset = (who: Pick<Person, 'browser'>, { path }: Pick<Person, 'path'>) =>
  ask(gateway, who.browser, { path: `${path}/second-factors`, method: 'DELETE' });

const resetAsOperator = ({ path }: Person) =>
  fetch(`${gateway.baseUrl}${path}/second-factors`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${gateway.operatorKey}` },
  });

async function registerPasskey({ browser }: Person) {
  const at = '/api/v1/account/passkeys';
  const options = await ask(gateway, browser, { path: `${at}/options`, body: { currentPassword: PASSWORD } });
  const device = createAuthenticator(gateway.baseUrl);
  const credential = device.register(options.body.challenge);
  await ask(gateway, browser, { path: at, body: { name: 'Phone', credential } });
  return async () => {
    const other = createBrowser();
    const asked = await ask(gateway, other, { path: '/sign-in/passkey/options', body: {} });
    const body = device.signIn(asked.body.challenge, options.body.user.id);
    return (await ask(gateway, other, { path: '/sign-in/passkey', body })).status;
  };
}

describe('a member who has lost everything', () => {
  test('S176, S180: comes back through their mailbox, with a new password and no second step', async () => {
    const organization = await newOrganization();
    const [owner, lost] = [await aPerson(organization, 'owner'), await aPerson(organization)];
    await turnOnSecondFactor(gateway, lost.browser);
    const usePasskey = await registerPasskey(lost);
    expect(await usePasskey()).toBe(204);
    expect((await reset(owner, lost)).status).toBe(204);
    expect(await isSignedIn(gateway, lost.browser)).toBe(false);
    expect(await usePasskey()).toBe(401);
    expect((await tryPassword(gateway, createBrowser(), lost)).status).toBe(401);
    expect(await gateway.storage.recoveryCodes.count(lost.userId)).toBe(0);
    await postForm(gateway, createBrowser(), { path: '/password-reset', fields: { email: lost.email } });
    const link = await mailedPath(gateway, lost.email, 'password-reset');
    const browser = createBrowser();
    const page = await browser.follow(`${gateway.baseUrl}${link}`);
    await browser.submitForm(page, { values: { password: 'another sentence altogether' } });
    const entered = await tryPassword(gateway, createBrowser(), {
      ...lost,
      password: 'another sentence altogether',
    });
    expect(entered.status).toBe(204);
  });

  test('is told by mail with the way to take it back, and the audit says who did it', async () => {
    const organization = await newOrganization();
    const [owner, lost] = [await aPerson(organization, 'owner'), await aPerson(organization)];
    await turnOnSecondFactor(gateway, lost.browser);
    await reset(owner, lost);
    expect(await mailedPath(gateway, lost.email, 'undo')).toBeDefined();
    expect(gateway.mails.at(-1)?.subject).toBe('Your second step was reset');
    const rows = await gateway.storage.auditEvents.list(
      organization.id,
      { type: 'second_factor.reset' },
      { limit: 5 },
    );
    expect(rows).toMatchObject([
      { target: { id: lost.id }, actor: { kind: 'member', membershipId: owner.id } },
    ]);
  });

  test('who has neither factor nor passkey keeps their password: 404', async () => {
    const organization = await newOrganization();
    const [owner, other] = [await aPerson(organization, 'owner'), await aPerson(organization)];
    expect((await reset(owner, other)).body).toMatchObject({ status: 404, code: 'not_found' });
    expect((await tryPassword(gateway, createBrowser(), other)).status).toBe(204);
  });
});

describe('law 8: rights go by rank', () => {
  const rows: readonly [who: OrgRole, whose: OrgRole, status: number][] = [
    ['owner', 'owner', 204],
    ['owner', 'admin', 204],
    ['admin', 'member', 204],
    ['admin', 'admin', 403],
    ['admin', 'owner', 403],
    ['member', 'member', 403],
    ['viewer', 'member', 403],
  ];
  test.each(rows)('%s of %s: %d', async (who, whose, status) => {
    const organization = await newOrganization();
    await aPerson(organization, 'owner');
    const [asking, lost] = [await aPerson(organization, who), await aPerson(organization, whose)];
    await turnOnSecondFactor(gateway, lost.browser);
    expect((await reset(asking, lost)).status).toBe(status);
    const isLeft = (await gateway.storage.secondFactors.find(lost.userId)) !== undefined;
    expect(isLeft).toBe(status !== 204);
  });

  test('nobody their own: it would be the way around the code', async () => {
    const owner = await aPerson(await newOrganization(), 'owner');
    await turnOnSecondFactor(gateway, owner.browser);
    expect((await reset(owner, owner)).body.code).toBe('forbidden');
  });

  test('S106: nobody another organization, exactly as a member that does not exist', async () => {
    const [owner, foreign] = [
      await aPerson(await newOrganization(), 'owner'),
      await aPerson(await newOrganization()),
    ];
    await turnOnSecondFactor(gateway, foreign.browser);
    const here = { path: owner.path.replace(owner.id, foreign.id) };
    const nobody = { path: owner.path.replace(owner.id, 'mem_01jc0000000000000000000000') };
    for (const each of [foreign, here, nobody]) expect((await reset(owner, each)).status).toBe(404);
    expect(await gateway.storage.secondFactors.find(foreign.userId)).toBeDefined();
  });

  test('S192: a sign-in of a while ago is asked for again', async () => {
    const organization = await newOrganization();
    const [owner, lost] = [await aPerson(organization, 'owner'), await aPerson(organization)];
    await turnOnSecondFactor(gateway, lost.browser);
    gateway.clock.advance(minutes(11));
    expect((await reset(owner, lost)).body.code).toBe('step_up_required');
  });
});

test('law 3: whoever is in another organization as well is left to the operator', async () => {
  const [here, there] = [await newOrganization(), await newOrganization()];
  const [owner, lost] = [await aPerson(here, 'owner'), await aPerson(here)];
  const { token } = await invite(gateway, there, { email: lost.email });
  const acceptor = { kind: 'new', name: 'Ada', password: PASSWORD } as const;
  await acceptInvitation(gateway.deps, { token, acceptor, cause: testCause });
  await turnOnSecondFactor(gateway, lost.browser);
  expect((await reset(owner, lost)).body).toMatchObject({ status: 403, code: 'forbidden' });
  expect(await gateway.storage.secondFactors.find(lost.userId)).toBeDefined();
  expect((await resetAsOperator(lost)).status).toBe(204);
  expect(await isSignedIn(gateway, lost.browser)).toBe(false);
  const rows = await gateway.storage.auditEvents.list(
    there.id,
    { type: 'second_factor.reset' },
    { limit: 5 },
  );
  expect(rows).toHaveLength(1);
});
