/** Where a sign-in begins: a table of what leads where, and that nothing of it depends on a person. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { tieDomain } from '../../../src/core/connections/domains.ts';
import type { Connection } from '../../../src/core/entities/connection.ts';
import type { RoutingFacts } from '../../../src/core/sign-in/sign-in-routing.ts';
import { findSignInRoute, routeSignIn } from '../../../src/core/sign-in/sign-in-routing.ts';
import { aConnection, anOrganization, nextText } from '../../support/builders.ts';
import { newConnection, newMember, newOrganization, proveDomain } from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';

const organization = anOrganization();
const connection = (name: string, status: Connection['status'] = 'active') =>
  aConnection(organization.id, { name, status });
const [one, two] = [connection('one'), connection('two')];
const [draft, disabled] = [connection('draft', 'draft'), connection('disabled', 'disabled')];
const tiedTo = ({ id }: Connection) => ({ connectionId: id });
const anyOf = { connectionId: null };

/** The same storage, and which of its questions were asked, in order. */
function countingStorage(storage: CoreWorld['deps']['storage']) {
  const calls: string[] = [];
  const counted = new Proxy(storage, {
    get: (target, name) => {
      const repository: unknown = Reflect.get(target, name);
      if (typeof repository !== 'object' || repository === null) return repository;
      return new Proxy(repository, {
        get: (inner, method) => {
          const found: unknown = Reflect.get(inner, method);
          if (typeof found === 'function') calls.push(`${String(name)}.${String(method)}`);
          return found;
        },
      });
    },
  });
  return { storage: counted, calls };
}

describe('the route', () => {
  const rows: [title: string, facts: Partial<RoutingFacts>, route: string][] = [
    ['nothing known', { organization: undefined }, 'password'],
    ['no connection', {}, 'password'],
    ['only a draft and a disabled one', { connections: [draft, disabled] }, 'password'],
    ['one active', { connections: [draft, one, disabled] }, 'start one'],
    ['two active', { connections: [one, two] }, 'choose one,two'],
    ['two active, the domain tied to one', { connections: [one, two], domain: tiedTo(two) }, 'start two'],
    ['two active, the domain tied to none', { connections: [one, two], domain: anyOf }, 'choose one,two'],
    [
      'the domain tied to a draft',
      { connections: [one, two, draft], domain: tiedTo(draft) },
      'choose one,two',
    ],
    [
      'the domain tied to a disabled one',
      { connections: [one, disabled], domain: tiedTo(disabled) },
      'start one',
    ],
    ['one named beats the tie', { connections: [one, two], named: one, domain: tiedTo(two) }, 'start one'],
    [
      'a named draft is left to the start, which refuses',
      { connections: [one, draft], named: draft },
      'start draft',
    ],
    ['one named that is unknown', { connections: [one], named: 'unknown' }, 'unknown_connection'],
  ];
  test.each(rows)('%s: %#', (_title, facts, expected) => {
    const route = routeSignIn({
      organization,
      named: undefined,
      connections: [],
      domain: undefined,
      ...facts,
    });
    const spelled =
      route.kind === 'start'
        ? `start ${route.connection.name}`
        : route.kind === 'choose'
          ? `choose ${route.connections.map(({ name }) => name).join(',')}`
          : route.kind;
    expect(spelled).toBe(expected);
  });
});

describe('from hints', () => {
  let world: CoreWorld;
  beforeAll(async () => {
    world = await openCoreWorld();
  });
  afterAll(() => world.close());

  async function company() {
    const { id, slug } = await newOrganization(world);
    const domain = `${nextText('company')}.example`;
    await proveDomain(world, id, domain);
    return { id, slug, domain, connection: await newConnection(world, id) };
  }
  const routeOf = async (hints: Parameters<typeof findSignInRoute>[1]) => {
    const route = await findSignInRoute(world.deps, hints);
    return route.kind === 'start' ? `start ${route.connection.id}` : route.kind;
  };

  test('organization, connection, address and domain lead to the same identity provider', async () => {
    const { id, slug, domain, connection } = await company();
    const expected = `start ${connection.id}`;
    for (const hints of [
      { organization: id },
      { organization: slug },
      { connection: connection.id },
      { organization: slug, connection: connection.id },
      { email: `ada@${domain}` },
      { email: `ADA@${domain.toUpperCase()}` },
      { domain },
      { domain: ` ${domain.toUpperCase()} ` },
      { organization: slug, email: 'ada@elsewhere.example' },
    ])
      expect(await routeOf(hints)).toBe(expected);
  });

  test('the organization that is named beats the domain of the address', async () => {
    const [here, there] = [await company(), await company()];
    expect(await routeOf({ organization: here.slug, email: `ada@${there.domain}` })).toBe(
      `start ${here.connection.id}`,
    );
  });

  test('S149 a domain that is only claimed, a parent and a child of a proved one lead nowhere', async () => {
    const { domain } = await company();
    for (const other of [`sub.${domain}`, 'example', `not-${domain}`])
      expect(await routeOf({ email: `ada@${other}` })).toBe('password');
  });

  test("another organization's connection is unknown, like one that does not exist (law 1)", async () => {
    const [here, there] = [await company(), await company()];
    const unknown = { organization: here.slug, connection: there.connection.id };
    expect(await routeOf(unknown)).toBe('unknown_connection');
    expect(await routeOf({ connection: 'con_00000000000000000000000000' })).toBe('unknown_connection');
    expect(await routeOf({ connection: 'nonsense' })).toBe('unknown_connection');
  });

  test('S155 the answer for a member, somebody suspended and nobody is the same', async () => {
    const { id, domain } = await company();
    await newMember(world, id, { email: `active@${domain}`, password: 'a sentence nobody guesses' });
    await newMember(world, id, { email: `gone@${domain}`, status: 'suspended' });
    const routes = await Promise.all(
      ['active', 'gone', 'nobody'].map((name) => findSignInRoute(world.deps, { email: `${name}@${domain}` })),
    );
    expect(routes[1]).toEqual(routes[0]);
    expect(routes[2]).toEqual(routes[0]);
  });

  test('S155 the same is asked of the store for a member, somebody suspended, nobody and an unknown domain of a company', async () => {
    const { id, domain } = await company();
    await newMember(world, id, { email: `active@${domain}`, password: 'a sentence nobody guesses' });
    await newMember(world, id, { email: `gone@${domain}`, status: 'suspended' });
    const asked = async (email: string) => {
      const { storage, calls } = countingStorage(world.deps.storage);
      await findSignInRoute({ storage }, { email });
      return calls;
    };
    const member = await asked(`active@${domain}`);
    expect(member.length).toBeGreaterThan(1);
    expect(await asked(`gone@${domain}`)).toEqual(member);
    expect(await asked(`nobody@${domain}`)).toEqual(member);
    // People are never asked about: what is done depends on the domain alone.
    expect(member.filter((call) => /^(?:users|memberships|identities|directoryUsers)/.test(call))).toEqual(
      [],
    );
    const [known, other] = [await asked('ada@unknown.example'), await asked('gone@unknown.example')];
    expect(other).toEqual(known);
  });

  test('several domains, each tied to a connection of its own; a third domain gets the choice', async () => {
    const first = await company();
    const second = await newConnection(world, first.id);
    const names = [first.domain, `${nextText('second')}.example`, `${nextText('third')}.example`] as const;
    for (const name of names.slice(1)) await proveDomain(world, first.id, name);
    const domains = await world.deps.storage.domains.list(first.id);
    for (const [index, { id: connectionId }] of [first.connection, second].entries()) {
      const domain = domains.find((each) => each.domain === names[index]);
      if (domain === undefined) throw new Error('no domain');
      await tieDomain(world.deps, { organizationId: first.id, cause: OPERATOR, id: domain.id, connectionId });
    }
    expect(await routeOf({ email: `a@${names[0]}` })).toBe(`start ${first.connection.id}`);
    expect(await routeOf({ email: `a@${names[1]}` })).toBe(`start ${second.id}`);
    expect(await routeOf({ email: `a@${names[2]}` })).toBe('choose');
  });
});
