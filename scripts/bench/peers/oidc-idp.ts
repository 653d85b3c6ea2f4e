/**
 * An OIDC identity provider that costs next to nothing, in a process of its own: discovery, keys, and a token endpoint
 * that signs an ES256 ID token about whoever the code names, as JSON in base64url. It shows no page.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { property } from '../answers.ts';

const port = Number(process.env.BENCH_PORT);
const issuer = `http://127.0.0.1:${port}`;
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const HEADER = base64url({ alg: 'ES256', kid: 'bench' });

const documents: Readonly<Record<string, string>> = {
  '/.well-known/openid-configuration': JSON.stringify({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    userinfo_endpoint: `${issuer}/userinfo`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    code_challenge_methods_supported: ['S256'],
  }),
  '/jwks': JSON.stringify({
    keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'bench', use: 'sig', alg: 'ES256' }],
  }),
};

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Everything a gateway asks for by default is in the token, so that UserInfo is not asked. */
function idToken(clientId: string, code: string): string {
  const asked: unknown = JSON.parse(Buffer.from(code, 'base64url').toString('utf8'));
  const sub = String(property(asked, 'sub'));
  const now = Math.floor(Date.now() / 1000);
  const email = String(property(asked, 'email'));
  const times = { iat: now, exp: now + 300, auth_time: now };
  const person = { sub, email, email_verified: true, name: email };
  const body = base64url({
    ...times,
    ...person,
    iss: issuer,
    aud: clientId,
    nonce: property(asked, 'nonce'),
  });
  const signed = `${HEADER}.${body}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

async function tokens(request: IncomingMessage): Promise<string> {
  let form = '';
  for await (const chunk of request.setEncoding('utf8')) form += String(chunk);
  const [clientId = ''] = Buffer.from(request.headers.authorization?.slice('Basic '.length) ?? '', 'base64')
    .toString('utf8')
    .split(':');
  return JSON.stringify({
    access_token: 'opaque',
    token_type: 'Bearer',
    expires_in: 300,
    id_token: idToken(decodeURIComponent(clientId), new URLSearchParams(form).get('code') ?? ''),
  });
}

const server = createServer(async (request, response) => {
  const path = request.url ?? '/';
  const body = path === '/token' ? await tokens(request).catch(() => undefined) : documents[path];
  response
    .writeHead(body === undefined ? 400 : 200, { 'content-type': 'application/json' })
    .end(body ?? '{"error":"invalid_request"}');
});
server.listen(port, '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
