/** Single sign-on in the demo: connections to the bundled identity providers, and employees who sign in as a browser would. */
import { randomBytes, randomUUID } from 'node:crypto';
import { type Browser, createBrowser, type Page } from '../../test/support/browser.ts';
import { readForms } from '../../test/support/html-forms.ts';
import { listAt, textAt } from '../simulate/answers.ts';
import type { Person } from '../simulate/population.ts';
import type { Company } from './companies.ts';
import type { Stage } from './stage.ts';

/** Connects a company to the SAML identity provider, where its people exist with their userName as NameID. */
export async function connectSaml({ operator, saml }: Stage, company: Company) {
  const path = `/organizations/${company.slug}/connections`;
  const body = { protocol: 'saml', name: `${company.name} SAML`, metadataXml: saml.metadataXml() };
  const connection = await operator.expect(201, { method: 'POST', path, body });
  for (const person of company.simulation.population.people) {
    saml.addUser({ email: person.email, name: person.displayName, nameId: person.userName });
  }
  return { result: undefined, facts: [`ACS address: ${textAt(connection, 'acsUrl')}`] };
}

/** Connects a company to the OpenID Provider, where its people exist with their verified e-mail. */
export async function connectOidc({ operator, oidc }: Stage, company: Company) {
  const path = `/organizations/${company.slug}/connections`;
  const registration = { clientId: 'gatehouse', clientSecret: randomBytes(24).toString('base64url') };
  const body = { protocol: 'oidc', name: `${company.name} OIDC`, issuer: oidc.issuer, ...registration };
  const connection = await operator.expect(201, { method: 'POST', path, body });
  const redirectUri = textAt(connection, 'redirectUri');
  oidc.addClient({ ...registration, redirectUris: [redirectUri] });
  for (const person of company.simulation.population.people) {
    oidc.addUser({ sub: randomUUID(), email: person.email, name: person.displayName });
  }
  return { result: undefined, facts: [`redirect address: ${redirectUri}`] };
}

/** Where a company's people start; with a hint the identity provider asks nothing. */
export const startAddress = ({ gateway }: Stage, slug: string, email?: string): string =>
  `${gateway.baseUrl}/sign-in/${slug}${email === undefined ? '' : `?login_hint=${encodeURIComponent(email)}`}`;

/** Signs an employee in and reads back who the gateway says they are. Throws with the page when it is somebody else. */
export async function signInEmployee(stage: Stage, { slug }: Company, person: Person) {
  const browser = createBrowser();
  const arrived = await browser.follow(startAddress(stage, slug, person.email));
  // SAML comes back as a form that a browser posts by itself; OpenID Connect is through by now.
  const posts = readForms(arrived.text).some(({ fields }) =>
    fields.some(([name]) => name === 'SAMLResponse'),
  );
  const page = posts ? await browser.submitForm(arrived) : arrived;
  const trail = posts ? [...arrived.trail, ...page.trail] : page.trail;
  const session = await readSession(stage, browser);
  const organization = textAt(session.body, 'organization', 'slug');
  if (session.page.status !== 200 || organization !== slug) throw new Error(showPages([page, session.page]));
  const teams = listAt(session.body, 'teams').map(
    (team) => `${textAt(team, 'name')} (${textAt(team, 'role')})`,
  );
  return {
    result: browser,
    facts: [
      trail.map((url) => shorten(url, stage.gateway.baseUrl)).join(' → '),
      `GET /api/v1/session: ${textAt(session.body, 'user', 'email')} of ${organization}, org role ${textAt(session.body, 'orgRole')}, teams ${teams.join(', ') || 'none'}`,
    ],
  };
}

/** The path of an address of ours, host and first step of one elsewhere; ids and queries left out. */
function shorten(url: string, baseUrl: string): string {
  const { origin, host, pathname } = new URL(url);
  const [, first = '', ...rest] = pathname.split('/');
  const short = ['', first, ...rest.map((part) => (part.length > 20 ? '…' : part))].join('/');
  return origin === baseUrl ? short : `${host}/${first}`;
}

/** Tries to sign in somebody the directory has not pushed. Throws unless the answer is a refusal without a session. */
export async function refuseStranger(stage: Stage, { slug }: Company) {
  const email = 'mallory@elsewhere.example';
  stage.saml.addUser({ email, name: 'Mallory' });
  const browser = createBrowser();
  const page = await browser.signIn(startAddress(stage, slug, email));
  const session = await readSession(stage, browser);
  stage.saml.removeUser(email);
  if (page.status < 400 || page.status > 499 || session.page.status !== 401) {
    throw new Error(showPages([page, session.page]));
  }
  return { result: undefined, facts: [`${email}: status ${page.status}, no session`] };
}

/** Goes to the application with an empty browser; throws unless its ID token is of this person and company. */
export async function enterApplication({ application }: Stage, { slug }: Company, person: Person) {
  const hints = new URLSearchParams({ organization: slug, login_hint: person.email });
  const page = await createBrowser().signIn(`${application.baseUrl}/sign-in?${hints}`);
  const claims: unknown = page.status === 200 ? JSON.parse(page.text) : undefined;
  if (claims === undefined || textAt(claims, 'org_slug') !== slug) throw new Error(showPages([page]));
  const teams = listAt(claims, 'teams').map((team) => `${textAt(team, 'name')} (${textAt(team, 'role')})`);
  return {
    result: undefined,
    facts: [
      `its ID token: ${textAt(claims, 'name')}, org_role ${textAt(claims, 'org_role')} of ${textAt(claims, 'org_slug')}, teams ${teams.join(', ') || 'none'}`,
    ],
  };
}

/** `GET /api/v1/session` with the cookies of a browser. */
export async function readSession({ gateway }: Stage, browser: Browser) {
  const page = await browser.request(`${gateway.baseUrl}/api/v1/session`, {
    headers: { accept: 'application/json' },
  });
  const body: unknown = JSON.parse(page.text === '' ? 'null' : page.text);
  return { page, body };
}

/** Pages as text for an error: where the browser went, what came back. */
export function showPages(pages: readonly Page[]): string {
  return pages
    .map(
      ({ trail, status, text }) => `> GET ${trail.join('\n> GET ')}\n< ${status}\n< ${text.slice(0, 2000)}`,
    )
    .join('\n');
}
