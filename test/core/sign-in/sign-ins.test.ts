/** From begin to session: single use, one browser, one connection, and who is let in on whose word. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { updateConnection } from '../../../src/core/connections/connections.ts';
import { updateDirectory } from '../../../src/core/directory/directories.ts';
import type { Connection } from '../../../src/core/entities/connection.ts';
import { createInvitation } from '../../../src/core/joining/invitations.ts';
import { changeMember, removeMember } from '../../../src/core/members/members.ts';
import type { SignInAnswer } from '../../../src/core/sign-in/pending-sign-ins.ts';
import { findPendingSignIn } from '../../../src/core/sign-in/pending-sign-ins.ts';
import { recordRefusedSignIn } from '../../../src/core/sign-in/refused-sign-ins.ts';
import { findSignedIn } from '../../../src/core/sign-in/sessions.ts';
import { completeSignIn, SIGN_IN_TTL_MS } from '../../../src/core/sign-in/sign-ins.ts';
import type { UpstreamIdentity } from '../../../src/core/sign-in/upstream-identity.ts';
import { nextText } from '../../support/builders.ts';
import {
  anUpstream,
  begin,
  dropUser,
  finish,
  membershipOf,
  newConnection,
  newDirectory,
  newMember,
  newOrganization,
  proveDomain,
  pushUser,
  repushUser,
  signIn,
} from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { journalOf } from '../../support/journal-rows.ts';
import { refusalOf } from '../../support/refusals.ts';

let world: CoreWorld;
let racing: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld();
  racing = await openCoreWorld({ runsTwice: false });
});
afterAll(() => Promise.all([world.close(), racing.close()]));

/** A directory-managed organization with one pushed person whom the connection knows as `subject`. */
async function managed(within: CoreWorld = world) {
  const { id } = await newOrganization(within);
  const directory = await newDirectory(within, id);
  const connection = await newConnection(within, id);
  const subject = nextText('subject');
  const user = await pushUser(within, directory, {
    externalId: subject,
    userName: `${subject}@corp.example`,
  });
  return { id, directory, connection, user, subject, identity: anUpstream(connection, { subject }) };
}

const shown = (answer: SignInAnswer) => ({ ...answer, bindingOf: () => answer.binding });

const sessionsOf = (
  within: CoreWorld,
  { id, user }: Pick<Awaited<ReturnType<typeof managed>>, 'id' | 'user'>,
) => within.deps.storage.sessions.listByMembership(id, user.membershipId);

describe('one browser, one answer', () => {
  test('a whole sign-in answers a session of that person and the place to return to', async () => {
    const { id, connection, user, identity } = await managed();
    const { sessionToken, returnTo } = await signIn(world, connection, identity);
    expect(returnTo).toBe('/home');
    const signedIn = await findSignedIn(world.deps, sessionToken);
    expect(signedIn).toMatchObject({
      organization: { id },
      membership: { id: user.membershipId, lastActiveAt: world.time.now },
    });
    expect(signedIn?.session).toMatchObject({ connectionId: connection.id, authenticatedAt: world.time.now });
  });

  test('S46 fifty completions of one answer in parallel open exactly one session', async () => {
    const place = await managed(racing);
    const answer = await begin(racing, place.connection);
    const results = await Promise.all(
      Array.from({ length: 50 }, () => refusalOf(finish(racing, answer, place.identity))),
    );
    expect(results.filter((result) => result === 'done')).toHaveLength(1);
    expect(new Set(results)).toEqual(new Set(['done', 'sign_in_refused sign_in.not_pending']));
    expect(await sessionsOf(racing, place)).toHaveLength(1);
  });

  test('S46 fifty sign-ins that all carry one assertion open exactly one session', async () => {
    const place = await managed(racing);
    const assertion = { id: '_assertion', expiresAt: racing.time.now + 60_000 };
    const answers = await Promise.all(Array.from({ length: 50 }, () => begin(racing, place.connection)));
    const complete = (answer: SignInAnswer) =>
      completeSignIn(racing.deps, { ...answer, identity: place.identity, assertion, cause: OPERATOR });
    const results = await Promise.all(answers.map((answer) => refusalOf(complete(answer))));
    expect(results.filter((result) => result === 'done')).toHaveLength(1);
    expect(new Set(results)).toEqual(new Set(['done', 'sign_in_refused saml.replayed']));
  });

  test('S45 the same assertion id from another connection is another assertion', async () => {
    const [one, two] = [await managed(), await managed()];
    const assertion = { id: '_same', expiresAt: world.time.now + 60_000 };
    for (const { connection, identity } of [one, two]) {
      const answer = await begin(world, connection);
      expect(
        await refusalOf(completeSignIn(world.deps, { ...answer, identity, assertion, cause: OPERATOR })),
      ).toBe('done');
    }
  });

  const tampered: [title: string, change: (answer: SignInAnswer, other: SignInAnswer) => SignInAnswer][] = [
    ['S44 the cookie of another browser', (answer, other) => ({ ...answer, binding: other.binding })],
    ['no cookie', (answer) => ({ ...answer, binding: undefined })],
    ['an empty cookie', (answer) => ({ ...answer, binding: '' })],
    ['the handle of another sign-in', (answer, other) => ({ ...answer, handle: other.handle })],
    ['no handle', (answer) => ({ ...answer, handle: undefined })],
    ['an unknown handle', (answer) => ({ ...answer, handle: 'ghr_unknown' })],
    ['S44 another connection', (answer, other) => ({ ...answer, connection: other.connection })],
  ];
  test.each(tampered)(
    '%s is refused and leaves the sign-in of the right browser usable',
    async (_title, change) => {
      const { connection, identity } = await managed();
      const answer = await begin(world, connection);
      const other = await begin(world, (await managed()).connection);
      const wrong = change(answer, other);
      expect(await findPendingSignIn(world.deps, shown(wrong))).toBeUndefined();
      expect(await refusalOf(finish(world, wrong, identity))).toBe('sign_in_refused sign_in.not_pending');
      expect(await refusalOf(finish(world, answer, identity))).toBe('done');
    },
  );

  test.each([
    [SIGN_IN_TTL_MS - 1, 'done'],
    [SIGN_IN_TTL_MS, 'sign_in_refused sign_in.not_pending'],
  ])('an answer %d ms later: %s', async (later, outcome) => {
    const { connection, identity } = await managed();
    const answer = await begin(world, connection);
    world.time.now += later;
    expect((await findPendingSignIn(world.deps, shown(answer))) !== undefined).toBe(outcome === 'done');
    expect(await refusalOf(finish(world, answer, identity))).toBe(outcome);
  });

  test.each(['disabled', 'draft'] as const)(
    'a connection that became %s in between lets nobody in',
    async (status) => {
      const { id, connection, identity } = await managed();
      const answer = await begin(world, connection);
      await updateConnection(world.deps, {
        organizationId: id,
        cause: OPERATOR,
        id: connection.id,
        change: (now) => ({ ...now, status }),
      });
      expect(await refusalOf(finish(world, answer, identity))).toBe(
        'sign_in_refused sign_in.connection_inactive',
      );
    },
  );

  test('a refused sign-in is told to the admins with its exact reason, and to nobody else', async () => {
    const { id, connection } = await managed();
    const error = await signIn(world, connection, anUpstream(connection, { subject: 'nobody' })).catch(
      (thrown: unknown) => thrown,
    );
    await recordRefusedSignIn(world.deps, { connection, error, cause: OPERATOR });
    const [event] = await world.deps.storage.auditEvents.list(id, { type: 'saml.rejected' }, { limit: 1 });
    expect(event?.details).toEqual({ code: 'sign_in_refused', reason: 'identity.not_in_directory' });
    expect(error).toMatchObject({ detail: 'This sign-in could not be completed.' });
  });
});

describe('against a deactivation', () => {
  const ops = fc.shuffledSubarray(['signIn', 'signIn', 'deactivate', 'signIn', 'reactivate'] as const, {
    minLength: 2,
  });

  test('S142 no session survives a deactivation, in 300 random interleavings', async () => {
    const place = await managed(racing);
    for (const order of fc.sample(ops, { numRuns: 300, seed: 142 })) {
      await repushUser(racing, place.directory, { id: place.user.id, isActive: true });
      const answers = await Promise.all(order.map(() => begin(racing, place.connection)));
      const work = order.map((op, at): Promise<unknown> => {
        const answer = answers[at];
        if (op === 'signIn')
          return answer === undefined ? Promise.resolve() : finish(racing, answer, place.identity);
        return repushUser(racing, place.directory, { id: place.user.id, isActive: op === 'reactivate' });
      });
      const results = await Promise.all(work.map(refusalOf));
      const after = order.slice(order.indexOf('deactivate') + 1);
      const isOff = order.includes('deactivate') && !after.includes('reactivate');
      expect(
        results.filter((result) => result !== 'done' && result !== 'sign_in_refused identity.inactive'),
      ).toEqual([]);
      const cut = await membershipOf(racing, place.id, place.user.membershipId);
      if (cut.status === 'suspended') expect(await sessionsOf(racing, place)).toEqual([]);
      expect(cut.status).toBe(isOff ? 'suspended' : 'active');
      await repushUser(racing, place.directory, { id: place.user.id, isActive: false });
      expect(await sessionsOf(racing, place)).toEqual([]);
    }
  });

  test('S142 somebody deleted while at the identity provider does not get in', async () => {
    const { directory, connection, user, identity } = await managed();
    const answer = await begin(world, connection);
    await dropUser(world, directory, user);
    expect(await refusalOf(finish(world, answer, identity))).toBe(
      'sign_in_refused identity.not_in_directory',
    );
  });
});

describe('who is it, in a directory-managed organization', () => {
  type Place = Awaited<ReturnType<typeof managed>>;
  const rows: [title: string, says: (place: Place) => Partial<UpstreamIdentity>, outcome: string][] = [
    ['the subject is the externalId', ({ subject }) => ({ subject, externalIds: [subject] }), 'done'],
    [
      'another stated id is the externalId',
      ({ subject }) => ({ subject: 'sub', externalIds: ['sub', subject] }),
      'done',
    ],
    [
      'the userName in another case',
      ({ user }) => ({ subject: 'n', externalIds: ['n'], userName: user.userName.toUpperCase() }),
      'done',
    ],
    [
      'the externalId in another case',
      ({ subject }) => ({ subject: 'S', externalIds: [subject.toUpperCase()] }),
      'identity.not_in_directory',
    ],
    [
      'S116 the internal id as subject',
      ({ user }) => ({ subject: user.id, externalIds: [user.id] }),
      'identity.not_in_directory',
    ],
    [
      'S116 the membership id as userName',
      ({ user }) => ({ subject: 'x', externalIds: ['x'], userName: user.membershipId }),
      'identity.not_in_directory',
    ],
    [
      'S74 only the right e-mail, verified',
      ({ user }) => ({ subject: 'x', externalIds: [], email: user.userName, isEmailVerified: true }),
      'identity.not_in_directory',
    ],
    ['nothing at all', () => ({ subject: 'x', externalIds: [] }), 'identity.not_in_directory'],
  ];
  test.each(rows)('%s: %#', async (_title, says, outcome) => {
    const place = await managed();
    const identity = { ...place.identity, ...says(place) };
    expect(await refusalOf(signIn(world, place.connection, identity))).toBe(
      outcome === 'done' ? 'done' : `sign_in_refused ${outcome}`,
    );
  });

  test('a stored binding wins over whatever names the directory pushes later', async () => {
    const place = await managed();
    await signIn(world, place.connection, place.identity);
    await repushUser(world, place.directory, { id: place.user.id, externalId: 'moved', userName: 'moved' });
    await pushUser(world, place.directory, { externalId: place.subject, userName: 'imposter' });
    const { sessionToken } = await signIn(world, place.connection, place.identity);
    expect((await findSignedIn(world.deps, sessionToken))?.membership.id).toBe(place.user.membershipId);
  });

  test('a second subject for somebody who is bound is refused until an admin unbinds', async () => {
    const place = await managed();
    await signIn(world, place.connection, place.identity);
    const second = anUpstream(place.connection, { subject: 'second', externalIds: [place.subject] });
    expect(await refusalOf(signIn(world, place.connection, second))).toBe(
      'sign_in_refused identity.already_bound',
    );
    const otherIssuer = { ...place.identity, issuer: 'https://other.example' };
    expect(await refusalOf(signIn(world, place.connection, otherIssuer))).toBe(
      'sign_in_refused identity.already_bound',
    );
  });

  test('another connection of the organization binds on its own', async () => {
    const place = await managed();
    await signIn(world, place.connection, place.identity);
    const second = await newConnection(world, place.id);
    expect(await refusalOf(signIn(world, second, anUpstream(second, { subject: place.subject })))).toBe(
      'done',
    );
  });

  test('two people of one externalId let neither in', async () => {
    const place = await managed();
    await pushUser(world, place.directory, { externalId: place.subject });
    expect(await refusalOf(signIn(world, place.connection, place.identity))).toBe(
      'sign_in_refused identity.ambiguous',
    );
  });

  test("the same subject at another organization's identity provider is nobody there", async () => {
    const [here, there] = [await managed(), await managed()];
    await signIn(world, here.connection, here.identity);
    const foreign = anUpstream(there.connection, { subject: here.subject, userName: here.user.userName });
    expect(await refusalOf(signIn(world, there.connection, foreign))).toBe(
      'sign_in_refused identity.not_in_directory',
    );
  });

  test('S157 a member from before the switch who is not in the directory no longer comes in by SSO', async () => {
    const place = await manual({ jit: true, proved: true });
    const identity = place.identityOf({ email: place.address });
    expect(await refusalOf(signIn(world, place.connection, identity))).toBe('done');
    const directory = await newDirectory(world, place.id);
    expect(await refusalOf(signIn(world, place.connection, identity))).toBe(
      'sign_in_refused identity.not_in_directory',
    );
    await updateDirectory(world.deps, {
      organizationId: place.id,
      cause: OPERATOR,
      id: directory.id,
      change: { status: 'disabled' },
    });
    expect(await refusalOf(signIn(world, place.connection, identity))).toBe('done');
  });
});

interface Manual {
  readonly id: Connection['organizationId'];
  readonly connection: Connection;
  readonly address: string;
  identityOf(wishes: Partial<UpstreamIdentity>): UpstreamIdentity;
}

async function manual(options: { jit: boolean; proved: boolean | 'elsewhere' }): Promise<Manual> {
  const { id } = await newOrganization(world);
  const domain = `${nextText('corp')}.example`;
  if (options.proved === 'elsewhere') await proveDomain(world, (await newOrganization(world)).id, domain);
  else if (options.proved) await proveDomain(world, id, domain);
  const connection = await newConnection(world, id, { jit: options.jit });
  const subject = nextText('subject');
  return {
    id,
    connection,
    address: `new@${domain}`,
    identityOf: (wishes) => anUpstream(connection, { subject, ...wishes }),
  };
}

describe('who may join, in a manual organization', () => {
  type Options = Parameters<typeof manual>[0];
  const rows: [
    title: string,
    options: Options,
    says: (address: string) => Partial<UpstreamIdentity>,
    outcome: string,
  ][] = [
    ['just-in-time inside a proved domain', { jit: true, proved: true }, (email) => ({ email }), 'done'],
    ['just-in-time is off', { jit: false, proved: true }, (email) => ({ email }), 'identity.not_invited'],
    [
      'S149 nobody proved the domain',
      { jit: true, proved: false },
      (email) => ({ email }),
      'identity.unknown',
    ],
    [
      'S149 the provider vouches but nobody proved the domain',
      { jit: true, proved: false },
      (email) => ({ email, isEmailVerified: true }),
      'identity.not_invited',
    ],
    [
      'S149 somebody else proved the domain',
      { jit: true, proved: 'elsewhere' },
      (email) => ({ email }),
      'identity.unknown',
    ],
    ['no address', { jit: true, proved: true }, () => ({}), 'identity.unknown'],
    [
      'S153 a subdomain of the proved domain',
      { jit: true, proved: true },
      (email) => ({ email: email.replace('@', '@sub.') }),
      'identity.unknown',
    ],
    [
      'S153 the proved domain with something behind it',
      { jit: true, proved: true },
      (email) => ({ email: `${email}/x` }),
      'identity.unknown',
    ],
    [
      'S153 the proved domain in percent signs',
      { jit: true, proved: true },
      (email) => ({ email: email.replace('example', 'ex%61mple') }),
      'identity.unknown',
    ],
    [
      'the proved domain in another case',
      { jit: true, proved: true },
      (email) => ({ email: email.toUpperCase() }),
      'done',
    ],
  ];
  test.each(rows)('%s: %#', async (_title, options, says, outcome) => {
    const place = await manual(options);
    const before = journalOf(world.path, place.id);
    const result = await refusalOf(signIn(world, place.connection, place.identityOf(says(place.address))));
    expect(result).toBe(outcome === 'done' ? 'done' : `sign_in_refused ${outcome}`);
    if (result !== 'done') expect(journalOf(world.path, place.id)).toEqual(before);
  });

  test('whoever joined comes back as the same member, whatever the address says then', async () => {
    const place = await manual({ jit: true, proved: true });
    await signIn(world, place.connection, place.identityOf({ email: place.address }));
    const { sessionToken } = await signIn(
      world,
      place.connection,
      place.identityOf({ email: 'other@else.example' }),
    );
    const signedIn = await findSignedIn(world.deps, sessionToken);
    expect(signedIn?.membership).toMatchObject({ email: place.address, source: 'sso', orgRole: 'member' });
    expect(signedIn?.user).toMatchObject({ email: null, passwordHash: null });
  });

  test('S74 S150 S151 an address that already has an account, or a member here, is never opened by SSO', async () => {
    const place = await manual({ jit: true, proved: true });
    const identity = place.identityOf({ email: place.address, isEmailVerified: true });
    const elsewhere = await newOrganization(world);
    const victim = await newMember(world, elsewhere.id, { email: place.address, role: 'owner' });
    expect(await refusalOf(signIn(world, place.connection, identity))).toBe(
      'sign_in_refused identity.address_taken',
    );
    expect(await world.deps.storage.sessions.listByMembership(elsewhere.id, victim.id)).toEqual([]);
    const second = await manual({ jit: true, proved: true });
    await newMember(world, second.id, { email: second.address, hasAccount: false, role: 'admin' });
    const twin = second.identityOf({ email: second.address });
    expect(await refusalOf(signIn(world, second.connection, twin))).toBe(
      'sign_in_refused identity.address_taken',
    );
  });

  test('a pending invitation for exactly the verified address is accepted, with its role', async () => {
    const place = await manual({ jit: false, proved: true });
    const invitation = {
      email: place.address.toUpperCase(),
      role: 'admin',
      teams: [],
      delivery: 'link',
    } as const;
    const { invitation: row } = await createInvitation(world.deps, {
      organizationId: place.id,
      cause: OPERATOR,
      caller: { kind: 'operator' },
      invitation,
    });
    const { sessionToken } = await signIn(
      world,
      place.connection,
      place.identityOf({ email: place.address }),
    );
    const signedIn = await findSignedIn(world.deps, sessionToken);
    expect(signedIn?.membership).toMatchObject({ orgRole: 'admin', source: 'invitation' });
    expect(await world.deps.storage.invitations.find(place.id, row.id)).toMatchObject({
      status: 'accepted',
      acceptedBy: signedIn?.membership.id,
    });
  });

  test('an invitation for an unverified address is not accepted by signing in', async () => {
    const place = await manual({ jit: true, proved: false });
    const invitation = { email: place.address, role: 'member', teams: [], delivery: 'link' } as const;
    await createInvitation(world.deps, {
      organizationId: place.id,
      cause: OPERATOR,
      caller: { kind: 'operator' },
      invitation,
    });
    expect(await refusalOf(signIn(world, place.connection, place.identityOf({ email: place.address })))).toBe(
      'sign_in_refused identity.unknown',
    );
  });

  test('a suspended member is refused, a removed one is nobody, and neither comes back by signing in', async () => {
    const place = await manual({ jit: true, proved: true });
    const identity = place.identityOf({ email: place.address });
    const { sessionToken } = await signIn(world, place.connection, identity);
    const member = (await findSignedIn(world.deps, sessionToken))?.membership;
    if (member === undefined) throw new Error('not signed in');
    const request = {
      organizationId: place.id,
      cause: OPERATOR,
      caller: { kind: 'operator' } as const,
      id: member.id,
    };
    await changeMember(world.deps, { ...request, change: { status: 'suspended' } });
    expect(await refusalOf(signIn(world, place.connection, identity))).toBe(
      'sign_in_refused identity.inactive',
    );
    await removeMember(world.deps, request);
    const { sessionToken: again } = await signIn(world, place.connection, identity);
    expect((await findSignedIn(world.deps, again))?.membership.id).not.toBe(member.id);
  });
});
