/** What the management API answers about access reviews. */
import { z } from 'zod';
import type { ReviewChange } from '../../core/access/access-review-changes.ts';
import { rightKey, rightsOf } from '../../core/access/reviewed-rights.ts';
import { resourceKey } from '../../core/access/roles.ts';
import type {
  AccessReview,
  ReviewDecision,
  ReviewedRight,
  ReviewItem,
} from '../../core/entities/access-review.ts';
import { isoTime, isoTimeOrNull } from './present.ts';
import { hintShape, presentHint } from './role-fit.ts';
import { orgRoleShape, resourceRoleShape, resourceShape, teamRoleShape, timeShape } from './shapes.ts';

const actorShape = z.looseObject({ kind: z.string() });

/** A review, with how many of its people are decided. */
export const reviewShape = z.object({
  id: z.string(),
  name: z.string(),
  state: z
    .enum(['preparing', 'open', 'completed'])
    .describe('preparing: people are being written down; GET .../jobs says how far it is.'),
  scope: z
    .object({
      orgRoles: z.array(orgRoleShape).nullable(),
      teams: z.array(z.string()).nullable(),
      memberIds: z.array(z.string()).nullable(),
    })
    .describe('Whoever fits all that is said; null says nothing.'),
  counts: z.object({ total: z.int(), pending: z.int(), confirmed: z.int(), revoked: z.int() }),
  dueAt: timeShape.nullable(),
  isOverdue: z.boolean(),
  createdBy: actorShape,
  createdAt: timeShape,
  completedBy: actorShape.nullable(),
  completedAt: timeShape.nullable(),
});

/** One person of a review: what they held when it was written down, what has changed since, and the decision. */
export const reviewItemShape = z.object({
  member: z.string(),
  email: z.string().nullable(),
  name: z.string(),
  status: z.enum(['active', 'suspended']),
  orgRole: orgRoleShape,
  source: z.enum(['manual', 'invitation', 'directory', 'sso']),
  lastActiveAt: timeShape.nullable(),
  teams: z.array(z.object({ id: z.string(), name: z.string(), role: teamRoleShape })),
  resources: z.array(z.object({ resource: resourceShape, role: resourceRoleShape })),
  grants: z
    .array(
      z.object({
        scope: z.enum(['org', 'team', 'resource']),
        role: z.string(),
        of: z.string().nullable(),
        sentence: z.string(),
        decides: z.boolean(),
        at: timeShape,
      }),
    )
    .describe('Why, as it was when the review looked.'),
  rights: z
    .array(
      z.object({
        of: z.union([z.object({ team: z.string() }), z.object({ resource: resourceShape })]),
        name: z.string(),
        role: z.string(),
        why: z.array(z.string()),
        decision: z.enum(['pending', 'confirmed', 'revoked']),
        note: z.string().nullable(),
        outcome: z
          .union([
            z.object({ kind: z.literal('removed') }),
            z.object({ kind: z.literal('at_directory'), text: z.string() }),
          ])
          .nullable(),
        decidedBy: actorShape.nullable(),
        decidedAt: timeShape.nullable(),
      }),
    )
    .describe('Each team role and role on a resource, decided about by itself (`of`) or with the person.'),
  hints: z.array(hintShape),
  takenAt: timeShape,
  changes: z
    .array(
      z.object({
        what: z.enum(['membership', 'status', 'orgRole', 'team', 'resource']),
        of: z.string().nullable(),
        was: z.string().nullable(),
        is: z.string().nullable(),
      }),
    )
    .describe('What has changed since; a revocation shows here, too.'),
  decision: z.enum(['pending', 'confirmed', 'revoked']),
  note: z.string().nullable(),
  outcome: z
    .union([
      z.object({ kind: z.literal('removed') }),
      z.object({ kind: z.literal('lowered'), role: orgRoleShape }),
      z.object({ kind: z.literal('at_directory'), text: z.string() }),
    ])
    .nullable()
    .describe(
      'What a revocation came to; at_directory: nothing has changed here, the text says what to change there.',
    ),
  decidedBy: actorShape.nullable(),
  decidedAt: timeShape.nullable(),
});

/** A review as the API shows it. */
export function presentReview(
  review: AccessReview,
  { counts, now }: { readonly counts: Readonly<Record<ReviewDecision, number>>; readonly now: number },
): z.infer<typeof reviewShape> {
  const { id, name, state, scope, dueAt, createdBy, completedBy } = review;
  return {
    ...{ id, name, state },
    scope: {
      orgRoles: scope.orgRoles === null ? null : [...scope.orgRoles],
      teams: scope.teamIds === null ? null : [...scope.teamIds],
      memberIds: scope.memberIds === null ? null : [...scope.memberIds],
    },
    counts: { total: counts.pending + counts.confirmed + counts.revoked, ...counts },
    dueAt: isoTimeOrNull(dueAt),
    isOverdue: state !== 'completed' && dueAt !== null && dueAt <= now,
    createdBy: { ...createdBy },
    createdAt: isoTime(review.createdAt),
    completedBy: completedBy === null ? null : { ...completedBy },
    completedAt: isoTimeOrNull(review.completedAt),
  };
}

const named = ({ access }: ReviewItem, right: ReviewedRight) => {
  if (right.kind === 'team') {
    const team = access.teams.find(({ id }) => id === right.teamId);
    return { name: team?.name ?? right.teamId, role: team?.role ?? '' };
  }
  const key = rightKey(right);
  const held = access.resources.find(({ resource }) => resourceKey(resource) === key);
  return { name: `${right.resource.type} ${right.resource.id}`, role: held?.role ?? '' };
};

function presentRight(
  item: ReviewItem,
  right: ReviewedRight,
): z.infer<typeof reviewItemShape>['rights'][number] {
  const { name, role } = named(item, right);
  const decided = item.rights.find(({ of }) => rightKey(of) === rightKey(right));
  const deciding = item.access.grants.filter(
    ({ scope, of, decides }) => decides && scope === right.kind && of === name,
  );
  return {
    of: right.kind === 'team' ? { team: right.teamId } : { resource: right.resource },
    ...{ name, role, why: deciding.map(({ sentence }) => sentence) },
    ...{ decision: decided?.decision ?? 'pending', note: decided?.note ?? null },
    outcome: decided?.outcome ?? null,
    decidedBy: decided === undefined ? null : { ...decided.decidedBy },
    decidedAt: isoTimeOrNull(decided?.decidedAt ?? null),
  };
}

/** One person of a review as the API shows them. */
export function presentReviewItem(
  item: ReviewItem,
  changes: readonly ReviewChange[],
): z.infer<typeof reviewItemShape> {
  const { access, decision, note, outcome, decidedBy } = item;
  const { email, name, status, orgRole, source } = access;
  return {
    member: item.membershipId,
    ...{ email, name, status, orgRole, source },
    lastActiveAt: isoTimeOrNull(access.lastActiveAt),
    teams: [...access.teams],
    resources: [...access.resources],
    grants: access.grants.map((grant) => ({ ...grant, at: isoTime(grant.at) })),
    rights: rightsOf(access).map((right) => presentRight(item, right)),
    hints: access.hints.map(presentHint),
    takenAt: isoTime(access.takenAt),
    changes: [...changes],
    ...{ decision, note, outcome },
    decidedBy: decidedBy === null ? null : { ...decidedBy },
    decidedAt: isoTimeOrNull(item.decidedAt),
  };
}
