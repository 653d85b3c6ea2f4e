/** What held before: kept at the moment it ends, so that nothing is written twice while it holds. */
import type { OrganizationId } from '../../kernel/ids.ts';
import type { ConflictPolicy, Grant, OrgRole } from '../access/roles.ts';
import type { GroupMapping } from './directory.ts';
import type { Actor } from './journal.ts';
import type { Membership } from './people.ts';

/** Who began or ended something, and in which request. */
export interface Trace {
  readonly actor: Actor;
  readonly requestId: string;
}

/** When something ended, epoch ms, and through whom. */
export interface Ending {
  readonly endedAt: number;
  readonly endedBy: Trace;
}

/** A grant with its whole life. */
export interface TracedGrant {
  readonly grant: Grant;
  /** Null for grants from before this was kept. */
  readonly begunBy: Trace | null;
  /** Null while it stands in the ledger. */
  readonly ended: Ending | null;
}

/** What a membership was, as far as roles depend on it; `createdAt` tells one life of a membership from the next. */
export type PastMembership = Pick<
  Membership,
  'userId' | 'email' | 'name' | 'status' | 'source' | 'createdAt'
>;

/** The kinds of past values, each with the form of its value. */
export interface PastValues {
  /** Subject: the membership. One row for each status it had, and one for its end. */
  membership: PastMembership;
  /** Subject: the organization. How it settled roles. */
  rules: { readonly conflictPolicy: ConflictPolicy; readonly defaultRole: OrgRole };
  /** Subject: a team, directory, directory group or connection. What it was called. */
  name: string;
  /** Subject: a group mapping. What it said. */
  mapping: Pick<GroupMapping, 'match' | 'grants'>;
  /** Subject: a grant. Where its rule stood among the others. */
  rank: number;
  /** Subject: the organization. What ended before is not known: it was not kept then, or has been forgotten since. */
  unrecorded: null;
}

export type PastKind = keyof PastValues;

/** A value that held until `until` (exclusive) and since the row before it, or since its subject came. */
export interface PastValue<Kind extends PastKind = PastKind> {
  readonly organizationId: OrganizationId;
  readonly kind: Kind;
  readonly subjectId: string;
  /** Epoch ms. */
  readonly until: number;
  readonly value: PastValues[Kind];
  /** Null when nobody knows. */
  readonly endedBy: Trace | null;
}
