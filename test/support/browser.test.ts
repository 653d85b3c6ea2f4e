/** The test browser, mail sink and SAML provider behave as the real ones do, as far as tests lean on them. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DOMParser } from '@xmldom/xmldom';
import nodemailer from 'nodemailer';
import { SignedXml } from 'xml-crypto';
import { createBrowser } from './browser.ts';
import { createCookieJar } from './cookie-jar.ts';
import { readForms } from './html-forms.ts';
import { type SamlIdp, startSamlIdp } from './idp/saml.ts';
import { startSmtpSink } from './smtp-sink.ts';

describe('the cookie jar', () => {
  const local = new URL('http://127.0.0.1:3000/a/b');
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ['a plain cookie', 'k=v', 'k=v'],
    ['Secure on a local address', 'k=v; Secure', 'k=v'],
    ['__Host- with all it needs', '__Host-k=v; Path=/; Secure', '__Host-k=v'],
    ['__Host- without Secure', '__Host-k=v; Path=/', undefined],
    ['__Host- with another path', '__Host-k=v; Path=/a; Secure', undefined],
    ['__Host- with a domain', '__Host-k=v; Path=/; Secure; Domain=127.0.0.1', undefined],
    ['__Secure- without Secure', '__Secure-k=v', undefined],
    ['Max-Age=0', 'k=v; Max-Age=0', undefined],
    ['an expiry in the past', 'k=v; Expires=Thu, 01 Jan 1970 00:00:00 GMT', undefined],
    ['an expiry to come', 'k=v; Max-Age=60', 'k=v'],
    ['a path above', 'k=v; Path=/a', 'k=v'],
    ['a path beside', 'k=v; Path=/ab', undefined],
    ['a value with equals signs', 'k=a=b==', 'k=a=b=='],
    ['no name', '=v', undefined],
  ];
  test.each(cases)('%s', (_title, setCookie, expected) => {
    const jar = createCookieJar();
    jar.store(local, [setCookie]);
    expect(jar.headerFor(local)).toBe(expected);
  });

  test('Max-Age=0 removes what was there, Secure stays off plain http, hosts are apart', () => {
    const jar = createCookieJar();
    jar.store(local, ['k=v; Path=/']);
    jar.store(local, ['k=; Path=/; Max-Age=0']);
    jar.store(new URL('https://a.test/'), ['s=1; Secure']);
    const sent = ['http://127.0.0.1/', 'http://a.test/', 'https://b.test/'].map((url) =>
      jar.headerFor(new URL(url)),
    );
    expect(sent).toEqual([undefined, undefined, undefined]);
    expect(jar.valueOf('https://a.test/', 's')).toBe('1');
  });
});

describe('forms', () => {
  test('hidden inputs, ticks, areas and choices are read with entities undone', () => {
    const html = `<form id="f" method="POST" action="/x?a=1&amp;b=2">
      <input type=hidden name='h' value="&quot;&#39;&#x26;"><input name="t"><input type="checkbox" name="c" checked>
      <input type="checkbox" name="d"><textarea name="a">x &lt; y</textarea><input name="off" disabled>
      <select name="s"><option value="1">one</option><option selected>two</option></select><input type="submit" name="go">
    </form>`;
    expect(readForms(html)).toEqual([
      {
        name: 'f',
        action: '/x?a=1&b=2',
        method: 'POST',
        fields: [
          ['h', '"\'&'],
          ['t', ''],
          ['c', 'on'],
          ['a', 'x < y'],
          ['s', 'two'],
        ],
      },
    ]);
  });
});

describe('the browser', () => {
  let server: Server;
  let base: string;
  const routes: Record<string, RequestListener> = {
    '/start': (_request, response) =>
      response
        .writeHead(302, { location: '/next', 'set-cookie': ['a=1; Path=/', 'b=2; Path=/; Secure'] })
        .end(),
    '/next': (request, response) =>
      response.writeHead(303, { location: `/page?${request.headers.cookie}` }).end(),
    '/loop': (_request, response) => response.writeHead(302, { location: '/loop' }).end(),
    '/auto': (_request, response) =>
      response.end(
        '<form method="post" action="/echo"><input name="k" value="v"></form><script>document.forms[0].submit()</script>',
      ),
    '/echo': (request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () =>
        response.end(JSON.stringify({ headers: request.headers, method: request.method, body })),
      );
    },
  };
  beforeAll(async () => {
    server = createServer((request, response) => {
      const route = routes[new URL(request.url ?? '', 'http://x').pathname];
      if (route === undefined) response.end('page');
      else route(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test('follows redirects and carries cookies', async () => {
    const page = await createBrowser().follow(`${base}/start`);
    expect(page.trail).toEqual([`${base}/start`, `${base}/next`, `${base}/page?a=1;%20b=2`]);
    expect(page.text).toBe('page');
  });

  test('gives up after fifteen redirects', async () => {
    await expect(createBrowser().follow(`${base}/loop`)).rejects.toThrow('more than 15 redirects');
  });

  test('a page that posts itself is posted, with Origin and Sec-Fetch headers of a navigation', async () => {
    const page = await createBrowser().signIn(`${base}/auto`);
    const seen: { headers: Record<string, string>; method: string; body: string } = JSON.parse(page.text);
    expect([seen.method, seen.body, seen.headers.origin]).toEqual(['POST', 'k=v', base]);
    expect([seen.headers['sec-fetch-site'], seen.headers['sec-fetch-mode']]).toEqual([
      'same-origin',
      'navigate',
    ]);
  });

  test('submitForm replaces and adds values', async () => {
    const browser = createBrowser();
    const page = await browser.submitForm(await browser.follow(`${base}/auto`), {
      values: { k: 'w', x: '1' },
    });
    expect(JSON.parse(page.text)).toMatchObject({ body: 'k=w&x=1' });
  });
});

describe('the mail sink', () => {
  test('keeps sender, recipients, decoded subject and text, whatever the transfer encoding', async () => {
    const sink = await startSmtpSink();
    const transport = nodemailer.createTransport(sink.url);
    const text = `Grüße, ${'long line '.repeat(20)}\nhttps://a.test/x?y=1&z=2`;
    for (const textEncoding of ['quoted-printable', 'base64'] as const) {
      const envelope = { from: 'gateway@a.test', to: `${textEncoding}@b.test` };
      await transport.sendMail({
        ...envelope,
        subject: 'Einladung – für dich',
        text,
        html: '<p>x</p>',
        textEncoding,
      });
    }
    const waited = await sink.waitFor('base64@b.test');
    expect(waited.text.replaceAll('\r\n', '\n').trimEnd()).toBe(text);
    expect(sink.messages[0]).toMatchObject({
      from: 'gateway@a.test',
      to: ['quoted-printable@b.test'],
      subject: 'Einladung – für dich',
      text,
    });
    transport.close();
    await sink.close();
  });
});

describe('the SAML provider', () => {
  let idp: SamlIdp;
  const acsUrl = 'http://127.0.0.1:2/saml/con_1/acs';
  const spEntityId = 'http://127.0.0.1:2/saml/con_1/metadata';
  beforeAll(async () => {
    idp = await startSamlIdp({ users: [{ email: 'ann@a.test', groups: ['g1', 'g2'] }] });
  });
  afterAll(() => idp.close());

  function requestUrl(hint: string): string {
    const xml = `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_req1" Version="2.0" IssueInstant="2026-11-20T12:00:00Z" Destination="${idp.ssoUrl}" AssertionConsumerServiceURL="${acsUrl}"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${spEntityId}</saml:Issuer></samlp:AuthnRequest>`;
    const query = new URLSearchParams({
      SAMLRequest: deflateRawSync(xml).toString('base64'),
      RelayState: 'r<1',
    });
    return `${idp.ssoUrl}?${query}${hint}`;
  }

  function postedFields(html: string): Readonly<Record<string, string>> {
    const [form] = readForms(html);
    expect(form?.action).toBe(acsUrl);
    return Object.fromEntries(form?.fields ?? []);
  }

  test('asks who signs in, then posts a response to the ACS of the request with its RelayState', async () => {
    const browser = createBrowser();
    const asked = await browser.follow(requestUrl(''));
    const page = await browser.submitForm(asked, { values: { email: 'ann@a.test' } });
    expect(postedFields(page.text)).toMatchObject({ RelayState: 'r<1', SAMLResponse: expect.any(String) });
    expect((await browser.submitForm(asked, { values: { email: 'nobody@a.test' } })).status).toBe(401);
  });

  test('the response is addressed, bound and signed once with RSA-SHA256 over the assertion', async () => {
    const page = await createBrowser().follow(requestUrl('&login_hint=ann%40a.test'));
    const xml = Buffer.from(postedFields(page.text).SAMLResponse ?? '', 'base64').toString('utf8');
    for (const part of [
      `Destination="${acsUrl}"`,
      `Recipient="${acsUrl}"`,
      `<saml:Audience>${spEntityId}</saml:Audience>`,
      'Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"',
      'Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"',
      '>g1<',
      '>g2<',
    ]) {
      expect(xml).toContain(part);
    }
    expect(xml.match(/InResponseTo="_req1"/g)).toHaveLength(2);
    expect(xml.match(/<SignatureValue>/g)).toHaveLength(1);
    expect(isSignedByIdp(xml)).toBe(true);
    expect(isSignedByIdp(xml.replace('ann@a.test', 'eve@a.test'))).toBe(false);
  });

  function isSignedByIdp(xml: string): boolean {
    const document = new DOMParser().parseFromString(xml, 'text/xml');
    const signature = document.getElementsByTagName('Signature').item(0);
    const check = new SignedXml({ publicCert: idp.certificatePem });
    check.loadSignature(String(signature));
    try {
      return check.checkSignature(xml);
    } catch {
      return false;
    }
  }

  test('metadata names the entity, the address and the certificate', async () => {
    const page = await createBrowser().follow(idp.entityId);
    expect(page.text).toBe(idp.metadataXml());
    expect(page.text).toContain(`entityID="${idp.entityId}"`);
    expect(page.text).toContain(`Location="${idp.ssoUrl}"`);
  });
});
