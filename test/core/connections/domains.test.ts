/** Domains: which texts name one, how one is proved, and that it has one owner. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { verifyDomain } from '../../../src/core/connections/domain-checks.ts';
import { canonicalDomain, domainOf } from '../../../src/core/connections/domain-names.ts';
import {
  addDomain,
  challengeRecord,
  isProvedAddress,
  removeDomain,
} from '../../../src/core/connections/domains.ts';
import type { Domain } from '../../../src/core/entities/domain.ts';
import type { OrganizationId } from '../../../src/kernel/ids.ts';
import { nextText } from '../../support/builders.ts';
import { newOrganization, proveDomain } from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { refusalOf } from '../../support/refusals.ts';

let world: CoreWorld;
let racing: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld();
  racing = await openCoreWorld({ runsTwice: false });
});
afterAll(() => Promise.all([world.close(), racing.close()]));

describe("S153 what is a company's own domain", () => {
  const good: [text: string, domain: string][] = [
    ['example.com', 'example.com'],
    [' Example.COM ', 'example.com'],
    ['sub.example.com', 'sub.example.com'],
    ['BÜCHER.de', 'xn--bcher-kva.de'],
    ['xn--bcher-kva.de', 'xn--bcher-kva.de'],
    ['ｅｘａｍｐｌｅ.com', 'example.com'],
    ['example.co.uk', 'example.co.uk'],
    ['4you.example', '4you.example'],
  ];
  test.each(good)('%j is %s', (text, domain) => {
    expect(canonicalDomain(text)).toBe(domain);
    expect(canonicalDomain(domain)).toBe(domain);
  });

  test('a homograph is another domain', () => {
    expect(canonicalDomain('аpple.com')).toBe('xn--pple-43d.com');
  });

  const bad = [
    ...[
      'xn--a.com',
      'xn--0.example.com',
      'xn--999999999999.com',
      'xn--a-ecp.ru',
      '',
      ' ',
      '.',
      'localhost',
      'com',
      '.com',
      'example.',
      'example.com.',
      'example..com',
      '*.example.com',
    ],
    ...['-a.com', 'a-.com', 'a_b.com', 'a b.com', '1.2.3.4', '0x7f.1', '[::1]', '2130706433'],
    ...[
      'example.com/evil',
      'example.com?x',
      'example.com#x',
      'example.com:443',
      'example.com\\x',
      'ex%61mple.com',
    ],
    ...['a@example.com', 'https://example.com', 'example.com\n', 'exam\tple.com', 'example.com\u0000'].map(
      (text) => `${text}x`,
    ),
    ...[
      'gmail.com',
      'Outlook.COM',
      'co.uk',
      'or.jp',
      'github.io',
      'GMX.at',
      'mailinator.com',
      'com.au',
      'ac.jp',
      `${'a'.repeat(64)}.com`,
      `${'a.'.repeat(130)}com`,
    ],
  ];
  test.each(bad)('%j is none', (text) => {
    expect(() => canonicalDomain(text)).toThrow(
      expect.objectContaining({ code: 'invalid', field: 'domain' }),
    );
  });
});

describe('the domain of an address', () => {
  const rows: [address: string, domain: string][] = [
    ['a@example.com', 'example.com'],
    ['A@EXAMPLE.com', 'example.com'],
    ['"a@b"@example.com', ''],
    ['a@proved.example@evil.example', ''],
    ['a@bücher.de', 'xn--bcher-kva.de'],
    ['@example.com', ''],
    ['example.com', ''],
    ['a@', ''],
    ['a@example.com/evil', ''],
    ['a@ex%61mple.com', ''],
    ['a@example.com#x', ''],
    ['a@exa mple.com', ''],
    ['a@example.com:25', ''],
    ['a@[127.0.0.1]', ''],
  ];
  test.each(rows)('%j: %j', (address, domain) => {
    expect(domainOf(address)).toBe(domain);
  });
});

const claim = (organizationId: OrganizationId, domain: string, within = world) =>
  addDomain(within.deps, { organizationId, cause: OPERATOR, domain, vouched: false });
const verify = ({ organizationId, id }: Domain, within = world) =>
  verifyDomain(within.deps, { organizationId, cause: OPERATOR, id });
const publish = (domain: Domain, within = world) => {
  const { name, value } = challengeRecord(domain);
  within.txt.set(name, [...(within.txt.get(name) ?? []), value]);
};

describe('proving a domain', () => {
  const records: [title: string, values: (value: string) => string[], status: string][] = [
    ['no record', () => [], 'pending'],
    ['other records', () => ['v=spf1 -all', 'gatehouse-domain-verification=x'], 'pending'],
    ['the record among others', (value) => ['v=spf1 -all', value], 'verified'],
    ['the record with something behind it', (value) => [`${value}x`], 'pending'],
    ['the record in another case', (value) => [value.toUpperCase()], 'pending'],
  ];
  test.each(records)('S149 %s: %s', async (_title, values, status) => {
    const { id } = await newOrganization(world);
    const name = `${nextText('corp')}.example`;
    const domain = await claim(id, name);
    const record = challengeRecord(domain);
    expect(record).toMatchObject({ type: 'TXT', name: `_gatehouse-challenge.${name}` });
    world.txt.set(record.name, values(record.value));
    expect((await verify(domain)).status).toBe(status);
    expect(await isProvedAddress(world.deps.storage, id, `a@${name}`)).toBe(status === 'verified');
  });

  test('S153 each organization has a random value of its own for one domain', async () => {
    const name = `${nextText('corp')}.example`;
    const [one, two] = [
      await claim((await newOrganization(world)).id, name),
      await claim((await newOrganization(world)).id, name),
    ];
    expect(one.challenge).toMatch(/^[0-9a-f]{40}$/);
    expect(one.challenge).not.toBe(two.challenge);
    publish(one);
    expect((await verify(two)).status).toBe('pending');
    expect((await verify(one)).status).toBe('verified');
  });

  test('S154 twenty organizations verify one domain in parallel: one winner, the others already_exists', async () => {
    const name = `${nextText('corp')}.example`;
    const claims = await Promise.all(
      Array.from({ length: 20 }, async () => claim((await newOrganization(racing)).id, name, racing)),
    );
    for (const domain of claims) publish(domain, racing);
    const results = await Promise.all(claims.map((domain) => refusalOf(verify(domain, racing))));
    expect(results.filter((result) => result === 'done')).toHaveLength(1);
    expect(results.filter((result) => result === 'already_exists')).toHaveLength(19);
    const winner = await racing.deps.storage.domains.findVerified(name);
    expect(winner?.organizationId).toBe(claims[results.indexOf('done')]?.organizationId);
  });

  test('verifying again leaves it proved, also right after the record has gone', async () => {
    const domain = await claim((await newOrganization(world)).id, `${nextText('corp')}.example`);
    publish(domain);
    const verified = await verify(domain);
    world.txt.clear();
    const { status, proof, verifiedAt } = verified;
    expect(await verify(domain)).toMatchObject({ status, proof, verifiedAt });
  });

  test('the operator vouches at once, but not against another owner', async () => {
    const [{ id }, other] = [await newOrganization(world), await newOrganization(world)];
    const name = `${nextText('corp')}.example`;
    expect(await proveDomain(world, id, name)).toMatchObject({
      status: 'verified',
      verifiedAt: world.time.now,
    });
    expect(await refusalOf(proveDomain(world, other.id, name))).toBe('already_exists');
    expect(await refusalOf(claim(id, name.toUpperCase()))).toBe('already_exists');
  });

  test('S153 proving a parent proves no subdomain, and the other way round', async () => {
    const [parent, child] = [await newOrganization(world), await newOrganization(world)];
    const name = `${nextText('corp')}.example`;
    await proveDomain(world, parent.id, name);
    await proveDomain(world, child.id, `sub.${name}`);
    const proved = (id: OrganizationId, address: string) => isProvedAddress(world.deps.storage, id, address);
    expect([await proved(parent.id, `a@${name}`), await proved(parent.id, `a@sub.${name}`)]).toEqual([
      true,
      false,
    ]);
    expect([await proved(child.id, `a@${name}`), await proved(child.id, `a@sub.${name}`)]).toEqual([
      false,
      true,
    ]);
  });

  test("a domain given up is free for somebody else, and another organization's is unknown", async () => {
    const [{ id }, other] = [await newOrganization(world), await newOrganization(world)];
    const name = `${nextText('corp')}.example`;
    const domain = await proveDomain(world, id, name);
    expect(
      await refusalOf(removeDomain(world.deps, { organizationId: other.id, cause: OPERATOR, id: domain.id })),
    ).toBe('not_found');
    expect(await refusalOf(verify({ ...domain, organizationId: other.id }))).toBe('not_found');
    await removeDomain(world.deps, { organizationId: id, cause: OPERATOR, id: domain.id });
    expect(await refusalOf(proveDomain(world, other.id, name))).toBe('done');
  });
});
