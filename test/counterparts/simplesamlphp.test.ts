/** A real SAML identity provider signs people in: SimpleSAMLphp, driven over HTTP as a browser would. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { textAt } from '../../scripts/simulate/answers.ts';
import { type Browser, createBrowser, type Page } from '../support/browser.ts';
import { readForms } from '../support/html-forms.ts';
import { type Place, startPlace } from './place.ts';
import { type SimpleSamlPhp, STUDENT, startSimpleSamlPhp } from './simplesamlphp.ts';

let place: Place;

beforeAll(async () => {
  place = await startPlace();
});

afterAll(async () => place?.close());

interface Connected {
  readonly idp: SimpleSamlPhp;
  readonly slug: string;
  readonly connectionId: string;
}

/** A manual organization whose proved domain may join just in time through this identity provider. */
async function connect(slug: string, idp: SimpleSamlPhp): Promise<Connected> {
  const { operator } = place;
  await operator.create('/organizations', { name: slug, slug });
  await operator.create(`/organizations/${slug}/domains`, { domain: 'acme.example', verified: true });
  const path = `/organizations/${slug}/connections`;
  const body = { protocol: 'saml', name: 'SimpleSAMLphp', metadataUrl: idp.metadataUrl, jit: true };
  const connection = await operator.expect(201, { method: 'POST', path, body });
  const metadata = await createBrowser().request(textAt(connection, 'metadataUrl'));
  idp.trust(metadata.text);
  return { idp, slug, connectionId: textAt(connection, 'id') };
}

/** Answers the identity provider's question who it is, then carries its answer back. */
async function signIn(browser: Browser, url: string): Promise<Page> {
  const question = await browser.follow(url);
  const answer = await browser.submitForm(question, {
    values: { username: STUDENT.userName, password: STUDENT.password },
  });
  const hasResponse = readForms(answer.text).some(({ fields }) =>
    fields.some(([name]) => name === 'SAMLResponse'),
  );
  if (!hasResponse) throw new Error(`no SAMLResponse from ${answer.url} (${answer.status}): ${answer.text}`);
  return browser.submitForm(answer);
}

describe('SimpleSAMLphp', () => {
  let plain: SimpleSamlPhp;
  beforeAll(async () => {
    plain = await startSimpleSamlPhp();
  });
  afterAll(async () => plain?.close());

  test('signs a person in who started at the gateway', async () => {
    const { slug, connectionId } = await connect('acme', plain);
    const browser = createBrowser();
    const page = await signIn(browser, `${place.baseUrl}/sign-in/${slug}`);
    await place.expectArrival(slug, page);
    const session = await place.readSession(browser);
    expect(session).toMatchObject({
      user: { email: STUDENT.email, name: 'Stu Dent' },
      organization: { slug },
      connectionId,
    });
  });
});
