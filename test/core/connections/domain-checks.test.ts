/** The proof of a domain over time: looked for again, a lapse after days, and what a lapse takes away. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  CHECK_EVERY_MS,
  judgeRecord,
  LAPSE_AFTER_MS,
  LAPSE_UNANSWERED_MS,
  type Look,
  recheckDomains,
  recordProblem,
  verifyDomain,
} from '../../../src/core/connections/domain-checks.ts';
import { addDomain, challengeRecord, isProvedAddress } from '../../../src/core/connections/domains.ts';
import type { Domain } from '../../../src/core/entities/domain.ts';
import { findSignInRoute } from '../../../src/core/sign-in/sign-in-routing.ts';
import { deliverDueMails } from '../../../src/jobs/deliver-mails.ts';
import { days, hours } from '../../../src/kernel/clock.ts';
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

type Row = [title: string, before: Partial<Domain>, look: Look, after: Partial<Domain>, event?: string];

const NOW = BUILT_AT + LAPSE_AFTER_MS;
const SILENT = { status: 'verified', proof: 'dns', checkedAt: NOW - CHECK_EVERY_MS } as const;
const TOLD_MS = days(3);
const AGAIN_MS = days(23);

/** Looks that nobody answers, each six hours after the one before unless the row says otherwise. */
const SILENCE: readonly Row[] = [
  [
    'the first',
    SILENT,
    'unanswered',
    { status: 'verified', missingSince: null, unansweredMs: CHECK_EVERY_MS },
  ],
  [
    'an hour after another',
    { ...SILENT, checkedAt: NOW - hours(1) },
    'unanswered',
    { unansweredMs: hours(1) },
  ],
  [
    'after a gateway that stood still for a year',
    { ...SILENT, checkedAt: NOW - days(365) },
    'unanswered',
    { status: 'verified', unansweredMs: CHECK_EVERY_MS },
  ],
  ['before a clock set back', { ...SILENT, checkedAt: NOW + 1 }, 'unanswered', { unansweredMs: 0 }],
  [
    'just short of three days',
    { ...SILENT, unansweredMs: TOLD_MS - CHECK_EVERY_MS - 1 },
    'unanswered',
    { unansweredMs: TOLD_MS - 1 },
  ],
  [
    'three days',
    { ...SILENT, unansweredMs: TOLD_MS - CHECK_EVERY_MS },
    'unanswered',
    { status: 'verified', unansweredMs: TOLD_MS },
    'domain.unanswered',
  ],
  ['told of before', { ...SILENT, unansweredMs: TOLD_MS }, 'unanswered', { status: 'verified' }],
  [
    'a week before the end',
    { ...SILENT, unansweredMs: AGAIN_MS - 1 },
    'unanswered',
    { status: 'verified' },
    'domain.unanswered',
  ],
  [
    'just short of the end',
    { ...SILENT, unansweredMs: LAPSE_UNANSWERED_MS - CHECK_EVERY_MS - 1 },
    'unanswered',
    { status: 'verified' },
  ],
  [
    'the end',
    { ...SILENT, unansweredMs: LAPSE_UNANSWERED_MS - CHECK_EVERY_MS },
    'unanswered',
    { status: 'lapsed', unansweredMs: LAPSE_UNANSWERED_MS },
    'domain.lapsed',
  ],
  [
    'lapsed long ago',
    { ...SILENT, status: 'lapsed', unansweredMs: TOLD_MS - 1 },
    'unanswered',
    { status: 'lapsed' },
  ],
  [
    'long after a record that was missing',
    { ...SILENT, missingSince: BUILT_AT },
    'unanswered',
    { status: 'verified', missingSince: BUILT_AT, unansweredMs: CHECK_EVERY_MS },
  ],
  [
    'cut off',
    { ...SILENT, unansweredMs: LAPSE_UNANSWERED_MS - 1 },
    'cut_off',
    { status: 'verified', unansweredMs: LAPSE_UNANSWERED_MS - 1 },
  ],
  ['answered again', { ...SILENT, unansweredMs: AGAIN_MS }, 'there', { status: 'verified', unansweredMs: 0 }],
  [
    'answered with nothing',
    { ...SILENT, unansweredMs: AGAIN_MS },
    'not_there',
    { status: 'verified', missingSince: NOW, unansweredMs: 0 },
    'domain.missing',
  ],
  [
    'lapsed by silence, then answered with nothing',
    { ...SILENT, status: 'lapsed', unansweredMs: LAPSE_UNANSWERED_MS },
    'not_there',
    { status: 'lapsed', missingSince: NOW, unansweredMs: 0 },
  ],
  ['of a pending domain', { checkedAt: BUILT_AT }, 'unanswered', { status: 'pending', unansweredMs: 0 }],
  [
    'of one vouched for',
    { ...SILENT, proof: 'operator', checkedAt: null },
    'unanswered',
    { status: 'verified', unansweredMs: 0 },
  ],
];

describe('S153 what a look at the record means', () => {
  const organizationId = nextId('org');
  const now = NOW;
  const proved = { status: 'verified', proof: 'dns', verifiedAt: BUILT_AT } as const;
  const rows: Row[] = [
    ['pending, there', {}, 'there', { ...proved, verifiedAt: now }, 'domain.verified'],
    ['pending, missing', {}, 'not_there', { status: 'pending', missingSince: null }],
    ['proved, there', proved, 'there', { ...proved, missingSince: null }],
    [
      'proved, missing for the first time',
      proved,
      'not_there',
      { ...proved, missingSince: now },
      'domain.missing',
    ],
    [
      'proved, missing just too short',
      { ...proved, missingSince: BUILT_AT + 1 },
      'not_there',
      { ...proved, missingSince: BUILT_AT + 1 },
    ],
    [
      'proved, missing long enough',
      { ...proved, missingSince: BUILT_AT },
      'not_there',
      { ...proved, status: 'lapsed', missingSince: BUILT_AT },
      'domain.lapsed',
    ],
    ['proved, back again', { ...proved, missingSince: BUILT_AT }, 'there', { ...proved, missingSince: null }],
    [
      'lapsed, still missing',
      { ...proved, status: 'lapsed', missingSince: BUILT_AT },
      'not_there',
      { status: 'lapsed', missingSince: BUILT_AT },
    ],
    [
      'lapsed, back again',
      { ...proved, status: 'lapsed', missingSince: BUILT_AT },
      'there',
      { ...proved, verifiedAt: now, missingSince: null },
      'domain.verified',
    ],
    [
      'vouched for, missing',
      { ...proved, proof: 'operator' },
      'not_there',
      { ...proved, proof: 'operator', missingSince: null },
    ],
    ...SILENCE,
  ];
  test.each(rows.map((row) => ({ row })))('$row.0', ({ row: [, before, look, after, event] }) => {
    const finding = judgeRecord(aDomain(organizationId, before), look, now);
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

  /** As if nobody had answered looks at it for so long. */
  async function leaveSilent(domain: Domain, unansweredMs: number): Promise<void> {
    const row = await stored(domain);
    if (row === undefined) throw new Error('no domain');
    world.time.now += unansweredMs - row.unansweredMs;
    const next = { ...row, unansweredMs, checkedAt: world.time.now };
    await world.deps.storage.transact((tx) => tx.domains.update(row.organizationId, next, row.version));
  }

  test('S153 looks that nobody answers are told after three days and after 23, and end the proof after thirty', async () => {
    const { id } = await newOrganization(world);
    const { email } = await newMember(world, id, { role: 'owner' });
    const domain = await provedByDns(id);
    const { name, value } = challengeRecord(domain);
    world.txt.set(name, undefined);
    const begun = world.time.now;
    await leaveSilent(domain, days(3) - 2 * CHECK_EVERY_MS);
    await later(CHECK_EVERY_MS);
    expect((await told(id)).mails).toEqual([]);
    await later(CHECK_EVERY_MS);
    await leaveSilent(domain, days(23) - CHECK_EVERY_MS);
    await later(CHECK_EVERY_MS);
    await leaveSilent(domain, days(30) - 2 * CHECK_EVERY_MS);
    await later(CHECK_EVERY_MS);
    expect(await stored(domain)).toMatchObject({ status: 'verified', missingSince: null });
    await later(CHECK_EVERY_MS);
    expect(await stored(domain)).toMatchObject({ status: 'lapsed', missingSince: null });
    expect(await isProvedAddress(world.deps.storage, id, 'x@company.example')).toBe(false);
    await later(CHECK_EVERY_MS);
    const { audit, mails, details } = await told(id);
    expect(audit).toEqual([
      ...['domain.created', 'domain.verified', 'domain.unanswered', 'domain.unanswered', 'domain.lapsed'],
    ]);
    const lapsesAt = begun + LAPSE_UNANSWERED_MS;
    expect(details.slice(2)).toEqual([
      { domain: 'company.example', unansweredSince: begun, lapsesAt },
      { domain: 'company.example', unansweredSince: begun, lapsesAt },
      { domain: 'company.example', unansweredSince: begun, missingSince: null },
    ]);
    expect(mails.map(({ to, subject }) => [to, subject])).toEqual([
      [email, 'The name servers of company.example do not answer'],
      [email, 'The name servers of company.example do not answer'],
      [email, 'company.example is no longer proved'],
    ]);
    expect(mails[0]?.text).toContain(`Unless it is found by ${new Date(lapsesAt).toUTCString()}`);
    world.txt.set(name, [value]);
    await later(CHECK_EVERY_MS);
    expect(await stored(domain)).toMatchObject({ status: 'verified', unansweredMs: 0 });
  });

  test('S153 a gateway that nobody answers at all, or that stood still, takes no proof away', async () => {
    const { id } = await newOrganization(world);
    await newMember(world, id, { role: 'owner' });
    const domain = await provedByDns(id);
    world.txt.set(challengeRecord(domain).name, undefined);
    world.txt.set('example', undefined);
    await later(days(60));
    await later(CHECK_EVERY_MS);
    expect(await stored(domain)).toMatchObject({ status: 'verified', unansweredMs: 0 });
    world.txt.delete('example');
    // An error on Friday, and the next before the network is up on Monday.
    await later(days(60));
    await later(LAPSE_AFTER_MS);
    expect(await stored(domain)).toMatchObject({ status: 'verified', missingSince: null });
    expect((await told(id)).mails).toEqual([]);
  });

  test('S153 whoever asks again and again neither hurries the end of a proof nor puts it off', async () => {
    const { id } = await newOrganization(world);
    const domain = await provedByDns(id);
    world.txt.set(challengeRecord(domain).name, undefined);
    await leaveSilent(domain, LAPSE_UNANSWERED_MS - CHECK_EVERY_MS);
    const askAfter = (ms: number) => {
      world.time.now += ms;
      return verifyDomain(world.deps, { organizationId: id, cause: OPERATOR, id: domain.id });
    };
    for (const ms of [0, 0, hours(5), hours(1) - 1])
      expect(await askAfter(ms)).toMatchObject({ status: 'verified' });
    expect(await askAfter(1)).toMatchObject({ status: 'lapsed', problem: { code: 'lookup_failed' } });
  });

  test('S153 looks that nobody answers neither hurry the lapse of a missing record nor count as one', async () => {
    const { id } = await newOrganization(world);
    const domain = await provedByDns(id);
    const { name } = challengeRecord(domain);
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
      details: rows
        .filter(({ type }) => type.startsWith('domain.'))
        .map(({ details }) => details)
        .reverse(),
      mails: world.sent,
    };
  }
});
