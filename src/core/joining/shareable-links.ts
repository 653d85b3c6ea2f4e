/** Links that admins pass on in any chat: made, looked at and taken back here; joining through one is in link-joining.ts. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { OrganizationId, ShareableLinkId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import { newToken } from '../../kernel/tokens.ts';
import type { Caller } from '../access/access.ts';
import { assertMayTouch } from '../access/access.ts';
import { roleHeld, roleNamed } from '../access/role-table.ts';
import { passwordAllowedFor } from '../connections/sso-policy.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import { assertInvitationsOpen } from '../directory/provisioning.ts';
import type { Cause } from '../entities/journal.ts';
import type { Organization } from '../entities/organization.ts';
import type { ShareableLink } from '../entities/shareable-link.ts';
import { record } from '../journal/audit.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import {
  assertMayGiveByInvitation,
  assertMayPromiseTeams,
  assertPlanInvites,
  freeSeats,
} from './invitation-rules.ts';
import { endShareableLink } from './link-endings.ts';

/** More people than that come by CSV, or by a directory. */
export const MAX_LINK_USES = 500;

export type ShareableLinkInput = Pick<ShareableLink, 'role' | 'teams' | 'maxUses'> & {
  /** Absent: for more than one use those that the organization has proved, else none. */
  readonly domains?: readonly string[] | undefined;
  readonly ttlMs: number;
};

interface LinkRequest {
  readonly organizationId: OrganizationId;
  readonly cause: Cause;
}

/** The link as it is passed on. Its token is all that opens it: storage keeps a keyed hash (S158). */
const linkUrl = (baseUrl: string, token: string): string => `${baseUrl}/links/${token}`;

/**
 * Makes a link; `url` is the only time it is seen, `freeSeats` are those nobody holds or was promised. Throws `invitations_disabled`, `plan_lacks`, `sso_required`, `seats_exhausted`,
 * `forbidden` for a role the caller may not give and for owner (S162), `invalid` for a team of nobody here.
 */
export async function createShareableLink(
  deps: Pick<Deps, 'storage' | 'clock' | 'hashToken' | 'baseUrl'>,
  input: LinkRequest & { readonly caller: Caller; readonly link: ShareableLinkInput },
): Promise<{ readonly link: ShareableLink; readonly url: string; readonly freeSeats: number }> {
  const { organizationId, cause, caller } = input;
  const { ttlMs, ...chosen } = input.link;
  const token = newToken('ghl', 128);
  const made = await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const organization = await getOrganization(tx, organizationId);
    await assertInvitationsOpen(tx, organization);
    assertPlanInvites(organization);
    assertLinksLeadIn(organization);
    assertMayGiveByInvitation(caller, await roleNamed(tx, chosen.role));
    await assertMayPromiseTeams(tx, { organizationId, caller, teams: chosen.teams });
    const domains = await domainsOf(tx, organization, chosen);
    const link: ShareableLink = {
      id: newId('lnk', context.now),
      version: 1,
      organizationId,
      ...{ ...chosen, domains },
      tokenHash: deps.hashToken(token),
      uses: 0,
      createdBy: cause.actor,
      createdAt: context.now,
      expiresAt: context.now + ttlMs,
      revokedAt: null,
      askedAt: null,
    };
    await tx.shareableLinks.insert(organizationId, link);
    const { role, maxUses, expiresAt } = link;
    await record(tx, context, {
      type: 'invitation_link.created',
      target: { kind: 'invitation_link', id: link.id },
      details: { role, domains, maxUses, expiresAt },
    });
    return { link, freeSeats: await freeSeats(tx, organization, context.now) };
  });
  return { ...made, url: linkUrl(deps.baseUrl, token) };
}

/**
 * The domains whose addresses a link takes. What many may use is kept to the organization's own addresses unless its maker
 * says otherwise, as far as it has proved any; else the cap and the expiry bound it alone. Throws `invalid` (field `domains`)
 * where the organization wants such links bound.
 */
async function domainsOf(
  tx: Repositories,
  { id, linksRequireDomains }: Organization,
  { domains, maxUses }: Pick<ShareableLinkInput, 'domains' | 'maxUses'>,
): Promise<readonly string[]> {
  if (maxUses === 1) return domains ?? [];
  const chosen = domains ?? (await provedDomains(tx, id));
  if (chosen.length > 0 || !linksRequireDomains) return chosen;
  throw new GatehouseError(
    'invalid',
    'In this organization a link for more than one use is for named domains only.',
    { field: 'domains', whatToDo: 'Name the domains whose addresses may join, or make a link for one use.' },
  );
}

const provedDomains = async (tx: Repositories, id: OrganizationId): Promise<readonly string[]> =>
  (await tx.domains.list(id)).filter(({ status }) => status === 'verified').map(({ domain }) => domain);

/** What whoever makes a link should know of it, where so many seats are `free`; undefined: nothing. */
export function warningFor(
  { domains, maxUses }: Pick<ShareableLink, 'domains' | 'maxUses'>,
  free: number,
): string | undefined {
  const open = `Whoever gets hold of this link may join with any address, up to ${maxUses} people. Name domains to keep it to yours.`;
  const full =
    'No seat is free: those left are promised to people invited already. Nobody joins through this link unless one of them stays free.';
  const said = [...(domains.length > 0 || maxUses === 1 ? [] : [open]), ...(free > 0 ? [] : [full])];
  return said.length === 0 ? undefined : said.join(' ');
}

/** S163: a link leads to a password or to an account with one, and neither opens an organization that requires its single sign-on. */
function assertLinksLeadIn(organization: Organization): void {
  if (passwordAllowedFor(organization, 'obtain')) return;
  const detail = `${organization.name} lets people in through its own single sign-on only; a link would lead nobody in.`;
  const whatToDo = 'Invite by e-mail: the mail says how to sign in. Or set ssoPolicy to optional.';
  throw new GatehouseError('sso_required', detail, { whatToDo });
}

/** The link, or `not_found`. */
export async function getShareableLink(
  from: Pick<Queries, 'shareableLinks'> | Pick<Repositories, 'shareableLinks'>,
  { organizationId, id }: { readonly organizationId: OrganizationId; readonly id: ShareableLinkId },
): Promise<ShareableLink> {
  const link = await from.shareableLinks.find(organizationId, id);
  if (link === undefined) throw new GatehouseError('not_found', 'No such invitation link.');
  return link;
}

/**
 * Takes a link back: it lets nobody in once this answers; who came through it stays. Doing so again, or when it is over
 * already, changes nothing. Throws `invitations_disabled`, `not_found`, and `forbidden` for one
 * that gives a role which the caller may not touch.
 */
export async function revokeShareableLink(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: LinkRequest & { readonly caller: Caller; readonly id: ShareableLinkId },
): Promise<void> {
  const { organizationId, caller, cause } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await assertInvitationsOpen(tx, await getOrganization(tx, organizationId));
    const link = await getShareableLink(tx, input);
    if (link.revokedAt !== null) return;
    assertMayTouch(caller, await roleHeld(tx, link.role));
    await endShareableLink(tx, context, { link });
  });
}
