/** Domains over the management API: claimed, proved by a DNS record or the operator's word, given up. */
import { z } from 'zod';
import type { Caller } from '../../core/access/access.ts';
import { verifyDomain } from '../../core/connections/domain-checks.ts';
import {
  addDomain,
  getDomain,
  removeDomain,
  tieDomain,
  vouchForDomain,
} from '../../core/connections/domains.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { parseId } from '../../kernel/ids.ts';
import { checkedDomainShape, domainShape } from './directory-shapes.ts';
import { domainField } from './fields.ts';
import { wholeList, wholeListOf } from './paging.ts';
import { pathId } from './path-ids.ts';
import { presentDomain } from './present-directory.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';

const tag = 'domains';
const guard = { kind: 'organization', permission: 'sso.manage' } as const;

const connectionField = z
  .string()
  .transform((text, context) => {
    const id = parseId('con', text);
    if (id !== undefined) return id;
    context.addIssue({ code: 'custom', message: 'Give the id of a connection.' });
    return z.NEVER;
  })
  .nullable();

const createBody = z.strictObject({
  domain: domainField,
  verified: z.boolean().optional(),
  connection: connectionField.optional(),
});

/** Throws `forbidden` (field `verified`) for anybody but the operator. */
function isVouching(caller: Caller, verified: boolean | undefined): boolean {
  if (verified !== true || caller.kind === 'operator') return verified === true;
  throw new GatehouseError('forbidden', 'Only the operator vouches for a domain.', {
    field: 'verified',
    whatToDo: 'Leave verified out and prove the domain by its TXT record, or ask the operator.',
  });
}

/** All routes of this resource. */
export const domainRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/domains',
    operationId: 'createDomain',
    summary:
      'Claims a domain and says which TXT record proves it; the operator may vouch with verified: true.',
    tag,
    guard,
    body: createBody,
    status: 201,
    response: domainShape,
    errors: ['already_exists'],
    handle: async ({ deps, caller, cause, organization }, { body }) => {
      const vouched = isVouching(caller, body.verified);
      const { domain, connection: connectionId } = body;
      const request = { organizationId: organization.id, cause, domain, vouched, connectionId };
      return presentDomain(await addDomain(deps, request));
    },
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/domains',
    operationId: 'listDomains',
    summary: 'Lists all domains, oldest first.',
    tag,
    guard,
    status: 200,
    response: wholeListOf(domainShape),
    errors: [],
    handle: async ({ deps, organization }) =>
      wholeList(await deps.storage.domains.list(organization.id), presentDomain),
  }),
  organizationRoute({
    method: 'get',
    path: '/organizations/:org/domains/:domain',
    operationId: 'getDomain',
    summary: 'Answers one domain.',
    tag,
    guard,
    status: 200,
    response: domainShape,
    errors: [],
    handle: async ({ deps, organization }, { params }) =>
      presentDomain(await getDomain(deps.storage, organization.id, pathId('dom', params, 'domain'))),
  }),
  organizationRoute({
    method: 'patch',
    path: '/organizations/:org/domains/:domain',
    operationId: 'updateDomain',
    summary: 'Says through which connection people of the domain sign in; null: any of the organization.',
    tag,
    guard,
    body: z.strictObject({ connection: connectionField }),
    status: 200,
    response: domainShape,
    errors: ['version_conflict'],
    handle: async ({ deps, cause, organization }, { params, body }) => {
      const id = pathId('dom', params, 'domain');
      const request = { organizationId: organization.id, cause, id, connectionId: body.connection };
      return presentDomain(await tieDomain(deps, request));
    },
  }),
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/domains/:domain/verify',
    operationId: 'verifyDomain',
    summary:
      'Looks for the TXT record now, and says what stood in the way; a domain that is not proved yet stays so without it. The operator may vouch in its place with verified: true.',
    tag,
    guard,
    body: z.strictObject({ verified: z.boolean().optional() }).optional(),
    status: 200,
    response: checkedDomainShape,
    errors: ['already_exists', 'version_conflict'],
    handle: async ({ deps, caller, cause, organization }, { params, body }) => {
      const request = { organizationId: organization.id, cause, id: pathId('dom', params, 'domain') };
      if (isVouching(caller, body?.verified))
        return { ...presentDomain(await vouchForDomain(deps, request)), problem: null };
      const checked = await verifyDomain(deps, request);
      return { ...presentDomain(checked), problem: checked.problem };
    },
  }),
  organizationRoute({
    method: 'delete',
    path: '/organizations/:org/domains/:domain',
    operationId: 'removeDomain',
    summary: 'Gives a domain up.',
    tag,
    guard,
    status: 204,
    errors: [],
    handle: async ({ deps, cause, organization }, { params }) =>
      removeDomain(deps, { organizationId: organization.id, cause, id: pathId('dom', params, 'domain') }),
  }),
];
