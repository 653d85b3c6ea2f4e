/** Where a sign-in begins: from an organization, a connection, an address or a domain to one identity provider, or a choice. */
import { parseId } from '../../kernel/ids.ts';
import { canonicalHost, domainOf } from '../connections/domain-names.ts';
import type { Deps } from '../deps.ts';
import type { Connection } from '../entities/connection.ts';
import type { Domain } from '../entities/domain.ts';
import type { Organization } from '../entities/organization.ts';
import { findOrganization } from '../organization/organization-lookup.ts';

/** What somebody said about where they belong; all of it may be wrong. */
export interface SignInHints {
  /** Id or slug. */
  readonly organization?: string | undefined;
  /** The id of a connection; with `organization`, one of that organization. */
  readonly connection?: string | undefined;
  /** An address: its domain routes, the person is never looked up (S155). */
  readonly email?: string | undefined;
  readonly domain?: string | undefined;
}

/** Everything the route depends on: an organization and how it lets people in. Nothing about a person. */
export interface RoutingFacts {
  /** Where the hints lead; undefined: nowhere. */
  readonly organization: Organization | undefined;
  /** The connection a hint names; `unknown` when it names none of this organization. */
  readonly named: Connection | 'unknown' | undefined;
  /** Of the organization, whatever their status. */
  readonly connections: readonly Connection[];
  /** The domain of the address, when the organization has proved it. */
  readonly domain: Pick<Domain, 'connectionId'> | undefined;
}

export type SignInRoute =
  /** Straight to this identity provider. It may be one that cannot start: a named draft is refused by the start itself. */
  | { readonly kind: 'start'; readonly organization: Organization; readonly connection: Connection }
  /** A tie: at least two active connections, and nothing says which. */
  | {
      readonly kind: 'choose';
      readonly organization: Organization;
      readonly connections: readonly Connection[];
    }
  /** No identity provider: a password, or nothing. The same for an unknown domain as for a known one without connections. */
  | { readonly kind: 'password' }
  | { readonly kind: 'unknown_connection' };

/** Pure: a named connection, else the one the address's domain is tied to, else the only active one, else a choice. */
export function routeSignIn({ organization, named, connections, domain }: RoutingFacts): SignInRoute {
  if (named === 'unknown') return { kind: 'unknown_connection' };
  if (organization === undefined) return { kind: 'password' };
  if (named !== undefined) return { kind: 'start', organization, connection: named };
  const active = connections.filter(({ status }) => status === 'active');
  const tied = active.find(({ id }) => id === domain?.connectionId);
  const [first, ...others] = tied === undefined ? active : [tied];
  if (first === undefined) return { kind: 'password' };
  if (others.length > 0) return { kind: 'choose', organization, connections: active };
  return { kind: 'start', organization, connection: first };
}

/** Loads what the hints are about and routes. An organization that is named decides; else the connection; else the domain. */
export async function findSignInRoute(deps: Pick<Deps, 'storage'>, hints: SignInHints): Promise<SignInRoute> {
  const { storage } = deps;
  const name = hints.email === undefined ? canonicalHost(hints.domain ?? '') : domainOf(hints.email);
  const domain = name === '' ? undefined : await storage.domains.findVerified(name);
  const named = hints.connection === undefined ? undefined : await findNamed(deps, hints.connection);
  const organization = await findMeant(deps, { hints, named, domain });
  const isForeign =
    named !== undefined && organization !== undefined && named.organizationId !== organization.id;
  // Whoever names one is not asked to choose: only its row is read, and only its secret opened.
  const isChoice = organization !== undefined && hints.connection === undefined;
  return routeSignIn({
    organization,
    named: hints.connection !== undefined && (named === undefined || isForeign) ? 'unknown' : named,
    connections: isChoice ? await storage.connections.list(organization.id) : [],
    domain: domain?.organizationId === organization?.id ? domain : undefined,
  });
}

async function findNamed(deps: Pick<Deps, 'storage'>, reference: string): Promise<Connection | undefined> {
  const id = parseId('con', reference);
  return id === undefined ? undefined : deps.storage.connections.findById(id);
}

async function findMeant(
  { storage }: Pick<Deps, 'storage'>,
  meant: {
    readonly hints: SignInHints;
    readonly named: Connection | undefined;
    readonly domain: Domain | undefined;
  },
): Promise<Organization | undefined> {
  const { hints, named, domain } = meant;
  if (hints.organization !== undefined) return findOrganization(storage, hints.organization);
  if (hints.connection !== undefined) return named && storage.organizations.find(named.organizationId);
  return domain && storage.organizations.find(domain.organizationId);
}
