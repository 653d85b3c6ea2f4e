/** What admins say of doubtful people of a shadow directory before it is switched on; the switch carries it out. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { DirectoryUserId, MembershipId } from '../../kernel/ids.ts';
import { assertMayTouch, type Caller } from '../access/access.ts';
import { roleHeld } from '../access/role-table.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { CutoverDecision, DirectoryUser } from '../entities/directory.ts';
import type { Cause } from '../entities/journal.ts';
import { record } from '../journal/audit.ts';
import { getMembership } from '../members/memberships.ts';
import type { Repositories } from '../ports/storage.ts';
import { isAdoptable, NOT_ADOPTABLE } from './adoption.ts';
import { assertIdle, type CutoverPlace } from './cutover.ts';
import { getDirectory } from './directories.ts';

/** `adopt`: the person is this member. `separate`: somebody new, whoever has the same address. `later`: the rules decide, as without a word. */
export type DecisionInput =
  | { readonly kind: 'adopt'; readonly membershipId: MembershipId }
  | { readonly kind: 'separate' }
  | { readonly kind: 'later' };

/**
 * Notes the decision about one person; it is part of the report and of its hash. `adopt` is held to what settling a conflict
 * is: throws `forbidden` when the caller may not touch the member, `already_exists` (field `member`) when a directory
 * holds them, `invalid` (field `member`) when they have an account of their own that this organization has no say in.
 * Throws `not_found`, and `version_conflict` while a job is at work on the directory.
 */
export async function decideCutover(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: CutoverPlace & {
    readonly person: DirectoryUserId;
    readonly decision: DecisionInput;
    readonly caller: Caller;
    readonly cause: Cause;
  },
): Promise<DirectoryUser> {
  const { organizationId, cause, person } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await getDirectory(tx, organizationId, input.directoryId);
    await assertIdle(tx, input);
    const user = await tx.directoryUsers.find(organizationId, input.directoryId, person);
    if (user === undefined) throw new GatehouseError('not_found', 'No such person in this directory.');
    if (user.shadow === null) throw notAShadow();
    const { name, email } = user.shadow;
    const decision = await checkedDecision(tx, input);
    const decided: DirectoryUser = { ...user, shadow: { name, email, ...(decision && { decision }) } };
    await tx.directoryUsers.update(organizationId, decided, user.version);
    await record(tx, context, {
      type: 'cutover.decided',
      target: { kind: 'directory_user', id: person },
      details: { userName: user.userName, before: user.shadow.decision ?? null, after: decision ?? null },
    });
    return decided;
  });
}

const notAShadow = () =>
  new GatehouseError('not_found', 'The directory of this person is switched on: see its conflicts.');

async function checkedDecision(
  tx: Repositories,
  {
    organizationId,
    caller,
    decision,
  }: { readonly decision: DecisionInput; readonly caller: Caller } & CutoverPlace,
): Promise<CutoverDecision | undefined> {
  if (decision.kind === 'later') return undefined;
  if (decision.kind === 'separate') return { kind: 'separate' };
  const member = await getMembership(tx, organizationId, decision.membershipId);
  assertMayTouch(caller, await roleHeld(tx, member.orgRole));
  if ((await tx.directoryUsers.findByMembership(organizationId, member.id)) !== undefined)
    throw new GatehouseError('already_exists', 'A directory holds this member already.', { field: 'member' });
  if (!(await isAdoptable(tx, member)))
    throw new GatehouseError('invalid', NOT_ADOPTABLE, { field: 'member' });
  return { kind: 'adopt', membershipId: member.id, orgRole: member.orgRole };
}
