/** An OIDC identity provider that answers whatever a test asks it to, right or wrong; it never shows a page. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { deflateRawSync } from 'node:zlib';
import {
  CompactEncrypt,
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  SignJWT,
} from 'jose';

export interface ForgedAnswer {
  /** Laid over a correct ID token's claims; undefined removes one. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** How the ID token is signed; `good` if absent. */
  readonly signing?:
    | 'good'
    | 'none'
    | 'hs256-public-key'
    | 'foreign-key'
    | 'brought-key'
    | 'ps256'
    | 'broken'
    | 'encrypted';
  /** Laid over the ID token's header. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** The UserInfo answer; absent answers `{sub}` of the ID token. */
  readonly userInfo?: unknown;
  readonly userInfoStatus?: number;
  /** UserInfo answers this, as a token, instead. */
  readonly userInfoToken?: string;
  readonly tokenStatus?: number;
  /** A whole token answer in place of a made one. */
  readonly tokenBody?: unknown;
}

export interface ForgingIdp {
  readonly issuer: string;
  /** Laid over the discovery document; undefined removes an entry. */
  discovery: Readonly<Record<string, unknown>>;
  /** Addresses that answer with an outage instead: path and status, for instance `{'/jwks': 500}`. */
  down: Readonly<Record<string, number>>;
  /** More keys than its own in the answer, before it. */
  extraKeys: readonly object[];
  /** The key of `brought-key`: announced nowhere, and to be had at `/brought-keys` under the id of a good one. */
  readonly broughtKey: JWK;
  /** How often UserInfo was asked. */
  userInfoRequests(): number;
  /** What the next token request gets. */
  next: ForgedAnswer;
  /** Form bodies of the token requests, with the Authorization header as `authorization`. */
  readonly tokenRequests: readonly URLSearchParams[];
  /** How often the keys were asked for. */
  keyRequests(): number;
  /** Signs any claims as asked; undefined values leave a claim out. */
  sign(
    claims: Readonly<Record<string, unknown>>,
    how?: Pick<ForgedAnswer, 'signing' | 'header'>,
  ): Promise<string>;
  /** Throws the keys away and makes new ones. */
  rotateKeys(): Promise<void>;
  close(): Promise<void>;
}

interface Keys {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

/** Starts it on a free local port. `nonce` must be the one of the sign-in under test; both are read at each answer. */
export async function startForgingIdp(setup: { clientId: string; nonce: string }): Promise<ForgingIdp> {
  let keys = await makeKeys('k1');
  const brought = await makeKeys('k1');
  let keyRequests = 0;
  let userInfoRequests = 0;
  let lastSubject = 'subject-1';
  const tokenRequests: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const idp: ForgingIdp = {
    issuer: `http://127.0.0.1:${address.port}`,
    discovery: {},
    down: {},
    extraKeys: [],
    broughtKey: brought.jwk,
    userInfoRequests: () => userInfoRequests,
    next: {},
    tokenRequests,
    keyRequests: () => keyRequests,
    sign: (claims, how = {}) => forge(claims, how, keysOf(how)),
    rotateKeys: async () => {
      keys = await makeKeys(`k${Math.random()}`);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return idp;

  function keysOf({ signing }: Pick<ForgedAnswer, 'signing'>): Keys {
    return signing === 'brought-key' ? { ...brought, kid: keys.kid } : keys;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', idp.issuer);
    const outage = idp.down[pathname];
    if (outage !== undefined) return sendJson(response, { error: 'down' }, outage);
    switch (pathname) {
      case '/.well-known/openid-configuration':
        return sendJson(response, { ...discoveryOf(idp.issuer), ...idp.discovery });
      case '/jwks':
        keyRequests += 1;
        return sendJson(response, { keys: [...idp.extraKeys, keys.jwk] });
      case '/brought-keys':
        return sendJson(response, { keys: [{ ...brought.jwk, kid: keys.kid }] });
      case '/token': {
        tokenRequests.push(await readForm(request));
        const status = idp.next.tokenStatus ?? 200;
        const body = idp.next.tokenBody ?? (status === 200 ? await tokens() : { error: 'invalid_grant' });
        return sendJson(response, body, status);
      }
      case '/userinfo':
        userInfoRequests += 1;
        if (idp.next.userInfoToken !== undefined) {
          response.writeHead(200, { 'content-type': 'application/jwt' }).end(idp.next.userInfoToken);
          return;
        }
        return sendJson(response, idp.next.userInfo ?? { sub: lastSubject }, idp.next.userInfoStatus ?? 200);
      default:
        return sendJson(response, { error: 'not_found' }, 404);
    }
  }

  async function tokens() {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: idp.issuer,
      aud: setup.clientId,
      sub: 'subject-1',
      nonce: setup.nonce,
      iat: now,
      exp: now + 300,
      ...idp.next.claims,
    };
    lastSubject = String(claims.sub);
    return {
      access_token: 'opaque-access',
      token_type: 'Bearer',
      expires_in: 300,
      id_token: await forge(claims, idp.next, keysOf(idp.next)),
    };
  }
}

async function forge(
  claims: Readonly<Record<string, unknown>>,
  next: ForgedAnswer,
  keys: Keys,
): Promise<string> {
  const signing = next.signing ?? 'good';
  const payload = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  if (signing === 'none') {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    return `${part({ alg: 'none', typ: 'JWT' })}.${part(payload)}.`;
  }
  if (signing === 'hs256-public-key') {
    const secret = new TextEncoder().encode(await exportSPKI(keys.publicKey));
    return signWith(payload, { alg: 'HS256', kid: keys.kid }, secret);
  }
  if (signing === 'encrypted') return encrypted(payload);
  const algorithm = signing === 'ps256' ? 'PS256' : 'RS256';
  const foreign =
    signing === 'foreign-key' || signing === 'ps256' ? await makeKeys(keys.kid, algorithm) : keys;
  const header = { alg: algorithm, kid: keys.kid, ...next.header };
  const token = await signWith(payload, header, foreign.privateKey);
  return signing === 'broken' ? flipLastByte(token) : token;
}

/** A compressed bomb for whoever decrypts it: a few hundred bytes that would become megabytes (CVE-2024-28176). */
async function encrypted(payload: Readonly<Record<string, unknown>>): Promise<string> {
  const { publicKey } = await generateKeyPair('RSA-OAEP-256');
  const bomb = deflateRawSync(JSON.stringify({ ...payload, pad: 'x'.repeat(5_000_000) }));
  return new CompactEncrypt(bomb)
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: 'zip', cty: 'JWT' })
    .encrypt(publicKey);
}

function signWith(
  payload: Readonly<Record<string, unknown>>,
  header: { readonly alg: string; readonly kid: string },
  key: CryptoKey | Uint8Array,
): Promise<string> {
  return new SignJWT({ ...payload }).setProtectedHeader({ ...header }).sign(key);
}

function flipLastByte(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
  return [header, payload, bytes.toString('base64url')].join('.');
}

async function makeKeys(kid: string, algorithm = 'RS256'): Promise<Keys> {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(pair.publicKey)), kid, use: 'sig' };
  return { kid, jwk, ...pair };
}

function discoveryOf(issuer: string) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    userinfo_endpoint: `${issuer}/userinfo`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
    code_challenge_methods_supported: ['plain', 'S256'],
  };
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
  const form = new URLSearchParams(body);
  form.set('authorization', request.headers.authorization ?? '');
  return form;
}

function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
