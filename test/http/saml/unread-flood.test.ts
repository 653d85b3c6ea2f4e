/** What anybody can send to an address for answers without being read costs the audit so much and no more, and hides nobody (law 10). */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { minutes } from '../../../src/kernel/clock.ts';
import { createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { recordedSignIns } from '../../support/recorded-sign-ins.ts';
import { addSamlConnection, postToAcs } from '../../support/sign-in-stage.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ rateLimits: true });
});
afterAll(() => gateway.close());

/** What the audit takes of one connection at once. */
const AT_ONCE = 60;

test('S217 of 100 unread requests the audit has 60, the recorder each by its reference, and a minute later the next row counts the rest', async () => {
  const organization = await gateway.createOrganization({ slug: nextText('flood') });
  const connection = await addSamlConnection(gateway, organization);
  const ask = async () => {
    const page = await createBrowser().request(`${gateway.baseUrl}/saml/${connection.id}/acs`);
    expect([page.status, page.text.includes('You could not be signed in')]).toEqual([405, true]);
    return page.headers.get('x-request-id');
  };
  const rows = () =>
    gateway.storage.auditEvents.list(organization.id, { type: 'saml.rejected' }, { limit: 1_000 });
  const references: unknown[] = [];
  for (let index = 0; index < 100; index += 1) references.push(await ask());
  expect((await rows()).map(({ details }) => details)).toEqual(
    Array(AT_ONCE).fill({ code: 'sign_in_refused', reason: 'unread.method' }),
  );
  const recorded = await recordedSignIns(gateway, organization, '&limit=200');
  expect(recorded.map(({ requestId }) => requestId).toSorted()).toEqual(references.toSorted());
  expect(new Set(recorded.map(({ failure }) => failure?.reason))).toEqual(new Set(['unread.method']));
  gateway.clock.advance(minutes(1));
  await ask();
  const [newest] = await rows();
  expect(newest?.details).toEqual({ code: 'sign_in_refused', reason: 'unread.method', leftOut: 40 });
  await ask();
  expect(await rows()).toHaveLength(AT_ONCE + 1);
  // What was read is written, however many were not.
  const fields = { SAMLResponse: 'bm90IGEgcmVzcG9uc2U=' };
  await postToAcs(gateway, createBrowser(), { connection, fields });
  expect((await rows())[0]?.details.reason).not.toContain('unread');
});
