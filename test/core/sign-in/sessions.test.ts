/** Sessions and passwords: who is signed in at which millisecond, and how signing in fails alike for everybody. */
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Deps } from '../../../src/core/deps.ts';
import type { Membership } from '../../../src/core/entities/people.ts';
import { changeMember, removeMember } from '../../../src/core/members/members.ts';
import { insertMembership } from '../../../src/core/members/memberships.ts';
import { getOrganization } from '../../../src/core/organization/organization-lookup.ts';
import { removeOrganization } from '../../../src/core/organization/organizations.ts';
import { switchOrganization } from '../../../src/core/sign-in/organization-switch.ts';
import { ABSOLUTE_LIMIT_MS, IDLE_LIMIT_MS } from '../../../src/core/sign-in/session-life.ts';
import {
  endSession,
  findSignedIn,
  noteSessionUse,
  startSession,
} from '../../../src/core/sign-in/sessions.ts';
import { GatehouseError } from '../../../src/kernel/errors.ts';
import type { OrganizationId } from '../../../src/kernel/ids.ts';
import { nextText } from '../../support/builders.ts';
import { newDirectory, newMember, newOrganization, PASSWORD, pushUser } from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { tablesThatKnow } from '../../support/journal-rows.ts';
import { enterByPassword } from '../../support/passwords.ts';
import { refusalOf } from '../../support/refusals.ts';

const worlds: CoreWorld[] = [];
let world: CoreWorld;
let id: OrganizationId;
let email: string;
let member: Membership;
beforeEach(async () => {
  world = await openCoreWorld();
  worlds.push(world);
  id = (await newOrganization(world)).id;
  email = `${nextText('ada')}@x.example`;
  member = await newMember(world, id, { email, password: PASSWORD });
});
afterAll(() => Promise.all(worlds.map((one) => one.close())));

const signIn = (wishes: { email?: string; password?: string } = {}) =>
  enterByPassword(world.deps, { email, password: PASSWORD, cause: OPERATOR, ...wishes });
const isSignedIn = async (token: string) => (await findSignedIn(world.deps, token)) !== undefined;
/** What a request that is let in does; undefined when nobody is signed in. */
async function use(token: string) {
  const found = await findSignedIn(world.deps, token);
  if (found !== undefined) await noteSessionUse(world.deps, found);
  return found;
}
/** In the store alone: nothing that the change itself would end has ended. */
const requireSingleSignOn = () =>
  world.deps.storage.transact(async (tx) => {
    const organization = await getOrganization(tx, id);
    await tx.organizations.update(id, { ...organization, ssoPolicy: 'required' }, organization.version);
  });
const asOperator = () => ({
  organizationId: id,
  id: member.id,
  cause: OPERATOR,
  caller: { kind: 'operator' } as const,
});

describe('how long a session lives', () => {
  const rows: [title: string, uses: number[], isAlive: boolean][] = [
    ['S185 one millisecond before the idle limit', [IDLE_LIMIT_MS - 1], true],
    ['S185 at the idle limit', [IDLE_LIMIT_MS], false],
    ['S185 each use begins the idle time anew', [IDLE_LIMIT_MS - 1, 2 * IDLE_LIMIT_MS - 2], true],
    [
      'S185 used all the time, one millisecond before the absolute limit',
      [0.3, 0.6, 0.9].map((part) => part * ABSOLUTE_LIMIT_MS).concat(ABSOLUTE_LIMIT_MS - 1),
      true,
    ],
    [
      'S185 used all the time, at the absolute limit',
      [0.3, 0.6, 0.9].map((part) => part * ABSOLUTE_LIMIT_MS).concat(ABSOLUTE_LIMIT_MS),
      false,
    ],
  ];
  test.each(rows)('%s', async (_title, uses, isAlive) => {
    const { sessionToken } = await signIn();
    const start = world.time.now;
    let result = true;
    for (const at of uses) {
      world.time.now = start + at;
      result = (await use(sessionToken)) !== undefined;
    }
    expect(result).toBe(isAlive);
  });

  test('S185 the limits are eight and twenty-four hours', () => {
    expect([IDLE_LIMIT_MS, ABSOLUTE_LIMIT_MS].map((limit) => limit / 3_600_000)).toEqual([8, 24]);
  });

  test('uses within a minute are not written down', async () => {
    const { sessionToken } = await signIn();
    const seen = async () => (await use(sessionToken))?.session.lastSeenAt;
    const start = world.time.now;
    world.time.now = start + 59_999;
    expect([await seen(), await seen()]).toEqual([start, start]);
    world.time.now = start + 60_000;
    await seen();
    expect(await seen()).toBe(start + 60_000);
  });
});

describe('what ends a session', () => {
  const ends: [title: string, end: (token: string) => Promise<unknown>][] = [
    ['S188 signing out', (token) => endSession(world.deps, { token, cause: OPERATOR })],
    [
      'S141 being suspended',
      () => changeMember(world.deps, { ...asOperator(), change: { status: 'suspended' } }),
    ],
    ['S143 being removed', () => removeMember(world.deps, asOperator())],
    [
      'the end of the organization',
      () => removeOrganization(world.deps, { organizationId: id, cause: OPERATOR }),
    ],
  ];
  test.each(ends)('%s', async (_title, end) => {
    const { sessionToken } = await signIn();
    expect(await isSignedIn(sessionToken)).toBe(true);
    await end(sessionToken);
    expect(await isSignedIn(sessionToken)).toBe(false);
  });

  test('S143 being removed from one organization leaves the sessions of the same person in another', async () => {
    // While there is one organization to be signed in to.
    const [here, moving] = [(await signIn()).sessionToken, (await signIn()).sessionToken];
    const there = await newOrganization(world);
    const account = await world.deps.storage.users.find(member.userId);
    if (account === undefined) throw new Error('no account');
    await world.deps.storage.transact((tx) =>
      insertMembership(
        tx,
        { organizationId: there.id, cause: OPERATOR, now: world.time.now },
        {
          ...{ user: account, email, emailKey: email, name: 'Ada', status: 'active' },
          ...{ source: 'manual', defaultRole: 'member' },
        },
      ),
    );
    const signedIn = await findSignedIn(world.deps, moving);
    if (signedIn === undefined) throw new Error('not signed in');
    const request = { signedIn, reference: there.id, cause: OPERATOR };
    const { sessionToken: elsewhere } = await switchOrganization(world.deps, request);
    expect([await isSignedIn(here), await isSignedIn(elsewhere)]).toEqual([true, true]);
    await removeMember(world.deps, asOperator());
    expect([await isSignedIn(here), await isSignedIn(elsewhere)]).toEqual([false, true]);
  });

  test('signing out ends this session only, once, and is told once', async () => {
    const [one, two] = [await signIn(), await signIn()];
    await endSession(world.deps, { token: one.sessionToken, cause: OPERATOR });
    await endSession(world.deps, { token: one.sessionToken, cause: OPERATOR });
    await endSession(world.deps, { token: 'ghs_unknown', cause: OPERATOR });
    expect(await isSignedIn(two.sessionToken)).toBe(true);
    expect(
      await world.deps.storage.auditEvents.list(id, { type: 'session.ended' }, { limit: 9 }),
    ).toHaveLength(1);
  });

  test('S144 a suspended member who is brought back has no session', async () => {
    const { sessionToken } = await signIn();
    await changeMember(world.deps, { ...asOperator(), change: { status: 'suspended' } });
    await changeMember(world.deps, { ...asOperator(), change: { status: 'active' } });
    expect(await isSignedIn(sessionToken)).toBe(false);
  });

  test('S141 a session row that is somehow left lets no suspended member in', async () => {
    const { sessionToken } = await signIn();
    const session = (await findSignedIn(world.deps, sessionToken))?.session;
    await changeMember(world.deps, { ...asOperator(), change: { status: 'suspended' } });
    await world.deps.storage.transact(async (tx) => session && tx.sessions.insert(id, session));
    expect(await isSignedIn(sessionToken)).toBe(false);
  });

  test('S157 a session of a password that is somehow left lets nobody in where single sign-on is required', async () => {
    const { sessionToken } = await signIn();
    await requireSingleSignOn();
    expect(await isSignedIn(sessionToken)).toBe(false);
  });

  test('S157 whatever a way in forgot to ask, no session begins without the single sign-on that is required', async () => {
    await requireSingleSignOn();
    const context = { organizationId: id, cause: OPERATOR, now: world.time.now };
    const authentication = { connectionId: null, amr: ['pwd'] };
    const start = world.deps.storage.transact((tx) =>
      startSession(tx, context, { membership: member, tokenHash: nextText('hash'), authentication }),
    );
    expect(await refusalOf(start)).toBe('sso_required');
  });

  test('S142 no session begins for a member who was suspended after they were read', async () => {
    await changeMember(world.deps, { ...asOperator(), change: { status: 'suspended' } });
    const context = { organizationId: id, cause: OPERATOR, now: world.time.now };
    const authentication = { connectionId: null, amr: ['pwd'] };
    const start = world.deps.storage.transact((tx) =>
      startSession(tx, context, { membership: member, tokenHash: nextText('hash'), authentication }),
    );
    expect(await refusalOf(start)).toBe('version_conflict');
  });

  test.each(['', 'ghs_unknown', 'undefined'])('the cookie value %j is nobody', async (token) => {
    expect(await isSignedIn(token)).toBe(false);
  });

  test('no token is in the store as it is', async () => {
    const { sessionToken } = await signIn();
    expect(tablesThatKnow(world.path, sessionToken)).toEqual({});
  });
});

describe('signing in with a password', () => {
  const failures: [
    title: string,
    prepare: () => Promise<unknown>,
    wishes: () => Parameters<typeof signIn>[0],
  ][] = [
    ['an unknown address', async () => undefined, () => ({ email: 'nobody@x.example' })],
    ['a wrong password', async () => undefined, () => ({ password: `${PASSWORD}.` })],
    ['an empty password', async () => undefined, () => ({ password: '' })],
    [
      'a suspended member',
      () => changeMember(world.deps, { ...asOperator(), change: { status: 'suspended' } }),
      () => ({}),
    ],
    ['somebody who is no member anywhere', () => removeMember(world.deps, asOperator()), () => ({})],
    [
      'somebody without a password',
      () => newMember(world, id, { email: 'sso@x.example' }),
      () => ({ email: 'sso@x.example' }),
    ],
  ];
  test.each(failures)(
    'S177 %s: the same refusal after exactly one verification',
    async (_title, prepare, wishes) => {
      await prepare();
      const tries = world.verified.length;
      const refusal = signIn(wishes());
      await expect(refusal).rejects.toMatchObject({
        code: 'unauthenticated',
        detail: 'E-mail address and password do not fit together.',
      });
      expect(world.verified).toHaveLength(tries + 1);
    },
  );

  test('S177 an address nobody has is verified against no hash', async () => {
    await refusalOf(signIn({ email: 'nobody@x.example', password: 'guess' }));
    expect(world.verified.at(-1)).toEqual([null, 'guess']);
  });

  test('a failed try is told to every organization of the person, a successful one to the one entered', async () => {
    await refusalOf(signIn({ password: 'wrong' }));
    await signIn();
    const types = (await world.deps.storage.auditEvents.list(id, {}, { limit: 100 })).map(({ type }) => type);
    expect(types.filter((type) => type.startsWith('password.')).sort()).toEqual([
      'password.accepted',
      'password.rejected',
    ]);
  });

  test('S175 a hash below today’s effort is made anew at the next sign-in, unless the hasher has no place', async () => {
    const renewing = (hash: Deps['passwords']['hash']) => ({
      ...world.deps,
      passwords: {
        ...world.deps.passwords,
        isOutdated: (stored: string) => !stored.startsWith('new '),
        hash,
      },
    });
    const enter = (deps: Deps) => enterByPassword(deps, { email, password: PASSWORD, cause: OPERATOR });
    const stored = async () => (await world.deps.storage.users.find(member.userId))?.passwordHash;
    const full = async () => Promise.reject(new GatehouseError('too_many_requests', 'full'));
    const before = await stored();
    await enter(renewing(full));
    expect(await stored()).toBe(before);
    await enter(renewing(async (password) => `new ${password}`));
    expect(await stored()).toBe(`new ${PASSWORD}`);
  });

  test('S181 a password that was changed while it was being checked opens nothing', async () => {
    const verify = async (hash: string | null, password: string) => {
      const user = await world.deps.storage.users.find(member.userId);
      if (user !== undefined)
        await world.deps.storage.transact((tx) =>
          tx.users.update({ ...user, passwordHash: 'hash of another' }, user.version),
        );
      return world.deps.passwords.verify(hash, password);
    };
    const deps = { ...world.deps, passwords: { ...world.deps.passwords, verify } };
    expect(await refusalOf(enterByPassword(deps, { email, password: PASSWORD, cause: OPERATOR }))).toBe(
      'unauthenticated',
    );
  });

  test('the address is compared folded', async () => {
    expect(await refusalOf(signIn({ email: ` ${email.toUpperCase()} ` }))).toBe('done');
  });

  test('S183 a password in another normal form is the same one', async () => {
    const composed = 'caf\u00e9 at the corner 42';
    const other = `${nextText('eve')}@x.example`;
    await newMember(world, id, { email: other, password: composed });
    expect(await refusalOf(signIn({ email: other, password: composed.normalize('NFD') }))).toBe('done');
  });

  test('S183 a password of a megabyte is cut before it is hashed, and never right', async () => {
    expect(await refusalOf(signIn({ password: PASSWORD + 'x'.repeat(1_000_000) }))).toBe('unauthenticated');
    expect(world.verified.at(-1)?.[1].length).toBeLessThanOrEqual(513);
  });

  test('somebody in two organizations comes into the one used last', async () => {
    await signIn();
    const { id: second } = await newOrganization(world);
    const other = await world.deps.storage.transact(async (tx) => {
      const user = await tx.users.find(member.userId);
      if (user === undefined) throw new Error('no user');
      const context = { organizationId: second, cause: OPERATOR, now: world.time.now };
      return insertMembership(tx, context, {
        user,
        email,
        emailKey: email,
        name: 'A',
        status: 'active',
        source: 'manual',
        defaultRole: 'member',
      });
    });
    const entered = async () =>
      (await findSignedIn(world.deps, (await signIn()).sessionToken))?.organization.id;
    expect(await entered()).toBe(id);
    await world.deps.storage.transact((tx) =>
      tx.memberships.update(second, { ...other, lastSignedInAt: world.time.now + 1 }, other.version),
    );
    expect(await entered()).toBe(second);
  });

  test('S141 a person whom the directory holds as inactive cannot use a password either', async () => {
    const directory = await newDirectory(world, id);
    const pushed = await pushUser(world, directory, { isActive: false });
    expect((await world.deps.storage.users.find(pushed.userId))?.passwordHash).toBeNull();
  });
});
