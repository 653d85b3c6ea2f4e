/** The DNS proof of a domain: looked for when an admin asks, and again and again afterwards (S153). */
import { days, hours } from '../../kernel/clock.ts';
import { isGatehouseError } from '../../kernel/errors.ts';
import type { DomainId, OrganizationId } from '../../kernel/ids.ts';
import type { ChangeContext, Deps } from '../deps.ts';
import type { Domain } from '../entities/domain.ts';
import type { AuditType, Cause } from '../entities/journal.ts';
import { record } from '../journal/audit.ts';
import { domainProofMail } from '../mail/mails.ts';
import { mailOwners } from '../mail/owner-mails.ts';
import type { Repositories } from '../ports/storage.ts';
import type { TxtResolver } from '../ports/txt-resolver.ts';
import { challengeRecord, getDomain } from './domains.ts';

/** How often a proved domain is looked at. */
export const CHECK_EVERY_MS = hours(6);
/** How long a record may be missing before the domain lapses: longer than any outage of a name server. */
export const LAPSE_AFTER_MS = days(3);
/**
 * How long nobody may answer before the domain lapses, too: longer than any company is without mail and web, and an end to the
 * proof of a name that somebody else holds by now, whose name servers answer all questions but ours (docs/decisions/0056).
 */
export const LAPSE_UNANSWERED_MS = days(30);
/** When the owners are told of it: after three days, and a week before the end. */
const TELL_UNANSWERED_MS = [days(3), days(23)] as const;
/** Of one run. */
const BATCH = 200;

/** What a look at the record makes of a domain. `event` is absent when there is nothing to tell. */
interface Finding {
  readonly domain: Domain;
  readonly event:
    | Extract<AuditType, 'domain.verified' | 'domain.missing' | 'domain.unanswered' | 'domain.lapsed'>
    | undefined;
}

/** What a look found: the record, an answer without it, no answer about this domain, or no answer to anything: we are cut off. */
export type Look = 'there' | 'not_there' | 'unanswered' | 'cut_off';

/**
 * Pure: a record that is there proves the domain; a proved domain whose record is missing keeps its rights for
 * `LAPSE_AFTER_MS`, then lapses: two answers that far apart say that it is not there. One about which nobody answers keeps them for
 * `LAPSE_UNANSWERED_MS`. Neither changes anything for a pending domain, nor for one the operator vouched for.
 */
export function judgeRecord(domain: Domain, look: Look, now: number): Finding {
  const seen = { ...domain, checkedAt: now };
  if (look === 'cut_off') return { domain: seen, event: undefined };
  if (look === 'unanswered') return judgeSilence(domain, now);
  const answered = { ...seen, unansweredMs: 0 };
  if (look === 'there') {
    const found = { ...answered, missingSince: null };
    if (domain.status === 'verified') return { domain: found, event: undefined };
    const proved = { status: 'verified', proof: 'dns', verifiedAt: now } as const;
    return { domain: { ...found, ...proved }, event: 'domain.verified' };
  }
  if (domain.proof !== 'dns') return { domain: answered, event: undefined };
  const missingSince = domain.missingSince ?? now;
  const isProved = domain.status === 'verified';
  const isOver = isProved && now - missingSince >= LAPSE_AFTER_MS;
  const isNew = isProved && domain.missingSince === null;
  return {
    domain: { ...answered, missingSince, status: isOver ? 'lapsed' : domain.status },
    event: isOver ? 'domain.lapsed' : isNew ? 'domain.missing' : undefined,
  };
}

/** Time counts from look to look, and never for more than one is due: a gateway that stood still has asked nobody. */
function judgeSilence(domain: Domain, now: number): Finding {
  const seen = { ...domain, checkedAt: now };
  if (domain.proof !== 'dns') return { domain: seen, event: undefined };
  const sinceLook = Math.min(Math.max(now - (domain.checkedAt ?? now), 0), CHECK_EVERY_MS);
  const unansweredMs = domain.unansweredMs + sinceLook;
  const isProved = domain.status === 'verified';
  const isOver = isProved && unansweredMs >= LAPSE_UNANSWERED_MS;
  const isTold = TELL_UNANSWERED_MS.some((at) => domain.unansweredMs < at && unansweredMs >= at);
  return {
    domain: { ...seen, unansweredMs, status: isOver ? 'lapsed' : domain.status },
    event: isOver ? 'domain.lapsed' : isProved && isTold ? 'domain.unanswered' : undefined,
  };
}

/** Since when nobody has answered; null: the last look was answered, or there was none. Epoch ms, later where we were cut off ourselves. */
export const unansweredSince = ({ checkedAt, unansweredMs }: Domain): number | null =>
  checkedAt === null || unansweredMs === 0 ? null : checkedAt - unansweredMs;

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
 * is, until it has been missing, or nobody has answered, too long. Throws `not_found`, `already_exists` when another organization has proved it.
 */
export async function verifyDomain(
  deps: Pick<Deps, 'storage' | 'clock' | 'txtResolver'>,
  input: { readonly organizationId: OrganizationId; readonly cause: Cause; readonly id: DomainId },
): Promise<CheckedDomain> {
  const { organizationId, cause, id } = input;
  const domain = await getDomain(deps.storage, organizationId, id);
  // Asked before the transaction: nothing in it may wait for the network.
  const { look, problem } = await lookAt(deps.txtResolver, domain);
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const current = await getDomain(tx, organizationId, id);
    const finding = judgeRecord(current, look, context.now);
    await tx.domains.update(organizationId, finding.domain, current.version);
    await tell(tx, context, finding);
    return { ...finding.domain, version: current.version + 1, problem };
  });
}

async function lookAt(
  resolver: TxtResolver,
  domain: Domain,
): Promise<{ readonly look: Look; readonly problem: RecordProblem | null }> {
  const expected = challengeRecord(domain);
  const problem = recordProblem(expected, await resolver.resolveTxt(expected.name));
  if (problem === null) return { look: 'there', problem };
  if (problem.code !== 'lookup_failed') return { look: 'not_there', problem };
  // Its top-level domain is in other hands: when that is silent, too, it is we who are cut off.
  const topLevel = domain.domain.slice(domain.domain.lastIndexOf('.') + 1);
  const isHeard = domain.proof === 'dns' && (await resolver.resolveTxt(topLevel)) !== undefined;
  return { look: isHeard ? 'unanswered' : 'cut_off', problem };
}

async function tell(tx: Repositories, context: ChangeContext, { domain, event }: Finding): Promise<void> {
  if (event === undefined) return;
  const isUnanswered = domain.unansweredMs > 0;
  const lapsesAt = isUnanswered
    ? context.now + LAPSE_UNANSWERED_MS - domain.unansweredMs
    : (domain.missingSince ?? context.now) + LAPSE_AFTER_MS;
  const details = {
    'domain.verified': { by: 'dns' },
    'domain.missing': { missingSince: domain.missingSince },
    'domain.unanswered': { unansweredSince: unansweredSince(domain), lapsesAt },
    'domain.lapsed': { missingSince: domain.missingSince, unansweredSince: unansweredSince(domain) },
  }[event];
  await record(tx, context, {
    type: event,
    target: { kind: 'domain', id: domain.id },
    details: { domain: domain.domain, ...details },
  });
  if (event === 'domain.verified') return;
  const { name, value } = challengeRecord(domain);
  const hasLapsed = event === 'domain.lapsed';
  await mailOwners(tx, context, (organization) =>
    domainProofMail({
      ...{ organization, name, value, lapsesAt, hasLapsed, isUnanswered },
      domain: domain.domain,
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
