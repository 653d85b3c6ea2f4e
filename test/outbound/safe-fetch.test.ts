/** The egress guard against hostile addresses, names and servers (S194-S197). */
import { createServer, type RequestListener, type Server } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Fetcher } from '../../src/core/ports/fetcher.ts';
import { isGatehouseError } from '../../src/kernel/errors.ts';
import { createSafeFetch, type ResolvedAddress } from '../../src/outbound/safe-fetch.ts';

const names: Record<string, readonly string[]> = {
  'private.test': ['10.0.0.5'],
  'mixed.test': ['93.184.216.34', 'fd00::1'],
  'mapped.test': ['::ffff:127.0.0.1'],
  'local.test': ['127.0.0.1'],
  'empty.test': [],
};
let lookups = 0;
const lookup = async (host: string): Promise<readonly ResolvedAddress[]> => {
  lookups += 1;
  const found = names[host];
  if (found === undefined) throw new Error('ENOTFOUND');
  return found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
};
/** Without a limit: whoever answers has all the time that a busy machine takes. */
const guarded = (allow: readonly string[] = [], timeoutMs = 600_000): Fetcher =>
  createSafeFetch({ allow, lookup, timeoutMs, maxBytes: 1000 });

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isGatehouseError(error)) throw new Error(`not refused: ${String(error)}`);
  return `${error.code}/${String(error.context.reason ?? '-')}`;
}

function staticRefusalOf(url: string, allow: readonly string[] = []): string {
  try {
    guarded(allow).checkUrl(url);
    return 'allowed';
  } catch (error) {
    if (!isGatehouseError(error)) throw error;
    return `${error.code}/${String(error.context.reason)}`;
  }
}

const literals = [
  '127.0.0.1',
  '127.9.9.9',
  '0.0.0.0',
  '10.1.2.3',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '192.0.0.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '168.63.129.16',
  '[::1]',
  '[::]',
  '[::127.0.0.1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '[::ffff:10.0.0.1]',
  '[::ffff:a9fe:a9fe]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::1]',
  '[2002:7f00:1::]',
  '[2001::1]',
  '[ff02::1]',
  '[4000::1]',
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '127.1',
  '①②⑦.⓪.⓪.①',
];

describe('S194 special-purpose addresses, however spelled, are refused before anybody is called', () => {
  test.each(literals)('https://%s/', async (host) => {
    expect(staticRefusalOf(`https://${host}/`)).toBe('egress_refused/address');
    expect(await refusalOf(guarded().fetch(`https://${host}/`))).toBe('egress_refused/address');
  });

  test.each(['localhost', 'localhost.', 'LOCALHOST', 'idp.localhost'])('https://%s/', (host) => {
    expect(staticRefusalOf(`https://${host}/`)).toBe('egress_refused/local_name');
  });

  test.each(['https://93.184.216.34/', 'https://[2606:4700::1111]/', 'https://idp.example/x'])(
    '%s is a public address and passes',
    (url) => {
      expect(staticRefusalOf(url)).toBe('allowed');
    },
  );
});

describe('S195 what a name resolves to is judged at connect time, once', () => {
  test.each([
    ['private.test', 'a private address'],
    ['mixed.test', 'a public A beside a private AAAA'],
    ['mapped.test', 'a mapped loopback address'],
  ])('https://%s is refused: %s', async (host) => {
    expect(staticRefusalOf(`https://${host}/`)).toBe('allowed');
    expect(await refusalOf(guarded().fetch(`https://${host}/`))).toBe('egress_refused/address');
  });

  test('a name is resolved exactly once per connection, so a second answer cannot differ', async () => {
    const before = lookups;
    await refusalOf(guarded(['local.test']).fetch('http://local.test:2/'));
    expect(lookups - before).toBe(1);
  });
});

describe('S196 scheme, port and user info', () => {
  test.each([
    ['http://idp.example/', 'scheme'],
    ['ftp://idp.example/', 'scheme'],
    ['file:///etc/passwd', 'malformed'],
    ['gopher://idp.example/', 'scheme'],
    ['https://idp.example:22/', 'port'],
    ['https://idp.example:80/', 'port'],
    ['https://user:secret@idp.example/', 'userinfo'],
    ['https://user@idp.example/', 'userinfo'],
    ['not a url', 'malformed'],
    ['/relative', 'malformed'],
  ])('%s is refused: %s', (url, reason) => {
    expect(staticRefusalOf(url)).toBe(`egress_refused/${reason}`);
  });

  test('ports 443 and 8443 pass', () => {
    expect(staticRefusalOf('https://idp.example:443/')).toBe('allowed');
    expect(staticRefusalOf('https://idp.example:8443/')).toBe('allowed');
  });
});

describe('the allow list', () => {
  test.each([
    ['http://idp.corp:8080/', ['idp.corp'], 'allowed'],
    ['http://IDP.corp/', ['idp.corp:9999'], 'allowed'],
    ['http://127.0.0.1:3000/', ['127.0.0.0/8'], 'allowed'],
    ['http://127.0.0.1:3000/', ['127.0.0.1'], 'allowed'],
    ['http://[::1]:3000/', ['[::1]:3000'], 'allowed'],
    ['http://localhost:3000/', ['localhost'], 'allowed'],
    ['https://10.2.0.1/', ['10.1.0.0/16'], 'egress_refused/address'],
    ['https://user:pw@idp.corp/', ['idp.corp'], 'egress_refused/userinfo'],
    ['http://other.corp/', ['idp.corp'], 'egress_refused/scheme'],
    ['http://idp.corp.evil.test/', ['idp.corp'], 'egress_refused/scheme'],
    ['ftp://idp.corp/', ['idp.corp'], 'egress_refused/scheme'],
  ])('%s with %j: %s', (url, allow, expected) => {
    expect(staticRefusalOf(url, allow)).toBe(expected);
  });

  test('permitsHttp says whether plain http may be used', () => {
    expect(guarded(['idp.corp']).permitsHttp('https://idp.corp/x')).toBe(true);
    expect(guarded(['idp.corp']).permitsHttp('https://idp.example/x')).toBe(false);
    expect(guarded().permitsHttp('http://127.0.0.1/')).toBe(false);
    const { permitsHttp } = guarded(['idp.corp']);
    const asked = [
      'https://idp.corp/x',
      'https://idp.example/x',
      'https://idp.corp/x',
      'https://idp.example/x',
    ];
    expect(asked.map(permitsHttp)).toEqual([true, false, true, false]);
  });

  test('a range says nothing of a name that a browser is to look up by itself', () => {
    const { permitsHttp, permitsHttpAsWritten } = guarded(['10.0.0.0/8', 'idp.corp']);
    expect([permitsHttp('http://idp.example/'), permitsHttpAsWritten('http://idp.example/')]).toEqual([
      true,
      false,
    ]);
    for (const url of ['http://idp.corp/x', 'http://10.1.2.3/'])
      expect([url, permitsHttpAsWritten(url)]).toEqual([url, true]);
    expect(permitsHttpAsWritten('http://user:pw@idp.corp/')).toBe(false);
  });
});

describe('against a real server allowed by its range', () => {
  let server: Server;
  let base: string;
  let hits = 0;
  const routes: Record<string, RequestListener> = {
    '/ok': (_request, response) => response.writeHead(200, { 'x-kept': 'yes' }).end('fine'),
    '/echo': (request, response) => request.pipe(response),
    '/headers': (request, response) => response.end(JSON.stringify(request.headers)),
    '/moved': (_request, response) => response.writeHead(302, { location: '/ok' }).end(),
    '/big': (_request, response) => response.end('x'.repeat(5000)),
    '/bomb': (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(100_000))),
    '/packed': (request, response) => {
      // Also to those who ask for none.
      const { searchParams } = new URL(request.url ?? '', 'http://x');
      const encoding = searchParams.get('as') ?? 'gzip';
      response.writeHead(200, { 'content-encoding': encoding }).end(gzipSync('fine'));
    },
    '/silent': () => undefined,
    '/drip': (_request, response) => response.writeHead(200).write('x'),
    '/empty': (_request, response) => response.writeHead(204).end(),
    '/error': (_request, response) => response.writeHead(503).end('busy'),
  };

  beforeAll(async () => {
    server = createServer((request, response) => {
      hits += 1;
      routes[(request.url ?? '').split('?', 1)[0] ?? '']?.(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const allowed = (timeoutMs?: number) => guarded(['127.0.0.0/8'], timeoutMs);

  test('answers status, headers and body', async () => {
    const answer = await allowed().fetch(`${base}/ok`);
    expect([answer.status, answer.headers.get('x-kept'), await answer.text()]).toEqual([200, 'yes', 'fine']);
  });

  test('a name that resolves into the range may be plain http on any port', async () => {
    const answer = await allowed().fetch(`${base.replace('127.0.0.1', 'local.test')}/ok`);
    expect(answer.status).toBe(200);
  });

  test('a public name stays https only although a range is allowed', async () => {
    names['public.test'] = ['93.184.216.34'];
    expect(await refusalOf(allowed().fetch('http://public.test/'))).toBe('egress_refused/scheme');
    expect(await refusalOf(allowed().fetch('https://public.test:4444/'))).toBe('egress_refused/port');
  });

  test('sends method, headers and a form body', async () => {
    const answer = await allowed().fetch(`${base}/echo`, {
      method: 'POST',
      body: new URLSearchParams({ a: '1 2' }),
    });
    expect(await answer.text()).toBe('a=1+2');
  });

  test('asks for plain bodies, and unpacks what comes packed all the same, in the usual ways alone', async () => {
    expect(await (await allowed().fetch(`${base}/headers`)).json()).toMatchObject({
      'accept-encoding': 'identity',
    });
    const packed = await allowed().fetch(`${base}/packed`);
    expect([await packed.text(), packed.headers.get('content-encoding')]).toEqual(['fine', null]);
    expect(await refusalOf(allowed().fetch(`${base}/packed?as=zstd`))).toBe('upstream_unreachable/-');
  });

  test('an error status is an answer, and 204 has no body', async () => {
    expect((await allowed().fetch(`${base}/error`)).status).toBe(503);
    expect((await allowed().fetch(`${base}/empty`)).status).toBe(204);
  });

  test('S195 a redirect is refused, even to an allowed place, and not followed', async () => {
    const before = hits;
    expect(await refusalOf(allowed().fetch(`${base}/moved`))).toBe('egress_refused/redirect');
    expect(hits - before).toBe(1);
  });

  test.each<readonly [string, number | undefined, string]>([
    ['/big', undefined, 'more bytes than allowed'],
    ['/bomb', undefined, 'more bytes than allowed once unpacked'],
    ['/silent', 50, 'no answer in time'],
    ['/drip', 50, 'a body that never ends'],
  ])('S196 %s within %s ms ends as unreachable: %s', async (path, timeoutMs) => {
    expect(await refusalOf(allowed(timeoutMs).fetch(base + path))).toBe('upstream_unreachable/-');
  });

  test('S196 proxies of the environment are not used', async () => {
    process.env.HTTP_PROXY = 'http://127.0.0.1:1';
    try {
      expect((await allowed().fetch(`${base}/ok`)).status).toBe(200);
    } finally {
      delete process.env.HTTP_PROXY;
    }
  });

  test('S201: it says who it is, and a header that would break into two is refused before anybody is called', async () => {
    const told = await (await allowed().fetch(`${base}/headers`)).json();
    expect(told).toMatchObject({ 'user-agent': 'Gatehouse' });
    const before = hits;
    const broken = allowed().fetch(`${base}/headers`, { headers: { 'x-name': 'a\r\nx-more: b' } });
    expect(await refusalOf(broken)).toMatch(/^(?:upstream_unreachable|invalid|egress_refused)/);
    expect(hits).toBe(before);
  });

  test('S197 a closed port, an unknown name, a silence and an endless body read the same', async () => {
    const urls = [
      'http://127.0.0.1:1/',
      'https://unknown.test/',
      'https://empty.test/',
      `${base}/silent`,
      `${base}/big`,
    ];
    const texts = await Promise.all(
      urls.map((url) =>
        allowed(50)
          .fetch(url)
          .catch((error: unknown) =>
            isGatehouseError(error, 'upstream_unreachable') ? error.detail : error,
          ),
      ),
    );
    expect(new Set(texts).size).toBe(1);
  });

  test("the caller's own signal ends the call", async () => {
    const work = allowed().fetch(`${base}/silent`, { signal: AbortSignal.abort() });
    expect(await refusalOf(work)).toBe('upstream_unreachable/-');
  });
});
