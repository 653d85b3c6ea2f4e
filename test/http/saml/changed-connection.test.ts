/** S142: a SAML sign-in under way does not outlive what it was believed by, however long it waited for its verdict or for a yes. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { verifySamlResponse } from '../../../src/http/saml/strategy.ts';
import { createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { goodResponse } from '../../support/saml-builder.ts';
import { testCertificate } from '../../support/saml-keys.ts';
import { inProcessValidator } from '../../support/saml-validator.ts';
import {
  addSamlConnection,
  contextFor,
  postToAcs,
  pushPerson,
  refusalReasons,
  sessionStatus,
  setSession,
  startSaml,
} from '../../support/sign-in-stage.ts';

const ADA = 'ada@corp.example';
const EVE = 'eve@corp.example';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

async function aCompany() {
  const organization = await gateway.createOrganization({ slug: nextText('corp') });
  const directory = await gateway.createDirectory(organization);
  const connection = await addSamlConnection(gateway, organization, { idpInitiated: true });
  for (const userName of [ADA, EVE]) await pushPerson(gateway, directory, { userName });
  const patch = async (body: object) => {
    const path = `/api/v1/organizations/${organization.slug}/connections/${connection.id}`;
    const authorization = `Bearer ${gateway.operatorKey}`;
    expect((await gateway.request().patch(path).set({ authorization }).send(body)).status).toBe(200);
  };
  return { organization, connection, patch };
}

const [OLD, NEXT] = [testCertificate('idp'), testCertificate('next')];

test.each<readonly [string, object, number, readonly string[]]>([
  ['its certificate away', { certificates: [NEXT] }, 403, ['sign_in.connection_changed']],
  ['another issuer', { entityId: 'https://next.example' }, 403, ['sign_in.connection_changed']],
  ['more signatures wanted', { signatures: 'both' }, 403, ['sign_in.connection_changed']],
  ['a certificate more', { certificates: [OLD, NEXT] }, 303, []],
  ['another name', { name: 'Renamed' }, 303, []],
])('S142 a response in the queue of the judge, and %s', async (_what, change, status, reasons) => {
  const { organization, connection, patch } = await aCompany();
  const browser = createBrowser();
  const { requestId, relayState } = await startSaml(gateway, browser, `/sign-in/${organization.slug}`);
  // Its settings went along with it; the change is answered before the verdict is.
  jest.spyOn(inProcessValidator, 'facts').mockImplementationOnce(async (input) => {
    await patch(change);
    return verifySamlResponse(input);
  });
  const SAMLResponse = goodResponse(contextFor(gateway, connection, { requestId, nameId: ADA }));
  const page = await postToAcs(gateway, browser, {
    connection,
    fields: { SAMLResponse, RelayState: relayState },
  });
  expect([page.status, setSession(page) !== undefined]).toEqual([status, status === 303]);
  expect(await sessionStatus(gateway, browser)).toBe(status === 303 ? 200 : 401);
  if (status !== 303) expect(await refusalReasons(gateway, organization, page)).toEqual(reasons);
});

test('S142 a person who is asked whether to become another one, while the certificate goes, stays who they are', async () => {
  const { organization, connection, patch } = await aCompany();
  const browser = createBrowser();
  const post = (nameId: string) => {
    const SAMLResponse = goodResponse(contextFor(gateway, connection, { requestId: undefined, nameId }));
    return postToAcs(gateway, browser, { connection, fields: { SAMLResponse } });
  };
  expect((await post(ADA)).status).toBe(303);
  const question = await browser.follow(
    new URL((await post(EVE)).headers.get('location') ?? '', gateway.baseUrl).href,
  );
  expect(question.text).toContain('Switch to another person?');
  await patch({ certificates: [NEXT] });
  const refused = await browser.submitForm(question, { form: 'confirm', follow: false });
  expect([refused.status, setSession(refused)]).toEqual([403, undefined]);
  expect(await refusalReasons(gateway, organization, refused)).toContain('sign_in.connection_changed');
  const who = await browser.request(`${gateway.baseUrl}/api/v1/session`);
  expect(JSON.parse(who.text)).toMatchObject({ user: { email: ADA } });
});
