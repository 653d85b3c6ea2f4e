/** The plan of a mapping draft: exactly who would gain and lose what, because of which rule. Stores nothing. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../kernel/canonical-json.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { MappingDraftId, OrganizationId } from '../../kernel/ids.ts';
import type { Caller } from '../access/access.ts';
import { assertMayTouch } from '../access/access.ts';
import type { ForeseenMember } from '../access/role-differences.ts';
import { foreseeMember } from '../access/role-differences.ts';
import type { RoleTable } from '../access/role-table.ts';
import { factsIn, loadRoles, rankIn } from '../access/role-table.ts';
import type { OrgRole } from '../access/roles.ts';
import type { Deps } from '../deps.ts';
import type { MappingGrant } from '../entities/directory.ts';
import type { MappingDraft, RuleBook } from '../entities/mapping-draft.ts';
import type { Membership } from '../entities/people.ts';
import type { RuleSet } from '../members/member-projection.ts';
import { scanMembers } from '../members/member-scan.ts';
import { getOrganization } from '../organization/organization-lookup.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import { assertRulesFit, getMappingDraft } from './mapping-drafts.ts';
import { assertMayMap } from './mapping-rights.ts';
import type { MappingTestResult } from './mapping-test-run.ts';
import { assertPassed, runMappingTests } from './mapping-test-run.ts';
import type { BookChanges } from './rule-books.ts';
import { bookMark, compareBooks, mappingsOf, markOf, readRuleBook } from './rule-books.ts';

type Reader = Queries | Repositories;

/** Everything a plan is made from but the people. */
export interface PlanBasis {
  readonly draft: MappingDraft;
  readonly before: RuleBook;
  readonly after: RuleBook;
  readonly changes: BookChanges;
  readonly rules: { readonly before: RuleSet; readonly after: RuleSet };
  readonly roles: RoleTable;
  /** Under the rules of the draft. */
  readonly tests: readonly MappingTestResult[];
  /** One text for an equal basis. */
  readonly mark: string;
}

/** The basis as the store has it now; the mapping tests run on the rules of the draft. */
export async function readBasis(from: Reader, draft: MappingDraft): Promise<PlanBasis> {
  const { organizationId } = draft;
  const { defaultRole } = await getOrganization(from, organizationId);
  const before = await readRuleBook(from, organizationId);
  const after: RuleBook = { rules: draft.rules, policy: draft.policy ?? before.policy };
  const roles = await loadRoles(from);
  const ruleSet = (book: RuleBook): RuleSet => ({
    ...{ conflictPolicy: book.policy, defaultRole, rankOf: rankIn(roles) },
    mappings: mappingsOf(organizationId, book),
  });
  const rules = { before: ruleSet(before), after: ruleSet(after) };
  const compared = { rules: rules.after, former: rules.before.mappings };
  const tests = await runMappingTests(from, organizationId, compared);
  const told = tests.map(({ test, status }) => [test.id, test.version, status]);
  const mark = markOf([draft.id, bookMark(before), bookMark(after), defaultRole, [...roles.values()], told]);
  return { draft, before, after, changes: compareBooks(before, after), rules, roles, tests, mark };
}

export interface PlanCounts {
  /** Members whose roles would change. */
  readonly members: number;
  readonly gains: number;
  readonly losses: number;
  /** Scopes of members in which rules disagree. */
  readonly conflicts: { readonly before: number; readonly after: number };
}

/** The whole of a plan in short. */
export interface PlanSurvey {
  /** Of the basis and of every change: equal as long as nothing moves that the plan speaks of. */
  readonly planHash: string;
  readonly counts: PlanCounts;
  readonly orgRolesMoved: ReadonlySet<OrgRole>;
  /** Members whose roles or ledger would change; their number has no bound. */
  readonly touched: readonly Membership[];
}

type Pause = () => Promise<unknown>;

/** Goes through everybody. `note` is told of each member whose roles would change. `pause` lets others work; absent in a transaction. */
export async function surveyMembers(
  from: Reader,
  basis: PlanBasis,
  visit: { readonly note?: (member: ForeseenMember) => void; readonly pause?: Pause },
): Promise<PlanSurvey> {
  const hash = createHash('sha256').update(basis.mark);
  const counts = { members: 0, gains: 0, losses: 0, conflicts: { before: 0, after: 0 } };
  const orgRolesMoved = new Set<OrgRole>();
  const touched: Membership[] = [];
  for await (const page of scanMembers(from, basis.draft.organizationId)) {
    for (const { membership, facts } of page) {
      const foresight = foreseeMember(facts, basis.rules);
      counts.conflicts.before += foresight.conflicts.before;
      counts.conflicts.after += foresight.conflicts.after;
      if (foresight.isTouched || foresight.differences.length > 0) touched.push(membership);
      if (foresight.differences.length === 0) continue;
      counts.members += 1;
      for (const { isGain } of foresight.differences) counts[isGain ? 'gains' : 'losses'] += 1;
      for (const role of foresight.orgRoles) orgRolesMoved.add(role);
      hash.update(canonicalJson([membership.id, foresight.differences]));
      visit.note?.({ ...foresight, membership });
    }
    await visit.pause?.();
  }
  return { planHash: hash.digest('base64url'), counts, orgRolesMoved, touched };
}

/**
 * Throws what stands against applying it: `invalid` for a rule that does not fit any more, `forbidden` for what this
 * caller may not do now (law 8, S137, S147), `mapping_test_failed`.
 */
export async function assertApplicable(
  from: Reader,
  caller: Caller,
  plan: { readonly basis: PlanBasis; readonly survey: Pick<PlanSurvey, 'orgRolesMoved'> },
): Promise<void> {
  const { basis, survey } = plan;
  await assertMayChangeBooks(from, caller, basis);
  for (const role of survey.orgRolesMoved) assertMayTouch(caller, factsIn(basis.roles, role));
  await assertRulesFit(from, basis.draft.organizationId, basis);
  assertPassed(basis.tests);
}

async function assertMayChangeBooks(from: Reader, caller: Caller, basis: PlanBasis): Promise<void> {
  const { before, after, changes, roles } = basis;
  const { organizationId } = basis.draft;
  const isOwner = caller.kind === 'operator' || caller.role.key === 'owner';
  if (before.policy !== after.policy && !isOwner) {
    const detail = 'The policy decides about admins too; only an owner changes it.';
    throw new GatehouseError('forbidden', detail, {
      field: 'policy',
      whatToDo: 'Ask an owner to change it.',
    });
  }
  const { added, changed, removed } = changes;
  const rules = [...added, ...removed, ...changed.flatMap((rule) => [rule.before, rule.after])];
  const given = rules.flatMap(({ grants }): readonly MappingGrant[] => grants);
  await assertMayMap(from, { organizationId, caller, roles }, given);
}

/** A plan as somebody looks at it. */
export interface MappingPlan extends PlanSurvey {
  readonly basis: PlanBasis;
  /** The rules in force are others than when the draft was begun. */
  readonly isBehind: boolean;
  /** Why this caller could not apply it now; undefined: they could. */
  readonly refusal: GatehouseError | undefined;
  /** The first of the members, by id. */
  readonly items: readonly ForeseenMember[];
}

interface PlanRequest {
  readonly organizationId: OrganizationId;
  readonly id: MappingDraftId;
  readonly limit: number;
  readonly pause: Pause;
}

/** Plans the draft, with its first `limit` members. Throws `not_found`. */
export async function planMappingDraft(
  { storage }: Pick<Deps, 'storage'>,
  input: PlanRequest & { readonly caller: Caller },
): Promise<MappingPlan> {
  const { organizationId, id, caller, limit, pause } = input;
  const draft = await getMappingDraft(storage, organizationId, id);
  const basis = await readBasis(storage, draft);
  const items: ForeseenMember[] = [];
  const note = (member: ForeseenMember) => {
    if (items.length < limit) items.push(member);
  };
  const survey = await surveyMembers(storage, basis, { note, pause });
  const isBehind = draft.basis !== bookMark(basis.before);
  return { ...survey, basis, isBehind, refusal: await refusalOf(storage, caller, { basis, survey }), items };
}

async function refusalOf(...asked: Parameters<typeof assertApplicable>): Promise<GatehouseError | undefined> {
  try {
    await assertApplicable(...asked);
    return undefined;
  } catch (error) {
    if (isGatehouseError(error)) return error;
    throw error;
  }
}

/** The members of the plan after the one with the id `after`, by id; at most `limit`. Throws `not_found`. */
export async function listPlannedMembers(
  { storage }: Pick<Deps, 'storage'>,
  input: PlanRequest & { readonly after: string },
): Promise<readonly ForeseenMember[]> {
  const { organizationId, id, after, limit, pause } = input;
  const { rules } = await readBasis(storage, await getMappingDraft(storage, organizationId, id));
  const items: ForeseenMember[] = [];
  for await (const page of scanMembers(storage, organizationId, after)) {
    for (const { membership, facts } of page) {
      const foresight = foreseeMember(facts, rules);
      if (foresight.differences.length > 0) items.push({ ...foresight, membership });
      if (items.length === limit) return items;
    }
    await pause();
  }
  return items;
}
