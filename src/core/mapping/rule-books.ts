/** Whole sets of rules compared: what a draft would add, change and remove. */
import { hash as digest } from 'node:crypto';
import { canonicalJson } from '../../kernel/canonical-json.ts';
import type { OrganizationId } from '../../kernel/ids.ts';
import type { GroupMapping } from '../entities/directory.ts';
import type { DraftedRule, RuleBook } from '../entities/mapping-draft.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';

/** A rule in force as a draft holds it. */
const draftedRule = ({ id, match, grants, rank }: GroupMapping): DraftedRule => ({
  ...{ id, match, grants, rank },
});

/** The rules in force, oldest first. */
export async function readRuleBook(
  from: Queries | Repositories,
  organizationId: OrganizationId,
): Promise<RuleBook> {
  const { conflictPolicy } = await getOrganization(from, organizationId);
  const mappings = await from.groupMappings.list(organizationId);
  return { rules: mappings.map(draftedRule), policy: conflictPolicy };
}

/** One text for equal values. */
export const markOf = (value: unknown): string => digest('sha256', canonicalJson(value), 'base64url');

/** One text for equal sets of rules, whatever their order. */
export const bookMark = ({ rules, policy }: RuleBook): string =>
  markOf([policy, rules.toSorted((a, b) => (a.id < b.id ? -1 : 1))]);

export interface BookChanges {
  readonly added: readonly DraftedRule[];
  readonly changed: readonly { readonly before: DraftedRule; readonly after: DraftedRule }[];
  readonly removed: readonly DraftedRule[];
}

/** Pure: rules are the same rule by their id. */
export function compareBooks(before: RuleBook, after: RuleBook): BookChanges {
  const old = new Map(before.rules.map((rule) => [rule.id, rule]));
  const kept = new Set(after.rules.map(({ id }) => id));
  return {
    added: after.rules.filter(({ id }) => !old.has(id)),
    changed: after.rules.flatMap((rule) => {
      const was = old.get(rule.id);
      return was === undefined || markOf(was) === markOf(rule) ? [] : [{ before: was, after: rule }];
    }),
    removed: before.rules.filter(({ id }) => !kept.has(id)),
  };
}

/** The rules of a book as the projection reads them; what a stored one has besides is not looked at there. */
export const mappingsOf = (organizationId: OrganizationId, { rules }: RuleBook): readonly GroupMapping[] =>
  rules.map((rule) => ({ ...rule, organizationId, version: 0, createdAt: 0, updatedAt: 0 }));
