/** A real SAML identity provider for tests and the demo: samlp in its own Express app, with a committed test-only key. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import express, { type Request, type Response } from 'express';
import samlp, { type ParsedAuthnRequest } from 'samlp';
import { escapeHtml, loginPage } from './pages.ts';

export interface SamlIdpUser {
  readonly email: string;
  /** The e-mail if absent. */
  readonly nameId?: string;
  /** The persistent format if `nameId` is given, else the e-mail format. */
  readonly nameIdFormat?: string;
  readonly name?: string;
  readonly groups?: readonly string[];
  /** More attributes; they win over `email`, `name` and `groups`. */
  readonly attributes?: Readonly<Record<string, string | readonly string[]>>;
}

export interface SamlIdpOptions {
  /** 0 if absent: any free port. */
  readonly port?: number;
  /** `127.0.0.1` if absent; also the host of the addresses. */
  readonly host?: string;
  readonly users?: readonly SamlIdpUser[];
  /** Which element carries the one signature; `assertion` if absent. */
  readonly signs?: 'assertion' | 'response';
  /** The other side's certificate, PEM: assertions are encrypted for it (AES-256-GCM, RSA-OAEP). Absent: they are not. */
  readonly encryptsFor?: string;
}

export interface SamlIdp {
  readonly entityId: string;
  readonly ssoUrl: string;
  readonly certificatePem: string;
  metadataXml(): string;
  addUser(user: SamlIdpUser): void;
  removeUser(email: string): void;
  close(): Promise<void>;
}

const certificatePem = readFileSync(new URL('./keys/test-only-idp.cert.pem', import.meta.url), 'utf8');
const privateKeyPem = readFileSync(new URL('./keys/test-only-idp.key.pem', import.meta.url), 'utf8');
const LIFETIME_SECONDS = 300;

/**
 * Starts the identity provider. `GET /sso?SAMLRequest=&RelayState=` signs in at once the person named by
 * `login_hint`, by the header `x-test-user` or by the cookie `test-user`; otherwise it shows a page.
 * `GET /initiate?acs=&audience=&email=` answers an unsolicited response.
 */
export async function startSamlIdp(options: SamlIdpOptions = {}): Promise<SamlIdp> {
  const users = new Map((options.users ?? []).map((user) => [user.email, user]));
  const host = options.host ?? '127.0.0.1';
  const app = express();
  const server = await listen(app, options.port ?? 0, host);
  const base = `http://${host}:${portOf(server)}`;
  const idp = {
    entityId: `${base}/metadata`,
    ssoUrl: `${base}/sso`,
    users,
    signs: options.signs ?? 'assertion',
    encryptsFor: options.encryptsFor,
  };
  const metadataXml = () => describeIdp(idp.entityId, idp.ssoUrl);
  app.get('/metadata', (_request, response) => {
    response.type('application/samlmetadata+xml').send(metadataXml());
  });
  app.all('/sso', express.urlencoded({ extended: false }), (request, response, next) => {
    samlp.parseRequest(request, (error, authnRequest) => {
      if (error !== null && error !== undefined) return void response.status(400).send('Unreadable request.');
      answerSignIn({ idp, request, response, next, authnRequest });
    });
  });
  app.get('/initiate', (request, response, next) => {
    const user = users.get(queryText(request, 'email'));
    if (user === undefined) return void response.status(404).send('Nobody of that name.');
    const target = { acsUrl: queryText(request, 'acs'), audience: queryText(request, 'audience') };
    issue({ idp, user, ...target }, { request, response, next });
  });
  return {
    entityId: idp.entityId,
    ssoUrl: idp.ssoUrl,
    certificatePem,
    metadataXml,
    addUser: (user) => void users.set(user.email, user),
    removeUser: (email) => void users.delete(email),
    close: () => close(server),
  };
}

interface RunningIdp {
  readonly entityId: string;
  readonly ssoUrl: string;
  readonly users: ReadonlyMap<string, SamlIdpUser>;
  readonly signs: 'assertion' | 'response';
  readonly encryptsFor: string | undefined;
}

interface Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly next: (error?: unknown) => void;
}

interface SignIn extends Exchange {
  readonly idp: RunningIdp;
  readonly authnRequest: ParsedAuthnRequest | undefined;
}

function answerSignIn({ idp, request, response, next, authnRequest }: SignIn): void {
  const acsUrl = authnRequest?.assertionConsumerServiceURL;
  const audience = authnRequest?.issuer;
  if (acsUrl === undefined || audience === undefined) return void response.status(400).send('Not a request.');
  const named = queryText(request, 'email');
  const user = idp.users.get(named === '' ? hintOf(request, authnRequest?.subject) : named);
  if (user !== undefined) {
    issue({ idp, user, acsUrl, audience }, { request, response, next });
    return;
  }
  const page = loginPage({
    title: 'Test SAML identity provider',
    action: '/sso',
    method: 'get',
    users: [...idp.users.values()],
    hidden: { SAMLRequest: queryText(request, 'SAMLRequest'), RelayState: queryText(request, 'RelayState') },
    ...(named === '' ? {} : { message: 'Nobody of that name works here.' }),
  });
  response
    .status(named === '' ? 200 : 401)
    .type('html')
    .send(page);
}

function hintOf(request: Request, subject: string | undefined): string {
  const cookie = /(?:^|;\s*)test-user=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
  const hint = queryText(request, 'login_hint') || request.get('x-test-user') || subject;
  return hint ?? (cookie === undefined ? '' : decodeURIComponent(cookie));
}

interface Issue {
  readonly idp: RunningIdp;
  readonly user: SamlIdpUser;
  readonly acsUrl: string;
  readonly audience: string;
}

/** samlp makes, signs and posts the response; Recipient, Destination and Audience are those of this very request. */
function issue({ idp, user, acsUrl, audience }: Issue, { request, response, next }: Exchange): void {
  samlp.auth({
    issuer: idp.entityId,
    cert: certificatePem,
    key: privateKeyPem,
    audience,
    recipient: acsUrl,
    destination: acsUrl,
    lifetimeInSeconds: LIFETIME_SECONDS,
    signatureAlgorithm: 'rsa-sha256',
    digestAlgorithm: 'sha256',
    signAssertion: idp.signs === 'assertion',
    signResponse: idp.signs === 'response',
    ...encryptionFor(idp.encryptsFor),
    sessionIndex: `_${crypto.randomUUID()}`,
    authnContextClassRef: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
    getUserFromRequest: () => user,
    profileMapper: describeUser,
    // samlp passes audience, document and request before the callback.
    getPostURL: (...answer: readonly [unknown, unknown, unknown, (error: null, url: string) => void]) =>
      answer[3](null, acsUrl),
  })(request, response, next);
}

const encryptionFor = (certificate: string | undefined) =>
  certificate === undefined
    ? {}
    : {
        encryptionCert: certificate,
        encryptionPublicKey: new X509Certificate(certificate).publicKey.export({
          type: 'spki',
          format: 'pem',
        }),
        encryptionAlgorithm: 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
        keyEncryptionAlgorithm: 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p',
      };

function describeUser(user: SamlIdpUser) {
  const format =
    user.nameId === undefined ? '1.1:nameid-format:emailAddress' : '2.0:nameid-format:persistent';
  return {
    getClaims: () => ({
      email: user.email,
      name: user.name ?? user.email,
      ...(user.groups === undefined ? {} : { groups: [...user.groups] }),
      ...user.attributes,
    }),
    getNameIdentifier: () => ({
      nameIdentifier: user.nameId ?? user.email,
      nameIdentifierFormat: user.nameIdFormat ?? `urn:oasis:names:tc:SAML:${format}`,
    }),
  };
}

/** SAML metadata §2.4.3: one signing certificate, redirect binding. */
function describeIdp(entityId: string, ssoUrl: string): string {
  const certificate = certificatePem.replace(/-----[A-Z ]+-----|\s/g, '');
  return `<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${escapeHtml(entityId)}">
<md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${escapeHtml(ssoUrl)}"/>
</md:IDPSSODescriptor>
</md:EntityDescriptor>`;
}

function queryText(request: Request, name: string): string {
  const value = request.query[name];
  return typeof value === 'string' ? value : '';
}

function listen(app: express.Express, port: number, host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server: Server = app.listen(port, host, (error?: Error) =>
      error === undefined ? resolve(server) : reject(error),
    );
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('the test identity provider has no port');
  return address.port;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
