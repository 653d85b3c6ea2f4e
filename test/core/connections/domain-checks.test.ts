/** The proof of a domain over time: looked for again, a lapse after days, and what a lapse takes away. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  CHECK_EVERY_MS,
  judgeRecord,
  LAPSE_AFTER_MS,
  recheckDomains,
  recordProblem,
  verifyDomain,
} from '../../../src/core/connections/domain-checks.ts';
import { addDomain, challengeRecord, isProvedAddress } from '../../../src/core/connections/domains.ts';
import type { Domain } from '../../../src/core/entities/domain.ts';
import { findSignInRoute } from '../../../src/core/sign-in/sign-in-routing.ts';
import { deliverDueMails } from '../../../src/jobs/deliver-mails.ts';
import type { OrganizationId } from '../../../src/kernel/ids.ts';
import { aDomain, BUILT_AT, nextId } from '../../support/builders.ts';
import {
  anUpstream,
  newConnection,
  newMember,
  newOrganization,
  proveDomain,
  signIn,
} from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { refusalOf } from '../../support/refusals.ts';

describe('S153 what a look at the record means', () => {
  const organizationId = nextId('org');
  const now = BUILT_AT + LAPSE_AFTER_MS;
  const proved = { status: 'verified', proof: 'dns', verifiedAt: BUILT_AT } as const;
  const rows: [
    title: string,
    before: Partial<Domain>,
    isThere: boolean,
    after: Partial<Domain>,
    event?: string,
  ][] = [
    ['pending, there', {}, true, { ...proved, verifiedAt: now }, 'domain.verified'],
    ['pending, missing', {}, false, { status: 'pending', missingSince: null }],
    ['proved, there', proved, true, { ...proved, missingSince: null }],
    ['proved, missing for the first time', proved, false, { ...proved, missingSince: now }, 'domain.missing'],
    [
      'proved, missing just too short',
      { ...proved, missingSince: BUILT_AT + 1 },
      false,
      { ...proved, missingSince: BUILT_AT + 1 },
    ],
    [
      'proved, missing long enough',
      { ...proved, missingSince: BUILT_AT },
      false,
      { ...proved, status: 'lapsed', missingSince: BUILT_AT },
      'domain.lapsed',
    ],
    ['proved, back again', { ...proved, missingSince: BUILT_AT }, true, { ...proved, missingSince: null }],
    [
      'lapsed, still missing',
      { ...proved, status: 'lapsed', missingSince: BUILT_AT },
      false,
      { status: 'lapsed', missingSince: BUILT_AT },
    ],
    [
      'lapsed, back again',
      { ...proved, status: 'lapsed', missingSince: BUILT_AT },
      true,
      { ...proved, verifiedAt: now, missingSince: null },
      'domain.verified',
    ],
    [
      'vouched for, missing',
      { ...proved, proof: 'operator' },
      false,
      { ...proved, proof: 'operator', missingSince: null },
    ],
  ];
  test.each(rows.map((row) => ({ row })))('$row.0', ({ row: [, before, isThere, after, event] }) => {
    const finding = judgeRecord(aDomain(organizationId, before), isThere, now);
    expect(finding.domain).toMatchObject({ ...after, checkedAt: now });
    expect(finding.event).toBe(event);
  });
});

describe('what is said of a record that does not prove', () => {
  const record = { name: '_gatehouse-challenge.company.example', value: 'gatehouse=1' };
  test.each<readonly [string, readonly string[] | undefined, string | undefined, string]>([
    ['there', ['v=spf1', 'gatehouse=1'], undefined, ''],
    ['nothing', [], 'record_missing', 'no TXT record there'],
    ['another value', ['gatehouse=2'], 'record_differs', 'another value there: gatehouse=2.'],
    ['several others', ['a', 'b', 'c'], 'record_differs', 'another value there: a and 2 more.'],
    ['a book', ['x'.repeat(5_000)], 'record_differs', `${'x'.repeat(100)}…`],
    ['no answer', undefined, 'lookup_failed', 'did not answer'],
  ])('%s', (_title, found, code, words) => {
    const problem = recordProblem(record, found);
    expect(problem?.code).toBe(code);
    for (const part of code === undefined ? [] : [record.name, record.value, words])
      expect(problem?.detail).toContain(part);
    expect((problem?.detail ?? '').length).toBeLessThan(500);
  });
});

describe('the re-check', () => {
  let world: CoreWorld;
  beforeEach(async () => {
    world = await openCoreWorld({ runsTwice: false });
  });
  afterEach(() => world.close());

  async function provedByDns(organizationId: OrganizationId, name = 'company.example'): Promise<Domain> {
    const domain = await addDomain(world.deps, {
      organizationId,
      cause: OPERATOR,
      domain: name,
      vouched: false,
    });
    const { name: at, value } = challengeRecord(domain);
    world.txt.set(at, [...(world.txt.get(at) ?? []), value]);
    return verifyDomain(world.deps, { organizationId, cause: OPERATOR, id: domain.id });
  }
  const stored = async ({ organizationId, id }: Domain) =>
    world.deps.storage.domains.find(organizationId, id);
  const forget = (domain: Domain) => world.txt.delete(challengeRecord(domain).name);
  const later = async (ms: number) => {
    world.time.now += ms;
    return recheckDomains(world.deps);
  };

  test('is due after six hours, and again six hours later', async () => {
    const { id } = await newOrganization(world);
    await provedByDns(id);
    await proveDomain(world, id, 'vouched.example');
    expect(await later(CHECK_EVERY_MS - 1)).toBe(0);
    expect(await later(1)).toBe(1);
    expect(await later(CHECK_EVERY_MS - 1)).toBe(0);
    expect(await later(1)).toBe(1);
  });

  test('S153 a lapse freezes routing and joining, not access; the owners hear of it twice', async () => {
    const { id } = await newOrganization(world);
    const { email } = await newMember(world, id, { role: 'owner' });
    const domain = await provedByDns(id);
    const connection = await newConnection(world, id, { jit: true });
    const ada = anUpstream(connection, { subject: 'ada', email: 'ada@company.example' });
    await signIn(world, connection, ada);
    forget(domain);
    await later(CHECK_EVERY_MS);
    expect(await stored(domain)).toMatchObject({ status: 'verified', missingSince: world.time.now });
    expect(await isProvedAddress(world.deps.storage, id, 'x@company.example')).toBe(true);
    await later(LAPSE_AFTER_MS);
    expect(await stored(domain)).toMatchObject({ status: 'lapsed' });
    expect(await isProvedAddress(world.deps.storage, id, 'x@company.example')).toBe(false);
    expect(await findSignInRoute(world.deps, { email: 'x@company.example' })).toEqual({ kind: 'password' });
    const bob = anUpstream(connection, { subject: 'bob', email: 'bob@company.example' });
    expect(await refusalOf(signIn(world, connection, bob))).toBe('sign_in_refused identity.unknown');
    expect(await refusalOf(signIn(world, connection, ada))).toBe('done');
    const { audit, mails } = await told(id);
    expect(audit).toEqual(['domain.created', 'domain.verified', 'domain.missing', 'domain.lapsed']);
    expect(mails.map(({ to, subject }) => [to, subject])).toEqual([
      [email, 'The DNS record of company.example is missing'],
      [email, 'company.example is no longer proved'],
    ]);
  });

  test('the record back in time changes nothing; back after the lapse proves the domain again', async () => {
    const { id } = await newOrganization(world);
    const domain = await provedByDns(id);
    const record = challengeRecord(domain);
    forget(domain);
    await later(CHECK_EVERY_MS);
    world.txt.set(record.name, [record.value]);
    await later(CHECK_EVERY_MS);
    expect(await stored(domain)).toMatchObject({ status: 'verified', missingSince: null });
    forget(domain);
    await later(CHECK_EVERY_MS);
    await later(LAPSE_AFTER_MS);
    expect(await stored(domain)).toMatchObject({ status: 'lapsed' });
    world.txt.set(record.name, [record.value]);
    await later(CHECK_EVERY_MS);
    expect(await stored(domain)).toMatchObject({
      status: 'verified',
      missingSince: null,
      verifiedAt: world.time.now,
    });
  });

  test('S153 looks that nobody answers never make a domain lapse, and tell the owners nothing', async () => {
    const { id } = await newOrganization(world);
    await newMember(world, id, { role: 'owner' });
    const domain = await provedByDns(id);
    const { name } = challengeRecord(domain);
    world.txt.set(name, undefined);
    // An error on Friday, and the next before the network is up on Monday.
    await later(CHECK_EVERY_MS);
    await later(LAPSE_AFTER_MS);
    expect(await stored(domain)).toMatchObject({ status: 'verified', missingSince: null });
    expect((await told(id)).mails).toEqual([]);
    forget(domain);
    await later(CHECK_EVERY_MS);
    world.txt.set(name, undefined);
    await later(LAPSE_AFTER_MS);
    expect(await stored(domain)).toMatchObject({ status: 'verified' });
    forget(domain);
    await later(CHECK_EVERY_MS);
    expect(await stored(domain)).toMatchObject({ status: 'lapsed' });
  });

  test('S153 S154 a lapsed domain can be proved by another; the first one cannot take it back, and is still looked at', async () => {
    const [{ id: first }, { id: second }] = [await newOrganization(world), await newOrganization(world)];
    const before = await provedByDns(first);
    const record = challengeRecord(before);
    forget(before);
    await later(CHECK_EVERY_MS);
    await later(LAPSE_AFTER_MS);
    const after = await provedByDns(second);
    world.txt.set(record.name, [record.value, challengeRecord(after).value]);
    expect(await later(CHECK_EVERY_MS)).toBe(2);
    expect(await stored(before)).toMatchObject({ status: 'lapsed', checkedAt: world.time.now });
    expect(await stored(after)).toMatchObject({ status: 'verified' });
    const again = { organizationId: first, cause: OPERATOR, id: before.id };
    expect(await refusalOf(verifyDomain(world.deps, again))).toMatch(/^already_exists/);
  });

  async function told(id: OrganizationId) {
    const rows = await world.deps.storage.auditEvents.list(id, {}, { limit: 500 });
    await deliverDueMails(world.deps);
    return {
      audit: rows
        .map(({ type }) => type)
        .filter((type) => type.startsWith('domain.'))
        .reverse(),
      mails: world.sent,
    };
  }
});
