/** Does this role fit? Advice without a model: what comparable people hold, what was used, how many administer. Pure. */
import { days } from '../../kernel/clock.ts';
import type { RoleFacts } from './role-table.ts';
import type { OrgRole, PermissionKey } from './roles.ts';
import { ROLE_PERMISSIONS } from './roles.ts';

/** A role with its place among the others; higher is more powerful. */
export type RankedRole = Pick<RoleFacts, 'key' | 'rank'>;

/** People to compare with: those of one team or one directory group, the person in question left out. */
export interface PeerGroup {
  /** Such as `team "Support"`. */
  readonly name: string;
  readonly roles: readonly RankedRole[];
}

/** How somebody who is a member has used the role. */
export interface RoleUse {
  /** Since when the role is held; epoch ms, as all here. */
  readonly heldSince: number;
  readonly joinedAt: number;
  readonly lastActiveAt: number | null;
  /** Permissions that the audit of the last 90 days shows in use by this person. */
  readonly used: ReadonlySet<PermissionKey>;
}

export interface RoleFitFacts {
  readonly role: RoleFacts;
  /** Every role there is. */
  readonly roles: readonly RoleFacts[];
  /** From this role on somebody administers others. */
  readonly adminRank: number;
  readonly peers: readonly PeerGroup[];
  readonly members: number;
  /** Active people who administer, counted up to `ADMINISTRATORS_COUNTED`. */
  readonly administrators: number;
  readonly owners: number;
  /** Absent: an invitation to come. */
  readonly use?: RoleUse | undefined;
  readonly now: number;
}

export type HintCode =
  | 'above_peers'
  | 'below_peers'
  | 'least_privilege'
  | 'many_administrators'
  | 'only_owner'
  | 'permissions_unused'
  | 'inactive';

export interface Hint {
  readonly code: HintCode;
  /** One or two sentences for a person. */
  readonly text: string;
  /** The role that the hint points to; null when it points to none. */
  readonly suggests: OrgRole | null;
}

/** Fewer people are no evidence. */
const FEWEST_PEERS = 5;
/** What at least this part of the peers holds at most (or at least) is usual among them. */
const USUAL_PART = 0.8;
/** Days without use, or without a sign of life, that are worth a hint. */
export const UNUSED_DAYS = 90;
/** More administrators than this part of all members blur who did what, from `FEWEST_PEERS` administrators on. */
const MANY_PART = 0.2;
/** Nobody needs to count further: more are many, whatever the size. */
export const ADMINISTRATORS_COUNTED = 101;

/** What speaks against this role, the strongest reason first; empty when nothing does. */
export function roleFit(facts: RoleFitFacts): readonly Hint[] {
  const fromPeers = peersHint(facts);
  return [
    ...fromPeers,
    ...(facts.use === undefined ? beforeSending(facts, fromPeers) : inUse(facts, facts.use)),
    ...administratorsHint(facts),
  ];
}

interface Comparison {
  readonly hint: Hint;
  readonly evidence: number;
}

/** The clearest comparison that finds the role unusual, if any does. */
function peersHint(facts: RoleFitFacts): readonly Hint[] {
  const found = facts.peers
    .filter(({ roles }) => roles.length >= FEWEST_PEERS)
    .flatMap((group) => compare(facts.role, group) ?? [])
    .sort((a, b) => b.evidence - a.evidence);
  return found.slice(0, 1).map(({ hint }) => hint);
}

function compare(role: RankedRole, { name, roles }: PeerGroup): Comparison | undefined {
  const sorted = [...roles].sort((a, b) => a.rank - b.rank);
  const enough = Math.ceil(sorted.length * USUAL_PART);
  const atMost = sorted[enough - 1];
  const atLeast = sorted[sorted.length - enough];
  if (atMost !== undefined && role.rank > atMost.rank) {
    const count = sorted.filter(({ rank }) => rank <= atMost.rank).length;
    const text = `${count} of ${sorted.length} people in ${name} hold ${atMost.key} or less; this is ${role.key}. Consider ${atMost.key}.`;
    return {
      hint: { code: 'above_peers', text, suggests: atMost.key },
      evidence: count / sorted.length,
    };
  }
  if (atLeast !== undefined && role.rank < atLeast.rank) {
    const count = sorted.filter(({ rank }) => rank >= atLeast.rank).length;
    const text = `${count} of ${sorted.length} people in ${name} hold ${atLeast.key} or more; with ${role.key} this person may lack what the others use.`;
    return { hint: { code: 'below_peers', text, suggests: null }, evidence: count / sorted.length };
  }
  return undefined;
}

/** "When in doubt pick the lower role", where nothing better is known. */
function beforeSending({ role, adminRank }: RoleFitFacts, fromPeers: readonly Hint[]): readonly Hint[] {
  if (role.rank < adminRank || fromPeers.length > 0) return [];
  const text = `When in doubt pick the lower role: ${role.key} may invite and remove people and change their roles; a member can be raised later.`;
  return [{ code: 'least_privilege', text, suggests: 'member' }];
}

function inUse(facts: RoleFitFacts, use: RoleUse): readonly Hint[] {
  const { role, owners, now } = facts;
  const hints: Hint[] = [];
  const longAgo = now - days(UNUSED_DAYS);
  if ((use.lastActiveAt ?? use.joinedAt) <= longAgo) {
    const text =
      use.lastActiveAt === null
        ? `Never active here, and a member for more than ${UNUSED_DAYS} days.`
        : `Not active for more than ${UNUSED_DAYS} days.`;
    hints.push({ code: 'inactive', text, suggests: null });
  } else if (use.heldSince <= longAgo) {
    hints.push(...unusedHint(facts, use));
  }
  if (role.key === 'owner' && owners === 1) {
    const text = 'The only owner: nobody stands in when this person is away.';
    hints.push({ code: 'only_owner', text, suggests: null });
  }
  return hints;
}

/** Reading leaves no row in the audit, and the product's own permissions none here: of these nobody knows whether they are used. */
const leavesTraces = (key: PermissionKey): boolean => !/^app:|\.read$|^billing\./.test(key);
const isMembers = (key: PermissionKey): boolean => ROLE_PERMISSIONS.member.some((own) => own === key);

/** Granted against used: the lowest role that has all that was used, where that is a lower one. */
function unusedHint({ role, roles, owners }: RoleFitFacts, { used }: RoleUse): readonly Hint[] {
  const beyond = role.permissions.filter((key) => !isMembers(key) && leavesTraces(key));
  if (beyond.length === 0) return [];
  const needed = beyond.filter((key) => used.has(key));
  if (needed.length === 0) {
    const text = `Has not used what ${role.key} allows beyond member for ${UNUSED_DAYS} days, as far as the audit shows.`;
    return [{ code: 'permissions_unused', text, suggests: 'member' }];
  }
  const enough = roles
    .filter(({ rank, permissions }) => rank < role.rank && needed.every((key) => permissions.includes(key)))
    .toSorted((a, b) => a.rank - b.rank)[0];
  // Somebody has to be the owner.
  if (enough === undefined || (role.key === 'owner' && owners === 1)) return [];
  const what = needed.join(', ');
  const text = `Of what ${role.key} allows beyond member, only ${what} was used within ${UNUSED_DAYS} days, as far as the audit shows: ${enough.key} has it.`;
  return [{ code: 'permissions_unused', text, suggests: enough.key }];
}

function administratorsHint({
  role,
  adminRank,
  administrators,
  members,
  use,
}: RoleFitFacts): readonly Hint[] {
  if (role.rank < adminRank) return [];
  const [count, all] = use === undefined ? [administrators + 1, members + 1] : [administrators, members];
  if (count <= FEWEST_PEERS || (count < ADMINISTRATORS_COUNTED && count <= all * MANY_PART)) return [];
  const many =
    count >= ADMINISTRATORS_COUNTED ? `More than ${ADMINISTRATORS_COUNTED - 1}` : `${count} of ${all}`;
  const text = `${many} people administer this organization; the more do, the less the audit says who was meant to.`;
  return [{ code: 'many_administrators', text, suggests: 'member' }];
}
