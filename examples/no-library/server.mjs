/** A product behind Gatehouse with nothing but HTTP and JSON: what it takes in any language. */
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { createServer } from 'node:http';

const { ISSUER = 'http://localhost:3000/oidc', CLIENT_ID, CLIENT_SECRET, PORT = '4001' } = process.env;
const BASE = `http://localhost:${PORT}`;
const random = () => randomBytes(32).toString('base64url');

async function getJson(url, init) {
  const answer = await fetch(url, init);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

// 1. Discovery: one document names every address (OpenID Connect Discovery §4).
const provider = await getJson(`${ISSUER}/.well-known/openid-configuration`);

/** Sign-ins under way by state; a real product keeps them in its store. */
const pending = new Map();

// 2. The browser goes to the provider with state, nonce and a PKCE challenge (RFC 7636).
function signIn(res) {
  const [state, nonce, verifier] = [random(), random(), random()];
  pending.set(state, { verifier, nonce });
  const query = new URLSearchParams({
    ...{ response_type: 'code', client_id: CLIENT_ID, redirect_uri: `${BASE}/callback` },
    ...{ scope: 'openid email profile', state, nonce, code_challenge_method: 'S256' },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  });
  const cookie = `state=${state}; HttpOnly; SameSite=Lax; Path=/`;
  res.writeHead(302, { location: `${provider.authorization_endpoint}?${query}`, 'set-cookie': cookie }).end();
}

// 3. The code becomes an ID token, which is checked (OpenID Connect Core §3.1.3).
async function callback(req, url, res) {
  const state = url.searchParams.get('state');
  const started = pending.get(state);
  pending.delete(state);
  const isSameBrowser = (req.headers.cookie ?? '').split('; ').includes(`state=${state}`);
  if (started === undefined || !isSameBrowser) return res.writeHead(400).end('Start at /sign-in.');
  if (url.searchParams.has('error')) throw new Error(url.searchParams.get('error'));
  const basic = Buffer.from(`${encodeURIComponent(CLIENT_ID)}:${encodeURIComponent(CLIENT_SECRET)}`);
  const tokens = await getJson(provider.token_endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${basic.toString('base64')}` },
    body: new URLSearchParams({
      ...{ grant_type: 'authorization_code', code: url.searchParams.get('code') },
      ...{ redirect_uri: `${BASE}/callback`, code_verifier: started.verifier },
    }),
  });
  const claims = await verifiedClaims(tokens.id_token);
  if (claims.nonce !== started.nonce) throw new Error('The ID token answers another sign-in.');
  res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(claims));
}

// 4. The signature by the provider's key that the header names; then issuer, audience and time.
async function verifiedClaims(idToken) {
  const [header, payload, signature] = idToken.split('.');
  const [{ alg, kid }, claims] = [header, payload].map((part) => JSON.parse(Buffer.from(part, 'base64url')));
  const jwk = (await getJson(provider.jwks_uri)).keys.find((key) => key.kid === kid);
  if (alg !== 'ES256' || jwk === undefined) throw new Error(`No key for ${alg} ${kid}.`);
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
  const bytes = Buffer.from(`${header}.${payload}`);
  const isGenuine = verify('sha256', bytes, key, Buffer.from(signature, 'base64url'));
  const isOurs = claims.iss === ISSUER && claims.aud === CLIENT_ID && claims.exp > Date.now() / 1000;
  if (!isGenuine || !isOurs) throw new Error('The ID token is not for us.');
  return claims;
}

createServer((req, res) => {
  const url = new URL(req.url, BASE);
  if (url.pathname !== '/callback') return signIn(res);
  callback(req, url, res).catch((error) => {
    console.error(error.message);
    const page = 'This did not work. <a href="/sign-in">Sign in again</a>';
    res.writeHead(400, { 'content-type': 'text/html' }).end(page);
  });
}).listen(Number(PORT), () => console.log(`The product is at ${BASE}`));
