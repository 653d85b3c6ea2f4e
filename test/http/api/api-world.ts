/** A gateway with two organizations and signed-in people of every role, and a caller that speaks for any of them. */

import type { OrgRole } from '../../../src/core/access/roles.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import type { Membership } from '../../../src/core/entities/people.ts';
import { acceptInvitation } from '../../../src/core/joining/invitation-acceptance.ts';
import { createInvitation } from '../../../src/core/joining/invitations.ts';
import { changeMember } from '../../../src/core/members/members.ts';
import type { OrganizationInput } from '../../../src/core/organization/organizations.ts';
import { nextText } from '../../support/builders.ts';
import { type GatewayOptions, startGateway, type TestGateway, testCause } from '../../support/gateway.ts';

import { expectDocumented } from './documented.ts';

export const PASSWORD = 'a sentence nobody guesses';

/** Whoever sends a request: the operator, a signed-in person, or nobody. */
export interface Sender {
  readonly headers: Readonly<Record<string, string>>;
}

export interface Person extends Sender {
  readonly membership: Membership;
  readonly email: string;
  /** The session cookie's value. */
  readonly token: string;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are what the tests look into
  readonly body: any;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ApiWorld {
  readonly gateway: TestGateway;
  readonly operator: Sender;
  readonly nobody: Sender;
  /** Sends `METHOD /path` below /api/v1. */
  send(sender: Sender, request: string, body?: unknown): Promise<Answer>;
  newOrganization(input?: Partial<OrganizationInput>): Promise<Organization>;
  /** A new person with a session and a password, member of the organization with that role. */
  newPerson(organization: Organization, role?: OrgRole, email?: string): Promise<Person>;
  close(): Promise<void>;
}

const NOBODY: Sender = { headers: {} };

export async function startApiWorld(options: GatewayOptions = {}): Promise<ApiWorld> {
  const gateway = await startGateway(options);
  const operator: Sender = { headers: { authorization: `Bearer ${gateway.operatorKey}` } };
  return {
    gateway,
    operator,
    nobody: NOBODY,
    send: (sender, request, body) => send(gateway, { sender, request, body }),
    newOrganization: (input = {}) => gateway.createOrganization({ name: nextText('Acme'), ...input }),
    newPerson: (organization, role = 'member', email = `${nextText('person')}@example.com`) =>
      newPerson(gateway, { organization, role, email }),
    close: () => gateway.close(),
  };
}

const typeOfFile = (text: string): string => (text.startsWith('<') ? 'application/xml' : 'text/csv');

async function send(
  gateway: TestGateway,
  { sender, request, body }: { readonly sender: Sender; readonly request: string; readonly body: unknown },
): Promise<Answer> {
  const [method = '', path = ''] = request.split(' ');
  const isText = typeof body === 'string';
  const response = await fetch(`${gateway.baseUrl}/api/v1${path}`, {
    method: method.toUpperCase(),
    headers: {
      ...(body === undefined ? {} : { 'content-type': isText ? typeOfFile(body) : 'application/json' }),
      ...sender.headers,
    },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '');
  const answer = {
    status: response.status,
    body: text === '' ? undefined : isJson ? JSON.parse(text) : text,
    headers: Object.fromEntries(response.headers),
  };
  expectDocumented(request, answer);
  return answer;
}

/** Through invitation and acceptance, as people come in; owners are made afterwards, as the rules want it. */
async function newPerson(
  { deps, baseUrl }: TestGateway,
  input: { readonly organization: Organization; readonly role: OrgRole; readonly email: string },
): Promise<Person> {
  const { organization, role, email } = input;
  const organizationId = organization.id;
  const caller = { kind: 'operator' } as const;
  const { url } = await createInvitation(deps, {
    organizationId,
    cause: testCause,
    caller,
    invitation: { email, role: role === 'owner' ? 'admin' : role, teams: [], delivery: 'link' },
  });
  const { sessionToken, membership } = await acceptInvitation(deps, {
    token: url.slice(url.lastIndexOf('/') + 1),
    acceptor: { kind: 'new', name: 'Ada', password: PASSWORD },
    cause: testCause,
  });
  if (role === 'owner') {
    const change = { orgRole: role };
    await changeMember(deps, { organizationId, id: membership.id, caller, cause: testCause, change });
  }
  return { ...cookieSender(sessionToken, baseUrl), membership, email, token: sessionToken };
}

/** A browser on our own pages with this session. */
export const cookieSender = (token: string, baseUrl: string): Sender => ({
  headers: { cookie: `__Host-gatehouse-session=${token}`, origin: baseUrl },
});
