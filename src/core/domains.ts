/** E-mail domains an organization has proved to own: they decide which addresses its connections may speak for. */
import { randomBytes } from 'node:crypto';
import { domainToASCII } from 'node:url';
import { GatehouseError } from '../kernel/errors.ts';
import type { DomainId, OrganizationId } from '../kernel/ids.ts';
import { newId } from '../kernel/ids.ts';
import { record } from './audit.ts';
import type { ChangeContext, Deps } from './deps.ts';
import type { Cause } from './entities/journal.ts';
import type { Domain } from './entities/sign-in.ts';
import { getOrganization } from './organization-lookup.ts';
import type { Queries, Repositories } from './ports/storage.ts';

/** Mail for anybody: owning an address there proves nothing about a company. */
const PUBLIC_MAIL = new Set(
  'gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com icloud.com me.com aol.com proton.me protonmail.com gmx.com gmx.de gmx.net web.de mail.com mail.ru yandex.ru yandex.com qq.com 163.com 126.com zoho.com fastmail.com hey.com tutanota.com'.split(
    ' ',
  ),
);

/** Second-level names under which a country's registry sells: `co.uk` is nobody's own. The DNS proof stops the rest. */
const REGISTRY_SUFFIX = /^(?:ac|co|com|edu|gob|gov|mil|net|org)\.[a-z]{2}$/;

/** `domainToASCII` reads like a URL parser: it cuts at some of these and decodes others, making one host of another. */
const NOT_IN_A_HOST = /[\s\p{Cc}%/\\?#:@[\]<>^|]/u;

/** A-label form of a host name; the empty string when it is none. */
const toHost = (text: string): string =>
  NOT_IN_A_HOST.test(text.trim()) ? '' : domainToASCII(text.trim().toLowerCase());

/** The domain of an address in A-label form, or the empty string when the address has none, or could be read as two. */
export function domainOf(email: string): string {
  const at = email.indexOf('@');
  // Cut at the first @: what follows a second one then holds an @, which no host does.
  return at < 1 || /\s/.test(email) ? '' : toHost(email.slice(at + 1));
}

/** Brings a domain into its one form. Throws `invalid` (field `domain`) for anything that is not a company's own domain name. */
export function canonicalDomain(text: string): string {
  const domain = toHost(text);
  const shaped = /^(?=.{4,253}$)([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(
    domain,
  );
  if (!shaped) throw new GatehouseError('invalid', 'A domain looks like example.com.', { field: 'domain' });
  if (PUBLIC_MAIL.has(domain) || REGISTRY_SUFFIX.test(domain)) {
    const whose = PUBLIC_MAIL.has(domain) ? 'a public mail service' : 'shared by many companies';
    throw new GatehouseError('invalid', `${domain} is ${whose}; nobody can claim it.`, { field: 'domain' });
  }
  return domain;
}

/** Where the proof goes: a TXT record of this name with this value. */
export const challengeRecord = (domain: Domain) => ({
  type: 'TXT' as const,
  name: `_gatehouse-challenge.${domain.domain}`,
  value: `gatehouse-domain-verification=${domain.challenge}`,
});

/** True when `organizationId` has proved the domain of this address. */
export async function isProvedAddress(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  email: string,
): Promise<boolean> {
  const domain = domainOf(email);
  if (domain === '') return false;
  return (await from.domains.findVerified(domain))?.organizationId === organizationId;
}

interface DomainRequest {
  readonly organizationId: OrganizationId;
  readonly cause: Cause;
}

/** Claims a domain; `vouched` (operator only) makes it proved at once. Throws `invalid`, `already_exists` (field `domain`). */
export async function addDomain(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DomainRequest & { readonly domain: string; readonly vouched: boolean },
): Promise<Domain> {
  const name = canonicalDomain(input.domain);
  const { organizationId, cause, vouched } = input;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    await getOrganization(tx, organizationId);
    const domain: Domain = {
      id: newId('dom', context.now),
      version: 1,
      organizationId,
      domain: name,
      status: vouched ? 'verified' : 'pending',
      challenge: randomBytes(20).toString('hex'),
      verifiedAt: vouched ? context.now : null,
      createdAt: context.now,
    };
    await tx.domains.insert(organizationId, domain);
    const target = { kind: 'domain', id: domain.id };
    await record(tx, context, { type: 'domain.created', target, details: { domain: name } });
    if (vouched)
      await record(tx, context, {
        type: 'domain.verified',
        target,
        details: { domain: name, by: 'operator' },
      });
    return domain;
  });
}

/** The domain, or `not_found`. */
export async function getDomain(
  from: Queries | Repositories,
  organizationId: OrganizationId,
  id: DomainId,
): Promise<Domain> {
  const domain = await from.domains.find(organizationId, id);
  if (domain === undefined) throw new GatehouseError('not_found', 'No such domain.');
  return domain;
}

/** Looks for the TXT record; the domain is proved when it is there. Stays pending otherwise. Throws `not_found`, `already_exists` when another organization proved it first. */
export async function verifyDomain(
  deps: Pick<Deps, 'storage' | 'clock' | 'txtResolver'>,
  input: DomainRequest & { readonly id: DomainId },
): Promise<Domain> {
  const { organizationId, cause, id } = input;
  const domain = await getDomain(deps.storage, organizationId, id);
  const expected = challengeRecord(domain);
  const values = await deps.txtResolver.resolveTxt(expected.name);
  if (domain.status === 'verified' || !values.includes(expected.value)) return domain;
  return deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const verified: Domain = { ...domain, status: 'verified', verifiedAt: context.now };
    await tx.domains.update(organizationId, verified, domain.version);
    await record(tx, context, {
      type: 'domain.verified',
      target: { kind: 'domain', id },
      details: { domain: domain.domain, by: 'dns' },
    });
    return { ...verified, version: domain.version + 1 };
  });
}

/** Gives a domain up. Throws `not_found`. */
export async function removeDomain(
  deps: Pick<Deps, 'storage' | 'clock'>,
  input: DomainRequest & { readonly id: DomainId },
): Promise<void> {
  const { organizationId, cause, id } = input;
  await deps.storage.transact(async (tx) => {
    const context: ChangeContext = { organizationId, cause, now: deps.clock() };
    const domain = await getDomain(tx, organizationId, id);
    await tx.domains.remove(organizationId, id);
    await record(tx, context, {
      type: 'domain.removed',
      target: { kind: 'domain', id },
      details: { domain: domain.domain },
    });
  });
}
