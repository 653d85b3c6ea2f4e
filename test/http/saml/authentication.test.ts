/** How the person was authenticated: what a connection demands of it must be in the verified assertion (S54). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SamlSettings } from '../../../src/core/entities/connection.ts';
import { minutes, seconds } from '../../../src/kernel/clock.ts';
import { createBrowser } from '../../support/browser.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { encode, instant, oktaLike, sign } from '../../support/saml-builder.ts';
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
const PASSWORD = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** One sign-in: what the connection demands, and when and how the identity provider says the person was asked. */
async function signIn(
  settings: Partial<SamlSettings>,
  { askedAgo = 5, context: authnContext = PASSWORD }: { askedAgo?: number; context?: string } = {},
) {
  const organization = await gateway.createOrganization({ slug: nextText('corp') });
  await pushPerson(gateway, await gateway.createDirectory(organization), { userName: NAME_ID });
  const connection = await addSamlConnection(gateway, organization, { settings });
  const browser = createBrowser();
  const { requestId, relayState } = await startSaml(gateway, browser, `/sign-in/${organization.slug}`);
  gateway.clock.advance(minutes(4));
  const context = contextFor(gateway, connection, { requestId, nameId: NAME_ID });
  const asked = oktaLike(context)
    .replace(/AuthnInstant="[^"]*"/, `AuthnInstant="${instant(context, -askedAgo)}"`)
    .replace(`>${PASSWORD}<`, `>${authnContext}<`);
  const SAMLResponse = encode(sign(asked, 'assertion', context));
  const page = await postToAcs(gateway, browser, {
    connection,
    fields: { SAMLResponse, RelayState: relayState },
  });
  const hasSession = setSession(page) !== undefined;
  return hasSession ? 'in' : (await refusalReasons(gateway, organization, page))[0];
}

describe('ways of authentication', () => {
  test.each([
    ['any will do where none is demanded', [], 'urn:example:anything', 'in'],
    ['one of those demanded', ['urn:example:card', PASSWORD], PASSWORD, 'in'],
    ['another one', ['urn:example:card'], PASSWORD, 'saml.authn_context'],
    ['one that only begins like it', [PASSWORD], `${PASSWORD}2`, 'saml.authn_context'],
  ])('S54: %s', async (_what, authnContexts, context, outcome) => {
    expect(await signIn({ authnContexts }, { context })).toBe(outcome);
  });
});

describe('when it was', () => {
  const skew = seconds(120) / 1000;
  test.each([
    ['a session of last week will do where nothing is demanded', false, 7 * 86_400, 'in'],
    ['asked after the start', true, 5, 'in'],
    ['asked before the start, within the skew', true, 240 + skew, 'in'],
    ['asked before the start', true, 240 + skew + 1, 'saml.authn_too_old'],
  ])('S54: %s', async (_what, forceAuthn, askedAgo, outcome) => {
    expect(await signIn({ forceAuthn }, { askedAgo })).toBe(outcome);
  });
});
