/** Sign-ins whose session is over before anybody looks whose it was: the recorder has them all the same. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createBrowser } from '../support/browser.ts';
import { nextText } from '../support/builders.ts';
import { ask, tryPassword, turnOnSecondFactor } from '../support/credentials.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { aMember } from '../support/page-visits.ts';
import { recordedSignIns } from '../support/recorded-sign-ins.ts';

const waiting: (() => Promise<void>)[] = [];
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({
    isLocalhost: true,
    afterwards: async (work) => {
      waiting.push(work);
    },
  });
});
afterAll(() => gateway.close());

const workOff = async () => {
  for (const work of waiting.splice(0)) await work();
};

async function aSignedOutMember() {
  const organization = await gateway.createOrganization({ slug: nextText('manual') });
  const member = await aMember(gateway, organization);
  await workOff();
  const [first] = await recordedSignIns(gateway, organization);
  const since = async () => {
    await workOff();
    const entries = await recordedSignIns(gateway, organization);
    return entries.filter(({ id }) => id !== first?.id);
  };
  return { ...member, organization, since };
}

test('a password, and out again at once', async () => {
  const { email, since } = await aSignedOutMember();
  const browser = createBrowser();
  expect((await tryPassword(gateway, browser, { email })).status).toBe(204);
  expect((await ask(gateway, browser, { path: '/sign-out', body: {} })).status).toBe(204);
  expect(await since()).toMatchObject([
    { protocol: 'password', status: 204, outcome: { kind: 'enter' }, failure: null },
  ]);
});

test('a second step, and out again at once', async () => {
  const { email, browser: own, since } = await aSignedOutMember();
  const { recoveryCodes } = await turnOnSecondFactor(gateway, own);
  const browser = createBrowser();
  await tryPassword(gateway, browser, { email });
  const [code] = recoveryCodes;
  const step = await ask(gateway, browser, { path: '/sign-in/second-step', body: { code } });
  expect(step.status).toBe(204);
  await ask(gateway, browser, { path: '/sign-out', body: {} });
  const entries = await since();
  expect(entries).toMatchObject([{ protocol: 'password', outcome: { kind: 'enter' } }]);
  expect(entries[0]?.facts).toMatchObject([{ name: 'amr', values: ['pwd', 'otp'], isVerified: true }]);
});
