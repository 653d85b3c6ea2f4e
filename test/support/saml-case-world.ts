/** The gateway that the SAML fixtures are addressed to, standing still at their moment: two organizations, and the steps of a case played out in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../src/core/entities/connection.ts';
import { changeMember } from '../../src/core/members/members.ts';
import { bindingCookie } from '../../src/http/cookies.ts';
import { parseId } from '../../src/kernel/ids.ts';
import { type Browser, createBrowser, type Page } from './browser.ts';
import { aConnection, aPendingSignIn, samlSettings } from './builders.ts';
import { startGateway, type TestGateway, testCause } from './gateway.ts';
import { type MetadataServer, startMetadataServer } from './metadata-server.ts';
import type { AttackCase, CaseConnection, CaseStep } from './saml-case.ts';
import {
  CORP_CONNECTION,
  CORP_HANDLE,
  FIXTURE_BASE,
  FIXTURE_NOW,
  fixtureContext,
  RIVAL_CONNECTION,
  RIVAL_HANDLE,
} from './saml-fixture-context.ts';
import { pushPerson, reopening } from './sign-in-stage.ts';

const PEOPLE = ['ada@corp.example', 'eve@corp.example', 'intruder@evil.example'];
const BINDING = `ghb_${'b'.repeat(43)}`;

export interface CaseWorld {
  /** The gateway as it runs now; a restart makes another. */
  gateway(): TestGateway;
  /** The browser of that name; ada's has begun both sign-ins. */
  browser(name?: string): Browser;
  /** Sends the request of a step, as often as it says. */
  send(step: CaseStep): Promise<readonly Page[]>;
  /** Begins ada's sign-in at `corp` again, if a refused answer has ended it. Not after a restart. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** Starts it as the case says; without one, as a single message meets it. */
export async function startCaseWorld(
  about: Pick<AttackCase, 'connection' | 'role'> = {},
): Promise<CaseWorld> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-case-'));
  const options = { baseUrl: FIXTURE_BASE, dataDir };
  const metadata = await startMetadataServer();
  let gateway = await startGateway({ ...options, now: FIXTURE_NOW });
  await settle(gateway, about, metadata);
  const corp = await gateway.storage.organizations.findBySlug('corp');
  if (corp === undefined) throw new Error('The world is empty.');
  const id = branded('con', CORP_CONNECTION);
  const reopen = await reopening(gateway, { organizationId: corp.id, id }, CORP_HANDLE);
  const browsers = new Map([['ada', createBrowser()]]);
  return {
    gateway: () => gateway,
    browser: (name = 'ada') => getOrInsert(browsers, name),
    send: async (step) => {
      if (step.restart === true) {
        const now = gateway.clock.now();
        await gateway.close();
        gateway = await startGateway({ ...options, now });
      }
      if (step.wait !== undefined) gateway.clock.advance(step.wait * 1000);
      if (step.publish !== undefined) metadata.publish(step.publish);
      if (step.anew === true) await reopen();
      const browser = getOrInsert(browsers, step.browser ?? 'ada');
      if (step.browser === undefined || step.browser === 'ada') bind(browser, gateway);
      const visits = Array.from({ length: step.times ?? 1 }, () =>
        visit(gateway, browser, { step, metadata }),
      );
      return Promise.all(visits);
    },
    reopen,
    close: async () => {
      metadata.close();
      await gateway.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function getOrInsert(browsers: Map<string, Browser>, name: string): Browser {
  const browser = browsers.get(name) ?? createBrowser();
  browsers.set(name, browser);
  return browser;
}

export const TENANTS = [
  {
    slug: 'corp',
    connection: CORP_CONNECTION,
    handle: CORP_HANDLE,
    requestId: '_request1',
    signIn: 'sin_00000000000000000000000001',
  },
  {
    slug: 'rival',
    connection: RIVAL_CONNECTION,
    handle: RIVAL_HANDLE,
    requestId: '_request2',
    signIn: 'sin_00000000000000000000000002',
  },
] as const;

/** What a browser keeps of the sign-ins it has begun. */
export function bind(browser: Browser, { origin }: TestGateway): void {
  const cookies = TENANTS.map(({ signIn }) => `${bindingCookie(signIn)}=${BINDING}; Path=/; Secure`);
  browser.cookies.store(new URL(origin), cookies);
}

const branded = <P extends 'con' | 'sin'>(prefix: P, text: string) => {
  const id = parseId(prefix, text);
  if (id === undefined) throw new Error(`not an id: ${text}`);
  return id;
};

/** Stores and answers the connection that the fixtures of this tenant are addressed to, with the sign-in that ada has begun there. */
export async function begin(
  gateway: TestGateway,
  tenant: (typeof TENANTS)[number],
  connection: Connection,
): Promise<Connection> {
  const { organizationId } = connection;
  const built = { ...connection, id: branded('con', tenant.connection) };
  const pending = aPendingSignIn(built, {
    ...{ id: branded('sin', tenant.signIn), requestId: tenant.requestId, held: null },
    ...{ handleHash: gateway.deps.hashToken(tenant.handle), bindingHash: gateway.deps.hashToken(BINDING) },
    ...{ createdAt: FIXTURE_NOW, expiresAt: FIXTURE_NOW + 600_000 },
  });
  await gateway.storage.transact(async (tx) => {
    await tx.connections.insert(organizationId, built);
    await tx.pendingSignIns.insert(organizationId, pending);
  });
  return built;
}

async function settle(
  gateway: TestGateway,
  { connection, role }: Pick<AttackCase, 'connection' | 'role'>,
  metadata: MetadataServer,
): Promise<void> {
  for (const tenant of TENANTS) {
    const organization = await gateway.createOrganization({ name: tenant.slug, slug: tenant.slug });
    const directory = await gateway.createDirectory(organization);
    const isCorp = tenant.slug === 'corp';
    const built = aConnection(organization.id, {
      ...{ id: branded('con', tenant.connection) },
      settings: settingsOf(isCorp ? connection : undefined, metadata),
      idpInitiated: (isCorp && connection?.idpInitiated) ?? false,
    });
    await begin(gateway, tenant, built);
    for (const userName of PEOPLE) {
      const { membershipId: id } = await pushPerson(gateway, directory, { userName });
      if (!isCorp || role === undefined || userName !== PEOPLE[0]) continue;
      const change = { orgRole: role };
      const caller = { kind: 'operator' } as const;
      await changeMember(gateway.deps, {
        organizationId: organization.id,
        id,
        caller,
        cause: testCause,
        change,
      });
    }
  }
}

function settingsOf(connection: CaseConnection | undefined, { url }: MetadataServer) {
  const { idpEntityId, cert } = fixtureContext();
  const isWatching = connection?.isWatching ?? false;
  return samlSettings({
    ...{ idpEntityId, ssoUrl: 'https://idp.example/sso', sloUrl: 'https://idp.example/slo' },
    certificates: connection?.certificates ?? [cert],
    metadata: isWatching
      ? { url, isTrusted: false, checkedAt: FIXTURE_NOW, problem: null, staged: null }
      : null,
  });
}

/** As it travels: from the identity provider's page to the doors of sign-in, and from a page of ours or a program to the API. */
function visit(
  { origin, operatorKey }: TestGateway,
  browser: Browser,
  { step, metadata }: { readonly step: CaseStep; readonly metadata: MetadataServer },
): Promise<Page> {
  const { method, path, form, json, xml } = step;
  const isApi = path.startsWith('/api/');
  const authorization = isApi && step.browser === undefined ? { authorization: `Bearer ${operatorKey}` } : {};
  const site = isApi
    ? { origin: FIXTURE_BASE, 'sec-fetch-site': 'same-origin' }
    : { origin: 'https://idp.example', 'sec-fetch-site': 'cross-site' };
  const [type, body] =
    form !== undefined
      ? [
          'application/x-www-form-urlencoded',
          new URLSearchParams(form.map(([name, value]) => [name, value])).toString(),
        ]
      : xml !== undefined
        ? ['application/samlmetadata+xml', xml]
        : json !== undefined
          ? ['application/json', JSON.stringify(json).replaceAll('{metadata}', metadata.url)]
          : [undefined, undefined];
  return browser.request(`${origin}${path}`, {
    method,
    headers: { ...site, ...authorization, ...(type === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body }),
  });
}
