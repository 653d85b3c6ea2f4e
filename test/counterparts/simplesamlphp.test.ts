/** A real SAML identity provider signs people in: SimpleSAMLphp, driven over HTTP as a browser would. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { textAt } from '../../scripts/simulate/answers.ts';
import { type Browser, createBrowser, type Page } from '../support/browser.ts';
import { readForms } from '../support/html-forms.ts';
import { movesOnTo } from '../support/logout-stage.ts';
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

/** An organization connected to this identity provider, each told of the other's metadata. */
async function connect(slug: string, idp: SimpleSamlPhp): Promise<Connected> {
  const { operator } = place;
  await operator.create('/organizations', { name: slug, slug });
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
  let slug: string;
  let connectionId: string;
  beforeAll(async () => {
    plain = await startSimpleSamlPhp();
    ({ slug, connectionId } = await connect('acme', plain));
    // People of a proved domain may join just in time.
    const domain = { domain: 'acme.example', verified: true };
    await place.operator.create(`/organizations/${slug}/domains`, domain);
  });
  afterAll(async () => plain?.close());

  test('signs a person in who started at the gateway', async () => {
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

  test('signs a person in who started there, once the connection allows it (S42)', async () => {
    const start = plain.idpInitiatedUrl(`${place.baseUrl}/saml/${connectionId}/metadata`);
    const refused = await signIn(createBrowser(), start);
    expect(refused.status).toBe(403);
    const path = `/organizations/${slug}/connections/${connectionId}`;
    await place.operator.expect(200, { method: 'PATCH', path, body: { idpInitiated: true } });
    const browser = createBrowser();
    await place.expectArrival(slug, await signIn(browser, start));
    expect(await place.readSession(browser)).toMatchObject({ connectionId });
  });

  test('signs a person out who signs out here: ours first, then theirs', async () => {
    const browser = createBrowser();
    await signIn(browser, `${place.baseUrl}/sign-in/${slug}`);
    const own = await browser.request(`${place.baseUrl}/`);
    const moving = await browser.submitForm(own, { form: 'sign-out' });
    expect(await place.readSession(browser)).toMatchObject({ status: 401 });
    const done = await browser.follow(movesOnTo(moving));
    expect(done.url).toMatch(new RegExp(`^${place.baseUrl}/signed-out/con_[^/?]+$`));
    expect(done.text).toContain('You are signed out');
    const question = await browser.follow(`${place.baseUrl}/sign-in/${slug}`);
    expect(question.url.startsWith(new URL(plain.metadataUrl).origin)).toBe(true);
    expect(readForms(question.text)[0]?.fields.map(([name]) => name)).toContain('password');
  });

  test('ends the session here of a person who signs out there', async () => {
    const browser = createBrowser();
    await signIn(browser, `${place.baseUrl}/sign-in/${slug}`);
    expect(await place.readSession(browser)).toMatchObject({ organization: { slug } });
    const done = await browser.follow(plain.signOutUrl(plain.metadataUrl));
    expect(done.url).toBe(plain.metadataUrl);
    expect(done.trail.some((url) => url.includes('/logout?SAMLRequest='))).toBe(true);
    expect(await place.readSession(browser)).toMatchObject({ status: 401 });
  });
});

describe('SimpleSAMLphp that knows single logout by HTTP-POST alone', () => {
  let posting: SimpleSamlPhp;
  const slug = 'posted';
  beforeAll(async () => {
    posting = await startSimpleSamlPhp();
    const { connectionId } = await connect(slug, posting);
    const path = `/organizations/${slug}/connections/${connectionId}`;
    await place.operator.expect(200, { method: 'PATCH', path, body: { sloBinding: 'post' } });
    const ours = (await createBrowser().request(`${place.baseUrl}/saml/${connectionId}/metadata`)).text;
    const byPost = ours.replace(/<md:SingleLogoutService [^>]*bindings:HTTP-Redirect"[^>]*\/>/, '');
    expect(byPost).not.toBe(ours);
    posting.trust(byPost);
    const { userName, email } = STUDENT;
    await place.pushPerson(slug, { userName: email, externalId: userName, displayName: 'Stu Dent' });
  });
  afterAll(async () => posting?.close());

  const hasField = ({ text }: Page, name: string) =>
    readForms(text).some(({ fields }) => fields.some(([field]) => field === name));

  test('signs a person out who signs out here: a signed request by form there, a signed answer by form back', async () => {
    const browser = createBrowser();
    await signIn(browser, `${place.baseUrl}/sign-in/${slug}`);
    const own = await browser.request(`${place.baseUrl}/`);
    const moving = await browser.submitForm(own, { form: 'sign-out' });
    expect(await place.readSession(browser)).toMatchObject({ status: 401 });
    expect(hasField(moving, 'SAMLRequest')).toBe(true);
    const answer = await browser.submitForm(moving);
    expect([new URL(answer.url).origin, hasField(answer, 'SAMLResponse')]).toEqual([
      new URL(posting.metadataUrl).origin,
      true,
    ]);
    const done = await browser.submitForm(answer);
    expect(done.url).toMatch(new RegExp(`^${place.baseUrl}/signed-out/con_[^/?]+$`));
    expect(done.text).toContain('You are signed out');
    const question = await browser.follow(`${place.baseUrl}/sign-in/${slug}`);
    expect(readForms(question.text)[0]?.fields.map(([name]) => name)).toContain('password');
  });

  test('ends the session here of a person who signs out there: its request by form, and our answer', async () => {
    const browser = createBrowser();
    await signIn(browser, `${place.baseUrl}/sign-in/${slug}`);
    expect(await place.readSession(browser)).toMatchObject({ organization: { slug } });
    const request = await browser.follow(posting.signOutUrl(posting.metadataUrl));
    expect(hasField(request, 'SAMLRequest')).toBe(true);
    const answered = await browser.submitForm(request);
    expect(await place.readSession(browser)).toMatchObject({ status: 401 });
    const done = hasField(answered, 'SAMLResponse') ? await browser.submitForm(answered) : answered;
    expect(done.url).toBe(posting.metadataUrl);
  });
});

describe.each([
  ['AES256_GCM', 'aes256-gcm', 'in'],
  ['AES128_CBC', 'aes128-cbc', 'saml.encryption_algorithm'],
] as const)('SimpleSAMLphp that encrypts with %s', (cipher, name, outcome) => {
  let encrypting: SimpleSamlPhp;
  beforeAll(async () => {
    encrypting = await startSimpleSamlPhp({ cipher });
  });
  afterAll(async () => encrypting?.close());

  test(`${outcome} (S28, S30)`, async () => {
    const slug = name;
    const { connectionId } = await connect(slug, encrypting);
    const { userName, email } = STUDENT;
    await place.pushPerson(slug, { userName: email, externalId: userName, displayName: 'Stu Dent' });
    const browser = createBrowser();
    const question = await browser.follow(`${place.baseUrl}/sign-in/${slug}`);
    const answer = await browser.submitForm(question, {
      values: { username: userName, password: STUDENT.password },
    });
    const xml = samlResponseOf(answer);
    expect(xml).toContain(`#${name}"`);
    expect(xml).not.toContain(email);
    const page = await browser.submitForm(answer);
    if (outcome === 'in') {
      await place.expectArrival(slug, page);
      expect(await place.readSession(browser)).toMatchObject({ connectionId, user: { name: 'Stu Dent' } });
    } else {
      expect(page.status).toBe(403);
      const path = `/organizations/${slug}/audit-events?type=saml.rejected`;
      const audit = await place.operator.expect(200, { method: 'GET', path });
      expect(audit).toMatchObject({ items: [{ details: { reason: outcome } }] });
    }
  });
});

function samlResponseOf({ text }: Page): string {
  const fields = readForms(text).flatMap((form) => form.fields);
  return Buffer.from(fields.find(([name]) => name === 'SAMLResponse')?.[1] ?? '', 'base64').toString();
}
