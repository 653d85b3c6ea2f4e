/** S20: SHA-1 is refused, but where a connection says so, for some weeks, and the audit and the owners know. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { days } from '../../../src/kernel/clock.ts';
import { createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { encode, oktaLike, type SignMode, sign } from '../../support/saml-builder.ts';
import {
  addSamlConnection,
  contextFor,
  postToAcs,
  pushPerson,
  refusalReasons,
  setSession,
  startSaml,
} from '../../support/sign-in-stage.ts';

const NAME_ID = 'ada@corp.example';
const DS = 'http://www.w3.org/2000/09/xmldsig#';
const RSA_SHA1 = { signatureAlgorithm: `${DS}rsa-sha1` };
const SHA1 = { digestAlgorithm: `${DS}sha1` };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

async function aCompany() {
  const organization = await gateway.createOrganization({ slug: nextText('corp') });
  await pushPerson(gateway, await gateway.createDirectory(organization), { userName: NAME_ID });
  const { id } = await addSamlConnection(gateway, organization);
  const patch = (body: object) =>
    gateway
      .request()
      .patch(`/api/v1/organizations/${organization.id}/connections/${id}`)
      .set('authorization', `Bearer ${gateway.operatorKey}`)
      .send(body);
  const acceptFor = (ms: number) =>
    patch({ acceptSha1Until: new Date(gateway.clock.now() + ms).toISOString() });
  const signIn = async (signer: object, mode: SignMode = 'assertion') => {
    const connection = await gateway.storage.connections.find(organization.id, id);
    if (connection === undefined) throw new Error('gone');
    const browser = createBrowser();
    const { requestId, relayState } = await startSaml(gateway, browser, `/sign-in/${organization.slug}`);
    const context = contextFor(gateway, connection, { requestId, nameId: NAME_ID });
    const SAMLResponse = encode(sign(oktaLike(context), mode, { ...context, ...signer }));
    const fields = { SAMLResponse, RelayState: relayState };
    const page = await postToAcs(gateway, browser, { connection, fields });
    return setSession(page) === undefined ? (await refusalReasons(gateway, organization, page))[0] : 'in';
  };
  return { organization, id, patch, acceptFor, signIn };
}

describe('S20: SHA-1', () => {
  const ways: readonly (readonly [string, object, SignMode])[] = [
    ['RSA-SHA1', RSA_SHA1, 'assertion'],
    ['a SHA-1 digest', SHA1, 'assertion'],
    ['both, on the response', { ...RSA_SHA1, ...SHA1 }, 'response'],
  ];
  test.each(ways)(
    '%s: refused, accepted until the day that was named, refused again',
    async (_what, signer, mode) => {
      const { signIn, acceptFor } = await aCompany();
      expect(await signIn(signer, mode)).toBe('saml.algorithm');
      expect((await acceptFor(days(30))).status).toBe(200);
      expect(await signIn(signer, mode)).toBe('in');
      expect(await signIn({}, mode)).toBe('in');
      gateway.clock.advance(days(30));
      expect(await signIn(signer, mode)).toBe('saml.algorithm');
      expect(await signIn({}, mode)).toBe('in');
    },
  );

  test('one connection’s choice is not another’s, and it can be taken back', async () => {
    const [lenient, strict] = [await aCompany(), await aCompany()];
    await lenient.acceptFor(days(1));
    expect(await strict.signIn(RSA_SHA1)).toBe('saml.algorithm');
    expect((await lenient.patch({ acceptSha1Until: null })).body.acceptSha1Until).toBeNull();
    expect(await lenient.signIn(RSA_SHA1)).toBe('saml.algorithm');
  });

  test.each([
    ['more than 90 days', days(91)],
    ['the past', -1000],
  ])('%s is not a time that can be named', async (_what, ms) => {
    const { acceptFor } = await aCompany();
    expect(await acceptFor(ms)).toMatchObject({ status: 422, body: { field: 'acceptSha1Until' } });
  });

  test('the audit says from when to when', async () => {
    const { organization, acceptFor } = await aCompany();
    const { body } = await acceptFor(days(7));
    const rows = await gateway.storage.auditEvents.list(organization.id, {}, { limit: 2000 });
    expect(rows.find(({ type }) => type === 'connection.updated')?.details).toMatchObject({
      before: { sha1Until: null },
      after: { sha1Until: body.acceptSha1Until },
    });
  });
});
