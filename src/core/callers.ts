/** Whoever asked for something that happens later, with the rights they have by then: it is theirs as if they asked again (S162). */
import type { ApiKeyId, MembershipId, OrganizationId } from '../kernel/ids.ts';
import type { Caller } from './access/access.ts';
import { loadRoles, roleHeld } from './access/role-table.ts';
import { powerFrom } from './applications/api-keys.ts';
import type { Actor } from './entities/journal.ts';
import type { Queries } from './ports/storage.ts';

/** The caller behind the actor of a change; undefined for one who is gone, suspended or over, and for what is no caller. */
export async function callerNow(
  from: Pick<Queries, 'memberships' | 'apiKeys' | 'orgRoles'>,
  {
    organizationId,
    actor,
    now,
  }: { readonly organizationId: OrganizationId; readonly actor: Actor; readonly now: number },
): Promise<Caller | undefined> {
  if (actor.kind === 'operator') return { kind: 'operator' };
  if (actor.kind === 'api_key') {
    // Actors are written from callers: their ids are ids.
    const key = await from.apiKeys.find(organizationId, actor.apiKeyId as ApiKeyId);
    if (key === undefined || (key.expiresAt !== null && key.expiresAt <= now)) return undefined;
    const person = key.membershipId && (await from.memberships.find(organizationId, key.membershipId));
    const power = powerFrom(await loadRoles(from), key, person ?? undefined);
    if (power === undefined) return undefined;
    const { id: apiKeyId, name, membershipId } = key;
    return { kind: 'api_key', organizationId, apiKeyId, name, membershipId, ...power };
  }
  if (actor.kind !== 'member') return undefined;
  const person = await from.memberships.find(organizationId, actor.membershipId as MembershipId);
  if (person?.status !== 'active') return undefined;
  const { id: membershipId, userId, email, orgRole } = person;
  // No more than the rules give: who loses power by new rules loses it with them (`startReprojection`).
  const role = await roleHeld(from, orgRole);
  return { kind: 'member', organizationId, membershipId, userId, email, role };
}
