/** Applying a mapping draft as it was planned, and beginning the draft that takes it back. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { MappingDraftId, OrganizationId } from '../../kernel/ids.ts';
import type { Caller } from '../access/access.ts';
import { nameOfCaller } from '../access/access.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { MappingDraft } from '../entities/mapping-draft.ts';
import { record } from '../journal/audit.ts';
import { loadRuleSet, projectMember } from '../members/member-projection.ts';
import type { Repositories } from '../ports/storage.ts';
import { getMappingDraft, getOpenDraft, insertDraft, newDraft } from './mapping-drafts.ts';
import type { PlanBasis, PlanSurvey } from './mapping-plans.ts';
import { assertApplicable, readBasis, surveyMembers } from './mapping-plans.ts';
import { startReprojection } from './reprojection.ts';
import { bookMark, readRuleBook } from './rule-books.ts';
import type { ProjectionDeps } from './rule-consequences.ts';
import { hasMoreMembersThan, mostAtOnce } from './rule-consequences.ts';
import { dropRule, insertRule, replacePolicy, replaceRule } from './rule-writes.ts';

type ApplyDeps = Pick<Deps, 'storage' | 'clock'> & ProjectionDeps;

interface DraftRequest {
  readonly organizationId: OrganizationId;
  readonly id: MappingDraftId;
  readonly caller: Caller;
  readonly cause: Cause;
}

/**
 * Makes the draft the rules in force, and everybody's roles what its plan said. Up to a number of members all of it is one
 * transaction, in which the plan is made again; above, the plan is made again right before it, and a job carries the
 * rules over (`startReprojection`). Throws `plan_outdated`, and nothing has changed, when the plan would not have this
 * hash now; `draft_state`, `not_found`, and what `assertApplicable` does.
 */
export async function applyMappingDraft(
  deps: ApplyDeps,
  input: DraftRequest & { readonly planHash: string; readonly pause: () => Promise<unknown> },
): Promise<MappingDraft> {
  const { organizationId, id, caller, cause, planHash } = input;
  const earlier = await surveyEarlier(deps, input);
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const draft = await getOpenDraft(tx, organizationId, id);
    const basis = await readBasis(tx, draft);
    const survey = earlier?.survey ?? (await surveyMembers(tx, basis, {}));
    if (survey.planHash !== planHash || (earlier !== undefined && earlier.mark !== basis.mark))
      throw new GatehouseError(
        'plan_outdated',
        'Rules, people or groups have changed since this plan was made. Look at the plan again.',
      );
    await assertApplicable(tx, caller, { basis, survey });
    await writeBook(tx, context, basis);
    if (earlier === undefined) await projectAll(tx, context, survey);
    else await startReprojection(tx, context);
    return close(tx, context, { basis, survey, by: nameOfCaller(caller) });
  });
}

interface EarlierSurvey {
  readonly survey: PlanSurvey;
  readonly mark: string;
}

/** For an organization too large to be gone through in a transaction. */
async function surveyEarlier(
  deps: ApplyDeps,
  input: Pick<DraftRequest, 'organizationId' | 'id'> & { readonly pause: () => Promise<unknown> },
): Promise<EarlierSurvey | undefined> {
  const { organizationId, id, pause } = input;
  const { storage } = deps;
  if (!(await hasMoreMembersThan(storage, organizationId, mostAtOnce(deps)))) return undefined;
  const basis = await readBasis(storage, await getOpenDraft(storage, organizationId, id));
  return { survey: await surveyMembers(storage, basis, { pause }), mark: basis.mark };
}

async function writeBook(tx: Repositories, context: ChangeContext, basis: PlanBasis): Promise<void> {
  const { organizationId } = context;
  const stored = new Map((await tx.groupMappings.list(organizationId)).map((rule) => [rule.id, rule]));
  for (const { id } of basis.changes.removed) {
    const rule = stored.get(id);
    if (rule !== undefined) await dropRule(tx, context, rule);
  }
  for (const { after } of basis.changes.changed) {
    const before = stored.get(after.id);
    if (before !== undefined) await replaceRule(tx, context, { before, after });
  }
  for (const rule of basis.changes.added) await insertRule(tx, context, rule);
  await replacePolicy(tx, context, basis.after.policy);
}

async function projectAll(tx: Repositories, context: ChangeContext, { touched }: PlanSurvey): Promise<void> {
  const rules = await loadRuleSet(tx, context.organizationId);
  for (const membership of touched) await projectMember(tx, context, { membership, rules });
}

async function close(
  tx: Repositories,
  context: ChangeContext,
  { basis, survey, by }: { readonly basis: PlanBasis; readonly survey: PlanSurvey; readonly by: string },
): Promise<MappingDraft> {
  const { organizationId, now } = context;
  const { draft, before, after } = basis;
  const closed: MappingDraft = { ...draft, applied: { at: now, by, before }, updatedAt: now };
  await tx.mappingDrafts.update(organizationId, closed, draft.version);
  await record(tx, context, {
    type: 'mapping_draft.applied',
    target: { kind: 'mapping_draft', id: draft.id },
    details: { before, after, planHash: survey.planHash, counts: survey.counts, undoes: draft.undoes },
  });
  return { ...closed, version: draft.version + 1 };
}

/**
 * Begins a draft of the rules and the policy that were in force before this one was applied; it is planned and applied
 * like any other. Throws `not_found`, and `draft_state` for one that has not been applied.
 */
export async function undoMappingDraft(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DraftRequest,
): Promise<MappingDraft> {
  const { organizationId, id, caller, cause } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const { applied, name } = await getMappingDraft(tx, organizationId, id);
    if (applied === null)
      throw new GatehouseError('draft_state', 'This draft has not been applied: there is nothing to undo.');
    const basis = bookMark(await readRuleBook(tx, organizationId));
    const draft: MappingDraft = {
      ...newDraft(context, { ...applied.before, basis }),
      ...{ name: name === null ? null : `Undo: ${name}`.slice(0, 200) },
      ...{ createdBy: nameOfCaller(caller), undoes: id },
    };
    await insertDraft(tx, context, draft);
    return draft;
  });
}
