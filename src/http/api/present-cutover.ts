/** A cut-over as JSON. */
import type { z } from 'zod';
import type { CutoverFacts } from '../../core/directory/cutover-matching.ts';
import type { MemberOutcome, PersonOutcome } from '../../core/directory/cutover-outcome.ts';
import type { CutoverPlan } from '../../core/directory/cutover-plan.ts';
import type { Cutover } from '../../core/entities/cutover.ts';
import type { DirectoryUser, ShadowProfile } from '../../core/entities/directory.ts';
import type { Membership } from '../../core/entities/people.ts';
import type {
  cutoverMemberShape,
  cutoverPersonShape,
  cutoverShape,
  cutoverViewShape,
  decidedPersonShape,
  decisionShape,
  voidedShape,
} from './cutover-shapes.ts';
import { isoTime, isoTimeOrNull } from './present.ts';
import { presentRoleChange } from './present-directory.ts';

type View = z.infer<typeof cutoverViewShape>;

/** The report, if there is something to switch, and the last switch. */
export const presentView = (plan: CutoverPlan | undefined, cutover: Cutover | undefined): View => ({
  ...{ reportHash: null, people: null, members: null, voids: null, outcomes: null },
  ...(plan === undefined ? {} : presentReport(plan)),
  cutover: cutover === undefined ? null : presentCutover(cutover),
});

function presentReport(plan: CutoverPlan): Omit<View, 'cutover'> {
  const { people, members, outcomes, facts } = plan;
  const by = (rule: PersonOutcome['rule']) => people.filter((one) => one.rule === rule).length;
  const of = (fate: MemberOutcome['fate']) => members.filter((one) => one.fate === fate).length;
  const presentOutcome = ({ blockers, ...rest }: typeof outcomes.keep) => ({
    ...rest,
    blockers: [...blockers],
  });
  return {
    reportHash: plan.hash,
    people: {
      total: people.length,
      active: people.filter(({ person }) => person.user.isActive).length,
      ...{ adopt: by('adopt'), new: by('new'), returns: by('returns') },
      ...{ waits: by('waits'), refused: by('refused') },
      gain: people.filter(({ gains }) => gains.length > 0).length,
      lose: people.filter(({ losses }) => losses.length > 0).length,
    },
    members: {
      total: members.length,
      ...{ matched: of('matched'), waiting: of('waiting') },
      ...{ elsewhere: of('elsewhere'), unmatched: of('unmatched') },
    },
    voids: { invitations: facts.invitations.length, links: facts.links.length },
    outcomes: { keep: presentOutcome(outcomes.keep), suspend: presentOutcome(outcomes.suspend) },
  };
}

/** The last switch of a directory. */
export const presentCutover = (cutover: Cutover): z.infer<typeof cutoverShape> => {
  const { status, unmatched, reportHash, jobId: job, counts, voided } = cutover;
  return {
    ...{ status, unmatched, reportHash, job, counts, voided: [...voided] },
    switchedAt: isoTime(cutover.switchedAt),
    rollbackUntil: isoTime(cutover.rollbackUntil),
    rolledBackAt: isoTimeOrNull(cutover.rolledBackAt),
  };
};

const memberOf = ({ id, name, email, status, orgRole }: Membership) => ({ id, name, email, status, orgRole });

const presentDecision = ({ decision }: ShadowProfile): z.infer<typeof decisionShape> | null =>
  decision === undefined
    ? null
    : { kind: decision.kind, member: decision.kind === 'adopt' ? decision.membershipId : null };

/** One person after a decision; null is nobody's decision. */
export const presentDecided = ({
  id,
  userName,
  shadow,
}: DirectoryUser): z.infer<typeof decidedPersonShape> => ({
  ...{ id, userName },
  decision: shadow && presentDecision(shadow),
});

/** One person of the directory. */
export const presentCutoverPerson = (outcome: PersonOutcome): z.infer<typeof cutoverPersonShape> => {
  const { id, userName, shadow, isActive } = outcome.person.user;
  const { rule, reason, member, status, orgRole, gains, losses } = outcome;
  return {
    ...{ id, userName, isActive, rule, reason, status, orgRole },
    decision: presentDecision(shadow),
    name: shadow.name,
    email: shadow.email,
    member: member === undefined ? null : memberOf(member),
    gains: gains.map(presentRoleChange),
    losses: losses.map(presentRoleChange),
  };
};

/** A member who is not in the directory. */
export const presentCutoverMember = ({
  membership,
  fate,
}: MemberOutcome): z.infer<typeof cutoverMemberShape> => ({ ...memberOf(membership), fate });

/** What dies with the switch, invitations first. */
export const presentVoids = ({
  invitations,
  links,
}: Pick<CutoverFacts, 'invitations' | 'links'>): readonly z.infer<typeof voidedShape>[] => [
  ...invitations.map(({ id, email, role, expiresAt }) => ({
    ...{ id, kind: 'invitation' as const, email, role },
    expiresAt: isoTime(expiresAt),
  })),
  ...links.map(({ id, role, expiresAt }) => ({
    ...{ id, kind: 'link' as const, email: null, role },
    expiresAt: isoTime(expiresAt),
  })),
];
