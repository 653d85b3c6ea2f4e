/** Domains of mail addresses, and on whose word they belong to an organization. */
import type { ConnectionId, DomainId, OrganizationId } from '../../kernel/ids.ts';

export interface Domain {
  readonly id: DomainId;
  readonly version: number;
  readonly organizationId: OrganizationId;
  /** Lower-case A-label form. One verified owner per domain. */
  readonly domain: string;
  /** `lapsed`: it was proved, and the record has gone since; it routes and vouches for nobody, like a pending one (S153). */
  readonly status: 'pending' | 'verified' | 'lapsed';
  /** On whose word it was proved; null while pending. Only what DNS proved is looked at again. */
  readonly proof: 'dns' | 'operator' | null;
  /** The value expected in the DNS TXT record; public by nature. */
  readonly challenge: string;
  readonly verifiedAt: number | null;
  /** When the record was last looked for; null: never, or there is nothing to look for. */
  readonly checkedAt: number | null;
  /** Since when a proved domain's record has been missing; null while it is there. */
  readonly missingSince: number | null;
  /** For how long nobody has answered looks at a proved domain's record, in ms; 0 once one is answered. Outages of our own left out. */
  readonly unansweredMs: number;
  /** The connection that people of this domain sign in through; null: any of the organization. */
  readonly connectionId: ConnectionId | null;
  readonly createdAt: number;
}
