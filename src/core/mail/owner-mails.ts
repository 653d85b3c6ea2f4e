/** Mails to everybody who answers for an organization: its active owners. */
import type { ChangeContext } from '../deps.ts';
import type { Organization } from '../entities/organization.ts';
import { enqueueMail } from '../journal/outbox.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Repositories } from '../ports/storage.ts';
import { layOut, type MailContent } from './mail-layout.ts';

/** More owners than this are told by the audit alone. */
const MOST = 100;

/** Stores one mail for each active owner who has an address, in the transaction of what it tells. Answers how many. */
export async function mailOwners(
  tx: Repositories,
  context: ChangeContext,
  write: (organization: Organization) => MailContent,
): Promise<number> {
  const organization = await getOrganization(tx, context.organizationId);
  const filter = { role: 'owner', status: 'active' } as const;
  const owners = await tx.memberships.list(context.organizationId, filter, { limit: MOST });
  const addresses = new Set(owners.flatMap(({ email }) => (email === null ? [] : [email])));
  for (const to of addresses)
    await enqueueMail(tx, context, layOut(to, write(organization), organization.branding));
  return addresses.size;
}
