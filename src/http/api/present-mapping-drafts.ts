/** Mapping drafts and their plans, as JSON. */
import type { z } from 'zod';
import type { ForeseenMember } from '../../core/access/role-differences.ts';
import type { MappingDraft } from '../../core/entities/mapping-draft.ts';
import type { MappingPlan } from '../../core/mapping/mapping-plans.ts';
import type { mappingDraftShape, mappingPlanShape } from './mapping-draft-shapes.ts';
import type { Page } from './paging.ts';
import { isoTime, isoTimeOrNull } from './present.ts';
import { presentRule } from './present-directory.ts';
import { presentMappingTestRun } from './present-mapping-tests.ts';
import { presentChangedMember } from './present-role-changes.ts';

/** A draft without its plan. */
export const presentMappingDraft = (draft: MappingDraft): z.infer<typeof mappingDraftShape> => {
  const { id, name, rules, policy, createdBy, undoes, applied } = draft;
  return {
    ...{ id, name, policy, createdBy, undoes },
    status: applied === null ? 'open' : 'applied',
    mappings: rules.map(presentRule),
    appliedAt: isoTimeOrNull(applied?.at ?? null),
    appliedBy: applied?.by ?? null,
    createdAt: isoTime(draft.createdAt),
    updatedAt: isoTime(draft.updatedAt),
  };
};

/** `plan` absent: a later page. */
export const presentMappingPlan = (
  plan: MappingPlan | undefined,
  { rows, nextCursor }: Page<ForeseenMember>,
): z.infer<typeof mappingPlanShape> => ({
  planHash: plan?.planHash ?? null,
  summary: plan === undefined ? null : presentSummary(plan),
  items: rows.map(presentChangedMember),
  nextCursor,
});

const presentSummary = ({ basis, counts, isBehind, refusal }: MappingPlan) => ({
  rules: {
    added: basis.changes.added.map(presentRule),
    changed: basis.changes.changed.map(({ before, after }) => ({
      before: presentRule(before),
      after: presentRule(after),
    })),
    removed: basis.changes.removed.map(presentRule),
  },
  policy: { before: basis.before.policy, after: basis.after.policy },
  counts: { ...counts, conflicts: { ...counts.conflicts } },
  behind: isBehind,
  tests: presentMappingTestRun(basis.tests),
  refusal:
    refusal === undefined
      ? null
      : { code: refusal.code, detail: refusal.detail, field: refusal.field ?? null },
});
