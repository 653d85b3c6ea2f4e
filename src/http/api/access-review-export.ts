/** An access review as a CSV file: what an auditor is handed. */
import { changesSince } from '../../core/access/access-review-changes.ts';
import { rightKey, rightsOf } from '../../core/access/reviewed-rights.ts';
import type { AccessReview, ReviewItem, ReviewOutcome } from '../../core/entities/access-review.ts';
import type { Actor } from '../../core/entities/journal.ts';
import type { HttpDeps } from '../deps.ts';
import { presentReviewItem } from './access-review-shapes.ts';
import { csvLine } from './csv.ts';
import { FileAnswer, printPages } from './streamed-answer.ts';

const HEAD = [
  ...['member', 'email', 'name', 'status', 'orgRole', 'teams', 'resources', 'source', 'lastActiveAt', 'why'],
  ...['hints', 'takenAt', 'changes', 'decision', 'note', 'outcome', 'decidedBy', 'decidedAt'],
  ...['scope', 'of', 'role'],
];

/** Everybody in the review, oldest member first. */
export function exportReview(
  deps: HttpDeps,
  { review, fileName }: { readonly review: AccessReview; readonly fileName: string },
): FileAnswer {
  const { organizationId, id: reviewId } = review;
  async function* pieces(): AsyncGenerator<string> {
    yield csvLine(HEAD);
    yield* printPages(
      async (page) => {
        const items = await deps.storage.reviewItems.list(organizationId, { reviewId }, page);
        const lines: { readonly id: string; readonly line: string }[] = [];
        for (const item of items) lines.push({ id: item.membershipId, line: await linesOf(deps, item) });
        return lines;
      },
      (rows) => rows.map(({ line }) => line).join(''),
    );
  }
  return new FileAnswer({ type: 'text/csv', fileName, pieces: pieces() });
}

/** One line for the person, then one for each team role and role on a resource. */
async function linesOf(deps: HttpDeps, item: ReviewItem): Promise<string> {
  const shown = presentReviewItem(item, await changesSince(deps.storage, item));
  const deciders = rightsOf(item.access).map(
    (right) => item.rights.find(({ of }) => rightKey(of) === rightKey(right))?.decidedBy,
  );
  const rights = shown.rights.map((right, index) => rightLine(shown, right, deciders[index]));
  return personLine(item, shown) + rights.join('');
}

type Shown = ReturnType<typeof presentReviewItem>;

function rightLine(shown: Shown, right: Shown['rights'][number], decidedBy: Actor | undefined): string {
  const { member, email, name, status, source, takenAt } = shown;
  return csvLine([
    ...[
      member,
      email,
      name,
      status,
      null,
      null,
      null,
      source,
      null,
      right.why.join('; '),
      null,
      takenAt,
      null,
    ],
    ...[right.decision, right.note, tellOutcome(right.outcome)],
    ...[decidedBy === undefined ? null : tellActor(decidedBy), right.decidedAt],
    ...['team' in right.of ? 'team' : 'resource', right.name, right.role],
  ]);
}

function personLine(item: ReviewItem, shown: Shown): string {
  const why = shown.grants
    .filter(({ decides }) => decides)
    .map((grant) => `${grant.role}: ${grant.sentence}`);
  const changes = shown.changes.map(({ what, of, was, is }) =>
    [what, of, `${was ?? 'none'} -> ${is ?? 'none'}`].filter((part) => part !== null).join(' '),
  );
  const { member, email, name, status, orgRole, source, lastActiveAt, takenAt, decision, note } = shown;
  return csvLine([
    ...[member, email, name, status, orgRole],
    shown.teams.map((team) => `${team.name} (${team.role})`).join('; '),
    shown.resources.map(({ resource, role }) => `${resource.type} ${resource.id} (${role})`).join('; '),
    ...[source, lastActiveAt, why.join('; '), shown.hints.map(({ text }) => text).join('; '), takenAt],
    ...[changes.join('; '), decision, note, tellOutcome(item.outcome)],
    ...[item.decidedBy === null ? null : tellActor(item.decidedBy), shown.decidedAt],
    ...['organization', null, orgRole],
  ]);
}

const tellOutcome = (outcome: ReviewOutcome | null): string | null => {
  if (outcome === null) return null;
  return outcome.kind === 'at_directory'
    ? outcome.text
    : outcome.kind === 'lowered'
      ? `lowered to ${outcome.role}`
      : 'removed';
};

const tellActor = (actor: Actor): string =>
  actor.kind === 'member'
    ? (actor.email ?? actor.membershipId)
    : actor.kind === 'api_key'
      ? actor.name
      : actor.kind;
