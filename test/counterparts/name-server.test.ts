/** Domains proved by TXT records of a real name server, asked by the gateway's own resolver. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { textAt } from '../../scripts/simulate/answers.ts';
import { recheckDomains } from '../../src/core/connections/domain-checks.ts';
import { days, hours } from '../../src/kernel/clock.ts';
import { type ApiWorld, startApiWorld } from '../http/api/api-world.ts';
import { BROKEN_ZONE, type NameServer, startNameServer } from './nsd.ts';
import { startPlace } from './place.ts';

let dns: NameServer;
let world: ApiWorld;
beforeAll(async () => {
  dns = await startNameServer();
  world = await startApiWorld({ dnsServers: [dns.address] });
});
afterAll(async () => {
  await world?.close();
  await dns?.close();
});

interface Claimed {
  /** The name below the zone, as a zone file has it. */
  readonly label: string;
  readonly value: string;
  verify(): Promise<unknown>;
  read(): Promise<unknown>;
  events(): Promise<readonly string[]>;
}

async function claim(domain: string, at: ApiWorld = world): Promise<Claimed> {
  const { id: organization } = await at.newOrganization();
  const base = `/organizations/${organization}`;
  const { body } = await at.send(at.operator, `post ${base}/domains`, { domain });
  const one = `${base}/domains/${body.id}`;
  return {
    label: body.record.name.replace(/\.example$/, ''),
    value: body.record.value,
    verify: async () => (await at.send(at.operator, `post ${one}/verify`)).body,
    read: async () => (await at.send(at.operator, `get ${one}`)).body,
    events: async () => {
      const { items } = (await at.send(at.operator, `get ${base}/audit-events`)).body;
      const types: readonly string[] = items.map(({ type }: { readonly type: string }) => type);
      return types.filter((type) => /^domain\.(verified|missing|unanswered|lapsed)$/.test(type)).toReversed();
    },
  };
}

/** What a DNAME makes of a name of forty letters below it is longer than a name may be (RFC 6672 §2.2). */
const TOO_LONG = Array.from({ length: 3 }, () => 'x'.repeat(63)).join('.');

const quoted = (text: string) => `"${text}"`;
const many = Array.from({ length: 60 }, (_, index) => `${index} `.repeat(40));

/** Two strings of one record, as name servers must cut what is longer than 255 bytes (RFC 7208 §3.3 joins them). */
const inTwo = (value: string) => `${quoted(value.slice(0, 9))} ${quoted(value.slice(9))}`;

type Records = (claimed: Pick<Claimed, 'label' | 'value'>) => readonly string[];

describe('a record that proves the domain', () => {
  test.each<readonly [string, Records]>([
    ['alone', ({ label, value }) => [`${label} TXT ${quoted(value)}`]],
    ['in several strings', ({ label, value }) => [`${label} TXT ${inTwo(value)}`]],
    [
      'among sixty others, which only TCP can carry',
      ({ label, value }) => [...many, value].map((text) => `${label} TXT ${quoted(text)}`),
    ],
    [
      'behind a CNAME',
      ({ label, value }) => [`${label} CNAME proof.host`, `proof.host TXT ${quoted(value)}`],
    ],
    ['behind a wildcard', ({ label, value }) => [`*${label.replace(/^[^.]*/, '')} TXT ${quoted(value)}`]],
  ])('%s', async (how, records) => {
    const claimed = await claim(`${how.replace(/\W+/g, '-')}.example`);
    await dns.publish(records(claimed));
    expect(await claimed.verify()).toMatchObject({ status: 'verified', problem: null });
    expect(await claimed.events()).toEqual(['domain.verified']);
  });
});

describe('no record that proves it', () => {
  test.each<readonly [string, Records, string]>([
    ['no such name', () => [], 'record_missing'],
    ['nothing but an address at that name', ({ label }) => [`${label} A 192.0.2.1`], 'record_missing'],
    ['a CNAME that leads nowhere', ({ label }) => [`${label} CNAME nowhere.host`], 'record_missing'],
    ['another value', ({ label }) => [`${label} TXT "v=spf1 -all"`], 'record_differs'],
    [
      'the value in two records, half in each',
      ({ label, value }) =>
        inTwo(value)
          .split(' ')
          .map((half) => `${label} TXT ${half}`),
      'record_differs',
    ],
    [
      'the value at the domain itself',
      ({ label, value }) => [`${label.replace(/^[^.]*\./, '')} TXT ${quoted(value)}`],
      'record_missing',
    ],
  ])('%s', async (what, records, code) => {
    const claimed = await claim(`${what.replace(/\W+/g, '-')}.example`);
    await dns.publish(records(claimed));
    expect(await claimed.verify()).toMatchObject({ status: 'pending', problem: { code } });
    expect(await claimed.events()).toEqual([]);
  });
});

describe('no answer that says anything', () => {
  test.each<readonly [string, string]>([
    ['SERVFAIL', `acme.${BROKEN_ZONE}`],
    ['REFUSED', 'acme.elsewhere.test'],
  ])('%s', async (_what, domain) => {
    const claimed = await claim(domain);
    const problem = { code: 'lookup_failed', detail: expect.stringContaining('did not answer') };
    expect(await claimed.verify()).toMatchObject({ status: 'pending', problem });
  });

  test('YXDOMAIN: a DNAME makes the name too long', async () => {
    await dns.publish([`renamed DNAME ${TOO_LONG}`]);
    const claimed = await claim(`${'y'.repeat(40)}.renamed.example`);
    const problem = { code: 'lookup_failed' };
    expect(await claimed.verify()).toMatchObject({ status: 'pending', problem });
  });

  test('silence, for a few seconds; then the same question is answered', async () => {
    const claimed = await claim('silent.example');
    await dns.publish([`${claimed.label} TXT ${quoted(claimed.value)}`]);
    dns.fallSilent();
    const asked = await claimed.verify().finally(dns.speakAgain);
    expect(asked).toMatchObject({ status: 'pending', problem: { code: 'lookup_failed' } });
    expect(await claimed.verify()).toMatchObject({ status: 'verified' });
  });
});

describe('S153: the next name server is asked after an error', () => {
  test.each([
    ['SERVFAIL', BROKEN_ZONE],
    ['REFUSED', 'elsewhere.test'],
  ])('%s', async (_what, zone) => {
    const second = await startNameServer(zone);
    const both = await startApiWorld({ dnsServers: [dns.address, second.address] });
    try {
      const claimed = await claim(`acme.${zone}`, both);
      expect(await claimed.verify()).toMatchObject({ problem: { code: 'record_missing' } });
      await second.publish([`_gatehouse-challenge.acme TXT ${quoted(claimed.value)}`]);
      expect(await claimed.verify()).toMatchObject({ status: 'verified' });
    } finally {
      await both.close();
      await second.close();
    }
  });
});

test('S153: a proved domain is looked at again every six hours, keeps its rights for three days without its record, then lapses', async () => {
  const claimed = await claim('living.example');
  const proof = [`${claimed.label} TXT ${quoted(claimed.value)}`];
  const recheck = async (ms: number) => {
    world.gateway.clock.advance(ms);
    await recheckDomains(world.gateway.deps);
    return claimed.read();
  };
  await dns.publish(proof);
  await claimed.verify();
  expect(await recheck(hours(6))).toMatchObject({ status: 'verified', missingSince: null });
  // What was answered before is not believed longer than the question: the records of this zone live an hour.
  await dns.publish([]);
  expect(await recheck(hours(6))).toMatchObject({ status: 'verified', missingSince: expect.any(String) });
  await dns.publish(proof);
  expect(await recheck(hours(6))).toMatchObject({ status: 'verified', missingSince: null });
  await dns.publish([]);
  expect(await recheck(hours(6))).toMatchObject({ status: 'verified' });
  expect(await recheck(days(3))).toMatchObject({ status: 'lapsed' });
  await dns.publish(proof);
  expect(await claimed.verify()).toMatchObject({ status: 'verified', problem: null });
  expect(await claimed.events()).toEqual([
    'domain.verified',
    'domain.missing',
    'domain.missing',
    'domain.lapsed',
    'domain.verified',
  ]);
});

test('S153: an error about a domain counts while others are answered, silence about everything does not', async () => {
  const claimed = await claim(`${'y'.repeat(40)}.moved.example`);
  const recheck = async () => {
    world.gateway.clock.advance(hours(6));
    await recheckDomains(world.gateway.deps);
    return claimed.read();
  };
  await dns.publish([`${claimed.label} TXT ${quoted(claimed.value)}`]);
  expect(await claimed.verify()).toMatchObject({ status: 'verified', unansweredSince: null });
  dns.fallSilent();
  const asked = await recheck().finally(dns.speakAgain);
  expect(asked).toMatchObject({ status: 'verified', unansweredSince: null });
  await dns.publish([`moved DNAME ${TOO_LONG}`]);
  for (let looks = 1; looks < 12; looks += 1)
    expect(await recheck()).toMatchObject({ status: 'verified', unansweredSince: expect.any(String) });
  expect(await claimed.events()).toEqual(['domain.verified']);
  expect(await recheck()).toMatchObject({ status: 'verified', missingSince: null });
  expect(await claimed.events()).toEqual(['domain.verified', 'domain.unanswered']);
});

test('the gateway as it is run asks the name servers of GATEHOUSE_DNS_SERVERS, the next one where one does not answer', async () => {
  const place = await startPlace({ dnsServers: `127.0.0.1:9,${dns.address}` });
  try {
    const { operator } = place;
    await operator.create('/organizations', { name: 'Run', slug: 'run' });
    const body = { domain: 'run.example' };
    const made = await operator.expect(201, { method: 'POST', path: '/organizations/run/domains', body });
    const path = `/organizations/run/domains/${textAt(made, 'id')}/verify`;
    expect(await operator.expect(200, { method: 'POST', path })).toMatchObject({
      problem: { code: 'record_missing' },
    });
    const [name, value] = [textAt(made, 'record', 'name'), textAt(made, 'record', 'value')];
    await dns.publish([`${name}. TXT ${quoted(value)}`]);
    expect(await operator.expect(200, { method: 'POST', path })).toMatchObject({ status: 'verified' });
  } finally {
    await place.close();
  }
});
