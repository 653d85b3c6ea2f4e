/** Somebody with an account elsewhere joins an organization that requires single sign-on: link, account and identity provider together. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { acceptInvitation } from '../../../src/core/joining/invitation-acceptance.ts';
import { resendInvitation } from '../../../src/core/joining/invitation-changes.ts';
import { mailedLink } from '../../../src/core/joining/invitation-links.ts';
import { mayJoinBySignOn } from '../../../src/core/joining/joining-by-sign-on.ts';
import { days } from '../../../src/kernel/clock.ts';
import { type Browser, createBrowser, type Page } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { testCause } from '../../support/gateway.ts';
import { readForms } from '../../support/html-forms.ts';
import { invite, PASSWORD, postForm } from '../../support/page-visits.ts';
import { refusalReasons, sessionStatus } from '../../support/sign-in-stage.ts';
import { type Company, openPolicyStage, type PolicyStage } from './policy-stage.ts';

let stage: PolicyStage;
beforeAll(async () => {
  stage = await openPolicyStage();
});
afterAll(() => stage.close());

/** A company that requires single sign-on, and somebody of its domain with an account of another organization. */
async function aCompany() {
  const company = await stage.company();
  const owner = await company.member('owner');
  await invite(stage.world.gateway, company, { email: `test@${company.domain}` });
  expect((await stage.requireSso(company, { email: `test@${company.domain}` })).status).toBe(200);
  return { company, owner };
}

async function aPersonElsewhere({ domain }: Pick<Company, 'domain'>) {
  const { gateway } = stage.world;
  const home = await gateway.createOrganization({ name: 'Home', slug: nextText('home') });
  const { token, email } = await invite(gateway, home, { email: `${nextText('eve')}@${domain}` });
  const acceptor = { kind: 'new', name: 'Eve', password: PASSWORD } as const;
  await acceptInvitation(gateway.deps, { token, acceptor, cause: testCause });
  const browser = createBrowser();
  await postForm(gateway, browser, { path: '/sign-in/password', fields: { email, password: PASSWORD } });
  return { home, email, browser };
}

/** Invites the address; answers the path of the mailed link, and of the inviter's copy. */
async function invited(company: Company, email: string) {
  const { gateway } = stage.world;
  const { token, path, invitation } = await invite(gateway, company, { email });
  const mailed = mailedLink('', token, gateway.deps.hashToken);
  return { mailed, copied: path, invitation };
}

const at = (path: string) => `${stage.world.gateway.baseUrl}${path}`;

/** Presses the button, and stops in front of the identity provider. */
async function setOut(browser: Browser, path: string): Promise<Page> {
  return browser.submitForm(await browser.follow(at(path)), { form: 'accept' });
}

/** Goes through the identity provider as this user. */
async function throughProvider(browser: Browser, moving: Page, email: string): Promise<Page> {
  stage.idp.addUser({ email });
  const target = new URL(/url=([^"]+)"/.exec(moving.text)?.[1]?.replaceAll('&amp;', '&') ?? '');
  target.searchParams.set('login_hint', email);
  return browser.signIn(target.href);
}

const sessionIn = async (browser: Browser) => JSON.parse((await browser.request(at('/api/v1/session'))).text);

const memberships = async (email: string) => {
  const user = await stage.world.gateway.storage.users.findByEmail(email);
  return user === undefined ? [] : stage.world.gateway.storage.memberships.listByUser(user.id);
};

describe('with the mailed link, signed in, and known to the identity provider', () => {
  test('S156: joins with the account they have, in a session of the connection; from then on single sign-on opens it', async () => {
    const { company } = await aCompany();
    const { email, browser } = await aPersonElsewhere(company);
    const before = await sessionIn(browser);
    const { mailed } = await invited(company, email);
    const page = await throughProvider(browser, await setOut(browser, mailed), email);
    expect([page.status, new URL(page.url).pathname]).toEqual([200, '/']);
    const session = await sessionIn(browser);
    expect(session).toMatchObject({
      ...{ user: { id: before.user.id }, organization: { id: company.id } },
      ...{ connectionId: company.connection.id, orgRole: 'member' },
    });
    const { browser: later } = await stage.signIn(company, { email });
    expect((await sessionIn(later)).membershipId).toBe(session.membershipId);
    expect(await memberships(email)).toHaveLength(2);
  });

  test('S159: one link, one membership, also when two set out with it', async () => {
    const { company } = await aCompany();
    const { email, browser } = await aPersonElsewhere(company);
    const { mailed } = await invited(company, email);
    const [first, second] = [await setOut(browser, mailed), await setOut(browser, mailed)];
    expect((await throughProvider(browser, first, email)).status).toBe(200);
    expect((await throughProvider(browser, second, email)).status).toBe(403);
    expect(await memberships(email)).toHaveLength(2);
  });

  test('law 3, S191: through this company’s provider nothing is reached of the other organization', async () => {
    const { company } = await aCompany();
    const { home, email, browser } = await aPersonElsewhere(company);
    const { mailed } = await invited(company, email);
    await throughProvider(browser, await setOut(browser, mailed), email);
    const answer = await browser.request(at('/api/v1/session/organization'), {
      method: 'POST',
      headers: { origin: stage.world.gateway.baseUrl, 'content-type': 'application/json' },
      body: JSON.stringify({ organization: home.id }),
    });
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([403, 'sso_required']);
  });
});

describe('with one of the three missing', () => {
  test('S150: the identity provider alone opens nobody’s account, however its address is proved', async () => {
    const { company } = await aCompany();
    const { email } = await aPersonElsewhere(company);
    await invited(company, email);
    const { browser, page } = await stage.signIn(company, { email });
    expect([page.status, await sessionStatus(stage.world.gateway, browser)]).toEqual([403, 401]);
    expect(await refusalReasons(stage.world.gateway, company)).toEqual(['identity.address_taken']);
  });

  test('S161: the inviter’s copy of the link does not do: it proves no mailbox', async () => {
    const { company } = await aCompany();
    const { email, browser } = await aPersonElsewhere(company);
    const { copied } = await invited(company, email);
    expect((await setOut(browser, copied)).status).toBe(403);
    expect(await memberships(email)).toHaveLength(1);
  });

  test('S160: the mailed link in somebody else’s session leads nowhere', async () => {
    const { company } = await aCompany();
    const [{ email }, other] = [await aPersonElsewhere(company), await aPersonElsewhere(company)];
    const { mailed } = await invited(company, email);
    const page = await other.browser.follow(at(mailed));
    expect(readForms(page.text).map(({ name }) => name)).not.toContain('accept');
    const csrf = readForms(page.text)
      .flatMap(({ fields }) => fields)
      .find(([name]) => name === 'csrf')?.[1];
    const fields = { csrf: csrf ?? '', connection: company.connection.id };
    expect((await postForm(stage.world.gateway, other.browser, { path: mailed, fields })).status).toBe(403);
    expect(await memberships(other.email)).toHaveLength(1);
  });

  test('S150: another address at the identity provider is refused, and the invitation stays', async () => {
    const { company } = await aCompany();
    const { email, browser } = await aPersonElsewhere(company);
    const { mailed } = await invited(company, email);
    const other = `${nextText('mallory')}@${company.domain}`;
    expect((await throughProvider(browser, await setOut(browser, mailed), other)).status).toBe(403);
    expect(await refusalReasons(stage.world.gateway, company)).toEqual(['identity.other_address']);
    expect((await throughProvider(browser, await setOut(browser, mailed), email)).status).toBe(200);
  });

  test('an identity that is a member’s already makes no second one', async () => {
    const { company } = await aCompany();
    const { email, browser } = await aPersonElsewhere(company);
    const { mailed } = await invited(company, email);
    const moving = await setOut(browser, mailed);
    const colleague = `test@${company.domain}`;
    await stage.signIn(company, { email: colleague });
    expect((await throughProvider(browser, moving, colleague)).status).toBe(403);
    expect(await refusalReasons(stage.world.gateway, company)).toEqual(['identity.already_bound']);
  });

  test.each([
    [
      'sent again',
      async ({ id }: Company, invitationId: string) => {
        await resendInvitation(stage.world.gateway.deps, {
          ...{ organizationId: id, id: invitationId as never, caller: { kind: 'operator' } },
          cause: testCause,
        });
      },
    ],
    [
      'withdrawn',
      async ({ base }: Company, invitationId: string) => {
        const { world } = stage;
        await world.send(world.operator, `delete ${base}/invitations/${invitationId}`);
      },
    ],
  ] as const)(
    'S165: an invitation %s while the person is at the identity provider is not accepted',
    async (_what, act) => {
      const { company } = await aCompany();
      const { email, browser } = await aPersonElsewhere(company);
      const { mailed, invitation } = await invited(company, email);
      const moving = await setOut(browser, mailed);
      await act(company, invitation.id);
      expect((await throughProvider(browser, moving, email)).status).toBe(403);
      expect(await refusalReasons(stage.world.gateway, company)).toEqual(['invitation.not_open']);
      expect(await memberships(email)).toHaveLength(1);
    },
  );

  test('S44: the answer in another browser is nobody’s', async () => {
    const { company } = await aCompany();
    const { email, browser } = await aPersonElsewhere(company);
    const { mailed } = await invited(company, email);
    const moving = await setOut(browser, mailed);
    expect((await throughProvider(createBrowser(), moving, email)).status).toBe(403);
    expect(await memberships(email)).toHaveLength(1);
  });
});

describe('what the page says', () => {
  test('who is not signed in signs in to their account first, then comes back; who has none goes to the provider', async () => {
    const { company } = await aCompany();
    const { email } = await aPersonElsewhere(company);
    const { mailed } = await invited(company, email);
    const known = await createBrowser().follow(at(mailed));
    expect(known.text).toContain(`/sign-in?return_to=${encodeURIComponent(new URL(known.url).pathname)}`);
    expect(readForms(known.text)).toEqual([]);
    const fresh = await invited(company, `${nextText('new')}@${company.domain}`);
    const page = await createBrowser().follow(at(fresh.mailed));
    expect(page.text).toContain(`/sign-in/${company.slug}`);
    expect(readForms(page.text)).toEqual([]);
  });

  test('S165: over, it looks like a link that never was', async () => {
    const { company } = await aCompany();
    const { email, browser } = await aPersonElsewhere(company);
    const { mailed } = await invited(company, email);
    const page = await browser.follow(at(mailed));
    stage.world.gateway.clock.advance(days(40));
    expect((await createBrowser().follow(at(mailed))).status).toBe(404);
    expect(page.status).toBe(200);
  });
});

test('law 3: a session that an identity provider opened is no proof of one’s own', () => {
  const user = { emailKey: 'ada@corp.example' } as never;
  const session = (connectionId: string | null, amr = ['pwd'], emergency = false) =>
    ({ connectionId, amr, emergency }) as never;
  const invitation = { emailKey: 'ada@corp.example' };
  expect(mayJoinBySignOn({ user, session: session(null) }, invitation)).toBe(true);
  expect(mayJoinBySignOn({ user, session: session('con_a') }, invitation)).toBe(false);
  expect(mayJoinBySignOn({ user, session: session(null, ['fed']) }, invitation)).toBe(false);
  expect(mayJoinBySignOn({ user, session: session(null, ['otp'], true) }, invitation)).toBe(false);
  expect(mayJoinBySignOn({ user, session: session(null) }, { emailKey: 'eve@corp.example' })).toBe(false);
});
