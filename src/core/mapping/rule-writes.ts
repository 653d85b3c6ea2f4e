/** Writing the rules of an organization: each change with what it was before, its audit row and its event. Rights, tests and what follows are the caller's. */

import { keepPast } from '../access/history.ts';
import type { ConflictPolicy } from '../access/roles.ts';
import type { ChangeContext } from '../deps.ts';
import type { GroupMapping } from '../entities/directory.ts';
import type { DraftedRule } from '../entities/mapping-draft.ts';
import { record } from '../journal/audit.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Repositories } from '../ports/storage.ts';

const told = ({ match, grants, rank }: DraftedRule) => ({ match, grants, rank });

/** Stores a new rule and answers it. */
export async function insertRule(
  tx: Repositories,
  { organizationId, ...rest }: ChangeContext,
  rule: DraftedRule,
): Promise<GroupMapping> {
  const { id, match, grants, rank } = rule;
  const { now } = rest;
  const row: GroupMapping = {
    ...{ id, version: 1, organizationId, match, grants, rank, createdAt: now, updatedAt: now },
  };
  await tx.groupMappings.insert(organizationId, row);
  await record(
    tx,
    { organizationId, ...rest },
    {
      type: 'group_mapping.created',
      target: { kind: 'group_mapping', id },
      details: told(rule),
    },
  );
  return row;
}

/** Stores what a rule says from now on and answers it. Throws `version_conflict`. */
export async function replaceRule(
  tx: Repositories,
  context: ChangeContext,
  { before, after }: { readonly before: GroupMapping; readonly after: DraftedRule },
): Promise<GroupMapping> {
  const { organizationId, now } = context;
  const { match, grants, rank } = after;
  const next: GroupMapping = { ...before, match, grants, rank, updatedAt: now };
  await tx.groupMappings.update(organizationId, next, before.version);
  await keepRule(tx, context, before);
  await record(tx, context, {
    type: 'group_mapping.updated',
    target: { kind: 'group_mapping', id: before.id },
    details: { before: told(before), after: told(after) },
  });
  return { ...next, version: before.version + 1 };
}

/** Removes a rule. */
export async function dropRule(tx: Repositories, context: ChangeContext, rule: GroupMapping): Promise<void> {
  await tx.groupMappings.remove(context.organizationId, rule.id);
  await keepRule(tx, context, rule);
  await record(tx, context, {
    type: 'group_mapping.removed',
    target: { kind: 'group_mapping', id: rule.id },
    details: told(rule),
  });
}

const keepRule = (tx: Repositories, context: ChangeContext, { id, match, grants }: GroupMapping) =>
  keepPast(tx, context, { kind: 'mapping', id, value: { match, grants } });

/** Stores how rules that disagree are settled from now on; nothing happens when it is so already. */
export async function replacePolicy(
  tx: Repositories,
  context: ChangeContext,
  policy: ConflictPolicy,
): Promise<void> {
  const { organizationId, now } = context;
  const before = await getOrganization(tx, organizationId);
  const { conflictPolicy, defaultRole } = before;
  if (conflictPolicy === policy) return;
  const after = { ...before, conflictPolicy: policy, updatedAt: now };
  await tx.organizations.update(organizationId, after, before.version);
  await keepPast(tx, context, { kind: 'rules', id: organizationId, value: { conflictPolicy, defaultRole } });
  await record(tx, context, {
    type: 'organization.updated',
    target: { kind: 'organization', id: organizationId },
    details: { before: { conflictPolicy }, after: { conflictPolicy: policy } },
  });
}
