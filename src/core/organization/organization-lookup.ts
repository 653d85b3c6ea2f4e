/** Finds organizations by id or slug: the one look-up every feature starts with. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import type { Organization } from '../entities/organization.ts';
import type { Queries, Repositories } from '../ports/storage.ts';

/** The organization, or `not_found`. */
export async function getOrganization(
  from: Queries | Repositories,
  organizationId: OrganizationId,
): Promise<Organization> {
  const organization = await from.organizations.find(organizationId);
  if (organization === undefined) throw new GatehouseError('not_found', 'No such organization.');
  return organization;
}

/** `reference` is an id or a slug, as it stands in a route. Undefined when there is none. */
export async function findOrganization(from: Queries, reference: string): Promise<Organization | undefined> {
  // Slugs hold no underscore, so an id is never mistaken for one.
  if (reference.startsWith('org_')) return from.organizations.find(reference as OrganizationId);
  return from.organizations.findBySlug(reference.toLowerCase());
}
