/** Mapping drafts: made, changed and discarded by whoever manages the rules. A draft gives nobody anything: that is for applying it. */
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { GroupMappingId, MappingDraftId, OrganizationId } from '../../kernel/ids.ts';
import { newId } from '../../kernel/ids.ts';
import type { Caller } from '../access/access.ts';
import { nameOfCaller } from '../access/access.ts';
import type { ConflictPolicy } from '../access/roles.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Cause } from '../entities/journal.ts';
import type { DraftedRule, MappingDraft, RuleBook } from '../entities/mapping-draft.ts';
import { record } from '../journal/audit.ts';
import type { Queries, Repositories } from '../ports/storage.ts';
import type { GroupMappingInput } from './group-mappings.ts';
import { assertMappingFits } from './group-mappings.ts';
import { bookMark, compareBooks, readRuleBook } from './rule-books.ts';

/** Of so many of the newest drafts those count that are open. */
const LOOK_BACK = 200;
const MOST_OPEN = 50;

/** A rule as somebody writes it down; with the id of the rule it is to change, or without one for a new rule. */
export type DraftedRuleInput = GroupMappingInput & { readonly id?: GroupMappingId | undefined };

export interface MappingDraftChange {
  readonly name?: string | null | undefined;
  /** The whole set. */
  readonly rules?: readonly DraftedRuleInput[] | undefined;
  /** Null: as it is when the draft is applied. */
  readonly policy?: ConflictPolicy | null | undefined;
}

interface DraftRequest {
  readonly organizationId: OrganizationId;
  readonly caller: Caller;
  readonly cause: Cause;
}

/** The draft, or `not_found`. */
export async function getMappingDraft(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  id: MappingDraftId,
): Promise<MappingDraft> {
  const draft = await from.mappingDrafts.find(organizationId, id);
  if (draft === undefined) throw new GatehouseError('not_found', 'No such mapping draft.');
  return draft;
}

/** The draft, if it is open: throws `draft_state` for one that has been applied. */
export async function getOpenDraft(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  id: MappingDraftId,
): Promise<MappingDraft> {
  const draft = await getMappingDraft(from, organizationId, id);
  if (draft.applied === null) return draft;
  throw new GatehouseError('draft_state', 'This draft has been applied; undo it, or begin another.');
}

/** Throws `invalid`, naming the place in the list, for new or changed rules that do not fit; what is in force is left alone. */
export async function assertRulesFit(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  { before, after }: { readonly before: RuleBook; readonly after: RuleBook },
): Promise<void> {
  const { added, changed } = compareBooks(before, after);
  const news = new Set([...added, ...changed.map((rule) => rule.after)].map(({ id }) => id));
  for (const [index, rule] of after.rules.entries()) {
    if (!news.has(rule.id)) continue;
    await assertMappingFits(from, organizationId, rule).catch((error: unknown) => {
      if (!isGatehouseError(error, 'invalid') || error.field === undefined) throw error;
      const field = `mappings[${index}].${error.field}`;
      throw new GatehouseError('invalid', error.detail, { field, cause: error });
    });
  }
}

/** Begins a draft; without rules from those in force. Throws `invalid`. */
export async function createMappingDraft(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DraftRequest & { readonly draft: MappingDraftChange },
): Promise<MappingDraft> {
  const { organizationId, caller, cause, draft } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const book = await readRuleBook(tx, organizationId);
    const rules = draft.rules === undefined ? book.rules : readRules(draft.rules, book.rules, context.now);
    const row = newDraft(context, { rules, policy: draft.policy ?? null, basis: bookMark(book) });
    const named = { ...row, name: draft.name ?? null, createdBy: nameOfCaller(caller) };
    await assertRulesFit(tx, organizationId, { before: book, after: { ...book, rules } });
    await insertDraft(tx, context, named);
    return named;
  });
}

/** Pure: an open draft that nobody has named. */
export function newDraft(
  { organizationId, now }: ChangeContext,
  facts: Pick<MappingDraft, 'rules' | 'policy' | 'basis'>,
): MappingDraft {
  return {
    ...{ id: newId('mdr', now), version: 1, organizationId, createdAt: now, updatedAt: now },
    ...{ name: null, createdBy: '', undoes: null, applied: null },
    ...facts,
  };
}

/** Keeps a new draft. Throws `invalid` when there are too many open ones. */
export async function insertDraft(
  tx: Repositories,
  context: ChangeContext,
  draft: MappingDraft,
): Promise<void> {
  const { organizationId } = context;
  const newest = await tx.mappingDrafts.list(organizationId, { limit: LOOK_BACK });
  if (newest.filter(({ applied }) => applied === null).length >= MOST_OPEN)
    throw new GatehouseError('invalid', `There are ${MOST_OPEN} open drafts already. Discard one first.`);
  await tx.mappingDrafts.insert(organizationId, draft);
  await record(tx, context, {
    type: 'mapping_draft.created',
    target: { kind: 'mapping_draft', id: draft.id },
    details: { ...factsOf(draft), undoes: draft.undoes },
  });
}

const factsOf = ({ name, rules, policy }: MappingDraft) => ({ name, rules, policy });

/** Gives every rule an id and a rank: in the order of the list where no rule has a rank, else behind the others. */
function readRules(
  inputs: readonly DraftedRuleInput[],
  known: readonly DraftedRule[],
  now: number,
): readonly DraftedRule[] {
  const ids = new Set(known.map(({ id }) => id));
  const seen = new Set<string>();
  const isOrdered = inputs.every(({ rank }) => rank === undefined);
  const last = Math.max(0, ...inputs.map(({ rank }) => rank ?? 0));
  return inputs.map(({ id, match, grants, rank }, index) => {
    const field = `mappings[${index}].id`;
    if (id !== undefined && !ids.has(id))
      throw new GatehouseError('invalid', 'No rule in force, and none of this draft, has this id.', {
        field,
      });
    if (id !== undefined && seen.has(id))
      throw new GatehouseError('invalid', 'Another rule of the list has this id.', { field });
    if (id !== undefined) seen.add(id);
    return { id: id ?? newId('map', now), match, grants, rank: rank ?? (isOrdered ? index + 1 : last + 1) };
  });
}

/** Changes an open draft; rules are replaced whole. Throws `not_found`, `draft_state`, `invalid`. */
export async function updateMappingDraft(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DraftRequest & { readonly id: MappingDraftId; readonly change: MappingDraftChange },
): Promise<MappingDraft> {
  const { organizationId, cause, id, change } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const before = await getOpenDraft(tx, organizationId, id);
    const book = await readRuleBook(tx, organizationId);
    const known = [...book.rules, ...before.rules];
    const rules = change.rules === undefined ? before.rules : readRules(change.rules, known, context.now);
    if (change.rules !== undefined)
      await assertRulesFit(tx, organizationId, { before: book, after: { ...book, rules } });
    const { name = before.name, policy = before.policy } = change;
    const after: MappingDraft = { ...before, name, rules, policy, updatedAt: context.now };
    await tx.mappingDrafts.update(organizationId, after, before.version);
    await record(tx, context, {
      type: 'mapping_draft.updated',
      target: { kind: 'mapping_draft', id },
      details: { before: factsOf(before), after: factsOf(after) },
    });
    return { ...after, version: before.version + 1 };
  });
}

/** Discards an open draft. Throws `not_found`, `draft_state`. */
export async function removeMappingDraft(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DraftRequest & { readonly id: MappingDraftId },
): Promise<void> {
  const { organizationId, cause, id } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const draft = await getOpenDraft(tx, organizationId, id);
    await tx.mappingDrafts.remove(organizationId, id);
    await record(tx, context, {
      type: 'mapping_draft.removed',
      target: { kind: 'mapping_draft', id },
      details: factsOf(draft),
    });
  });
}
