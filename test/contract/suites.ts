/** Every suite of the storage contract, for one adapter. */
import { type Adapter, opener } from './adapters.ts';
import { applications } from './applications.contract.ts';
import { arrivals } from './arrivals.contract.ts';
import { audit } from './audit.contract.ts';
import { counts } from './counts.contract.ts';
import { credentials } from './credentials.contract.ts';
import { directoryOrder } from './directory-order.contract.ts';
import { directoryQuery } from './directory-query.contract.ts';
import { durability } from './durability.contract.ts';
import { events } from './events.contract.ts';
import { groupMembers } from './group-members.contract.ts';
import { history } from './history.contract.ts';
import { holds } from './holds.contract.ts';
import { jobs } from './jobs.contract.ts';
import { knownConnections } from './known-connections.contract.ts';
import { knownTokens } from './known-tokens.contract.ts';
import { lookUps } from './look-ups.contract.ts';
import { mailCounts, mailSuppressions } from './mail-suppressions.contract.ts';
import { memberFilters } from './member-filters.contract.ts';
import { orgRoles } from './org-roles.contract.ts';
import { paging } from './paging.contract.ts';
import { policy } from './policy.contract.ts';
import { recorder } from './recorder.contract.ts';
import { removals } from './removals.contract.ts';
import { reviews } from './reviews.contract.ts';
import { roundTrips } from './round-trips.contract.ts';
import { sessions } from './sessions.contract.ts';
import { shareableLinks } from './shareable-links.contract.ts';
import { signInAttempts } from './sign-in-attempts.contract.ts';
import { singleUse } from './single-use.contract.ts';
import type { ContractSuite } from './storage-under-test.ts';
import { tenantIsolation } from './tenant-isolation.contract.ts';
import { transactions } from './transactions.contract.ts';
import { unanswered } from './unanswered.contract.ts';
import { uniqueness } from './uniqueness.contract.ts';
import { versions } from './versions.contract.ts';
import { webhooks } from './webhooks.contract.ts';

const SUITES: readonly ContractSuite[] = [
  roundTrips,
  uniqueness,
  versions,
  transactions,
  counts,
  singleUse,
  lookUps,
  holds,
  knownTokens,
  knownConnections,
  memberFilters,
  credentials,
  sessions,
  policy,
  orgRoles,
  removals,
  history,
  reviews,
  paging,
  directoryQuery,
  directoryOrder,
  groupMembers,
  arrivals,
  applications,
  tenantIsolation,
  jobs,
  shareableLinks,
  audit,
  events,
  mailCounts,
  mailSuppressions,
  recorder,
  signInAttempts,
  unanswered,
  webhooks,
  durability,
];

/** Registers the tests of all suites under the adapter's name. */
export function holdToContract(adapter: Adapter): void {
  for (const suite of SUITES) suite(adapter.name, opener(adapter));
}
