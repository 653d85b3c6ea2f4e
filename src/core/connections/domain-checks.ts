/** The DNS proof of a domain: looked for when an admin asks, and again and again afterwards (S153). */
import { days, hours } from '../../kernel/clock.ts';
import { isGatehouseError } from '../../kernel/errors.ts';
import type { DomainId, OrganizationId } from '../../kernel/ids.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Domain } from '../entities/domain.ts';
import type { AuditType, Cause } from '../entities/journal.ts';
import { record } from '../journal/audit.ts';
import { domainMissingMail } from '../mail/mails.ts';
import { mailOwners } from '../mail/owner-mails.ts';
import type { Repositories } from '../ports/storage.ts';
import { challengeRecord, getDomain } from './domains.ts';

/** How often a proved domain is looked at. */
export const CHECK_EVERY_MS = hours(6);
/** How long a record may be missing before the domain lapses: longer than any outage of a name server. */
export const LAPSE_AFTER_MS = days(3);
/** Of one run. */
const BATCH = 200;

/** What a look at the record makes of a domain. `event` is absent when there is nothing to tell. */
interface Finding {
  readonly domain: Domain;
  readonly event: Extract<AuditType, 'domain.verified' | 'domain.missing' | 'domain.lapsed'> | undefined;
}

/**
 * Pure: a record that is there proves the domain; a proved domain whose record is missing keeps its rights for
 * `LAPSE_AFTER_MS`, then lapses: two answers that far apart say that it is not there. A missing record changes nothing for a pending domain, nor for one the
 * operator vouched for.
 */
export function judgeRecord(domain: Domain, isThere: boolean, now: number): Finding {
  const seen = { ...domain, checkedAt: now };
  if (isThere) {
    const found = { ...seen, missingSince: null };
    if (domain.status === 'verified') return { domain: found, event: undefined };
    const proved = { status: 'verified', proof: 'dns', verifiedAt: now } as const;
    return { domain: { ...found, ...proved }, event: 'domain.verified' };
  }
  if (domain.proof !== 'dns') return { domain: seen, event: undefined };
  const missingSince = domain.missingSince ?? now;
  const isOver = domain.status === 'verified' && now - missingSince >= LAPSE_AFTER_MS;
  return {
    domain: { ...seen, missingSince, status: isOver ? 'lapsed' : domain.status },
    event: isOver ? 'domain.lapsed' : domain.missingSince === null ? 'domain.missing' : undefined,
  };
}

/** Why the record does not prove the domain. */
export interface RecordProblem {
  /** Nothing at that name, other values alone, or no answer. */
  readonly code: 'record_missing' | 'record_differs' | 'lookup_failed';
  /** Which record was looked for, and what was found. */
  readonly detail: string;
}

/** A domain as a look at its record left it. */
export interface CheckedDomain extends Domain {
  /** Null: the record is there. */
  readonly problem: RecordProblem | null;
}

/** Of a value found, in a sentence; anybody may publish a book. */
const MOST_SHOWN = 100;

/** Pure: what was found in place of the record, for whoever published it. */
export function recordProblem(
  { name, value }: { readonly name: string; readonly value: string },
  found: readonly string[] | undefined,
): RecordProblem | null {
  if (found?.includes(value) === true) return null;
  const wanted = `a TXT record at ${name} with the value ${value}`;
  if (found === undefined)
    return {
      code: 'lookup_failed',
      detail: `We looked for ${wanted}, but the name servers did not answer. Try again in a few minutes.`,
    };
  const [other] = found;
  if (other === undefined)
    return {
      code: 'record_missing',
      detail: `We looked for ${wanted}, and found no TXT record there. A new one can take hours to be seen.`,
    };
  const shown = other.length > MOST_SHOWN ? `${other.slice(0, MOST_SHOWN)}…` : other;
  const more = found.length > 1 ? ` and ${found.length - 1} more` : '';
  return {
    code: 'record_differs',
    detail: `We looked for ${wanted}, and found another value there: ${shown}${more}.`,
  };
}

/**
 * Looks for the TXT record now, and says what stood in the way. The domain is proved when it is there, also one that had lapsed; otherwise it stays as it
 * is, until it has been missing too long; a look that nobody answers changes nothing. Throws `not_found`, `already_exists` when another organization has proved it.
 */
export async function verifyDomain(
  deps: Pick<Deps, 'storage' | 'clock' | 'txtResolver'>,
  input: { readonly organizationId: OrganizationId; readonly cause: Cause; readonly id: DomainId },
): Promise<CheckedDomain> {
  const { organizationId, cause, id } = input;
  const domain = await getDomain(deps.storage, organizationId, id);
  const expected = challengeRecord(domain);
  // Asked before the transaction: nothing in it may wait for the network.
  const problem = recordProblem(expected, await deps.txtResolver.resolveTxt(expected.name));
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const current = await getDomain(tx, organizationId, id);
    // No answer says nothing about the record, so it takes nothing away and starts no count.
    const finding: Finding =
      problem?.code === 'lookup_failed'
        ? { domain: { ...current, checkedAt: context.now }, event: undefined }
        : judgeRecord(current, problem === null, context.now);
    await tx.domains.update(organizationId, finding.domain, current.version);
    await tell(tx, context, finding);
    return { ...finding.domain, version: current.version + 1, problem };
  });
}

async function tell(tx: Repositories, context: ChangeContext, { domain, event }: Finding): Promise<void> {
  if (event === undefined) return;
  await record(tx, context, {
    type: event,
    target: { kind: 'domain', id: domain.id },
    details: {
      domain: domain.domain,
      ...(event === 'domain.verified' ? { by: 'dns' } : { missingSince: domain.missingSince }),
    },
  });
  if (event === 'domain.verified') return;
  const lapsesAt = (domain.missingSince ?? context.now) + LAPSE_AFTER_MS;
  const { name, value } = challengeRecord(domain);
  await mailOwners(tx, context, (organization) =>
    domainMissingMail({
      organization,
      domain: domain.domain,
      name,
      value,
      lapsesAt,
      hasLapsed: event === 'domain.lapsed',
    }),
  );
}

/** Looks at every proved domain that has not been looked at for a while. Answers how many. */
export async function recheckDomains(deps: Pick<Deps, 'storage' | 'clock' | 'txtResolver'>): Promise<number> {
  const due = await deps.storage.domains.listToCheck(deps.clock() - CHECK_EVERY_MS, BATCH);
  for (const { organizationId, id } of due) {
    const cause: Cause = { actor: { kind: 'system' }, requestId: 'domain-check' };
    await verifyDomain(deps, { organizationId, cause, id }).catch(async (error: unknown) => {
      // Another organization has proved it since it lapsed here: its turn is over until the next round.
      if (isGatehouseError(error, 'already_exists')) await noteLook(deps, { organizationId, id });
      // Given up or changed meanwhile.
      else if (!isGatehouseError(error, 'not_found') && !isGatehouseError(error, 'version_conflict'))
        throw error;
    });
  }
  return due.length;
}

async function noteLook(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { organizationId, id }: Pick<Domain, 'organizationId' | 'id'>,
): Promise<void> {
  await deps.storage.transact(async (tx) => {
    const domain = await getDomain(tx, organizationId, id);
    await tx.domains.update(organizationId, { ...domain, checkedAt: deps.clock() }, domain.version);
  });
}
