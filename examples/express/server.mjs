/** A product behind Gatehouse: Express and openid-client. */
import { randomUUID } from 'node:crypto';
import express from 'express';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oidc from 'openid-client';

const { ISSUER = 'http://localhost:3000/oidc', CLIENT_ID, CLIENT_SECRET, PORT = '4000' } = process.env;
const BASE = `http://localhost:${PORT}`;
const execute = ISSUER.startsWith('http:') ? [oidc.allowInsecureRequests] : [];
const gatehouse = await oidc.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, { execute });
const keys = createRemoteJWKSet(new URL(gatehouse.serverMetadata().jwks_uri));

/** Sign-ins under way and sessions, by the value of a cookie; a real product keeps both in its store. */
const pending = new Map();
const sessions = new Map();
const cookie = (req, name) => new RegExp(`(?:^|; )${name}=([^;]+)`).exec(req.headers.cookie ?? '')?.[1];
const HINTS = ['organization', 'login_hint'];
const OWN = { httpOnly: true, sameSite: 'lax' };

const app = express();

app.get('/', (req, res) => {
  const session = sessions.get(cookie(req, 'product'));
  if (session === undefined) res.redirect('/sign-in');
  else res.json(session.claims);
});

app.get('/sign-in', async (req, res) => {
  const state = oidc.randomState();
  const checks = { pkceCodeVerifier: oidc.randomPKCECodeVerifier(), expectedNonce: oidc.randomNonce() };
  pending.set(state, { ...checks, expectedState: state, idTokenExpected: true });
  const url = oidc.buildAuthorizationUrl(gatehouse, {
    ...{ redirect_uri: `${BASE}/callback`, scope: 'openid email profile' },
    ...{ state, nonce: checks.expectedNonce, code_challenge_method: 'S256' },
    code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    // Which customer, and who: the gateway finds the right identity provider. Without them, it asks.
    ...Object.fromEntries(HINTS.filter((hint) => req.query[hint]).map((hint) => [hint, req.query[hint]])),
  });
  res.cookie('state', state, OWN).redirect(url.href);
});

app.get('/callback', async (req, res) => {
  const checks = pending.get(cookie(req, 'state'));
  pending.delete(cookie(req, 'state'));
  if (checks === undefined) return res.status(400).send('Start at /sign-in.');
  const tokens = await oidc.authorizationCodeGrant(gatehouse, new URL(req.originalUrl, BASE), checks);
  const id = randomUUID();
  sessions.set(id, { claims: tokens.claims(), idToken: tokens.id_token });
  res.cookie('product', id, OWN).redirect('/');
});

app.get('/sign-out', (req, res) => {
  const session = sessions.get(cookie(req, 'product'));
  sessions.delete(cookie(req, 'product'));
  if (session === undefined) return res.redirect('/signed-out');
  const back = { id_token_hint: session.idToken, post_logout_redirect_uri: `${BASE}/signed-out` };
  res.redirect(oidc.buildEndSessionUrl(gatehouse, back).href);
});

app.get('/signed-out', (_req, res) => res.send('You are signed out.'));

/** Gatehouse tells that a session ended: by a sign-out elsewhere, or because the person was deactivated. */
app.post('/backchannel-logout', express.urlencoded(), async (req, res) => {
  const expected = { issuer: ISSUER, audience: CLIENT_ID, typ: 'logout+jwt' };
  const { payload } = await jwtVerify(req.body.logout_token, keys, expected);
  for (const [id, { claims }] of sessions) {
    if (payload.sid === undefined ? claims.sub === payload.sub : claims.sid === payload.sid)
      sessions.delete(id);
  }
  res.sendStatus(200);
});

app.use((error, _req, res, _next) => {
  console.error(error.message); // `access_denied` too: the person did not get in.
  res.status(400).send('This did not work. <a href="/sign-in">Sign in again</a>');
});

app.listen(Number(PORT), () => console.log(`The product is at ${BASE}`));
