/** Whose address is it: a copied link lets in, only the mailed one proves, and whoever proves takes the address back. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { acceptInvitation, previewInvitation } from '../../../src/core/joining/invitation-acceptance.ts';
import { createInvitation } from '../../../src/core/joining/invitations.ts';
import { findSignedIn } from '../../../src/core/sign-in/sessions.ts';
import { nextText } from '../../support/builders.ts';
import { newOrganization } from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR, openCoreWorld } from '../../support/core-world.ts';
import { aOneTimeRecord, aPasskey, aSecondFactor } from '../../support/credential-builders.ts';
import { enterByPassword } from '../../support/passwords.ts';
import { refusalOf } from '../../support/refusals.ts';

let world: CoreWorld;
beforeAll(async () => {
  world = await openCoreWorld();
});
afterAll(() => world.close());

const ATTACKER = 'the attacker chose this password';
const VICTIM = 'the victim chose another password';

const lastPart = (url: string): string => url.split('/').at(-1) ?? '';

/** Invites by mail into a new organization; answers both links' last parts. */
async function invited(email: string): Promise<{ readonly copied: string; readonly mailed: string }> {
  const { id } = await newOrganization(world);
  const created = await createInvitation(world.deps, {
    organizationId: id,
    caller: { kind: 'operator' },
    cause: OPERATOR,
    invitation: { email, role: 'member', teams: [], delivery: 'email' },
  });
  const link = /\S+\/invitations\/\S+/.exec(world.sent.at(-1)?.text ?? '')?.[0] ?? '';
  return { copied: lastPart(created.url), mailed: lastPart(link) };
}

const accept = (token: string, password: string) =>
  acceptInvitation(world.deps, {
    token,
    acceptor: { kind: 'new', name: 'Somebody', password },
    cause: OPERATOR,
  });

const signIn = (email: string, password: string) =>
  enterByPassword(world.deps, { email, password, cause: OPERATOR });

const anAddress = () => `${nextText('victim')}@x.example`;

describe('the two links', () => {
  test('the mailed link holds more than the one the inviter is shown', async () => {
    const { copied, mailed } = await invited(anAddress());
    expect(mailed.startsWith(`${copied}.`)).toBe(true);
  });

  test.each<[link: 'copied' | 'mailed', proved: boolean]>([
    ['copied', false],
    ['mailed', true],
  ])('S161 an address accepted through the %s link is proved: %s', async (link, proved) => {
    const links = await invited(anAddress());
    const { sessionToken } = await accept(links[link], VICTIM);
    const signedIn = await findSignedIn(world.deps, sessionToken);
    expect(signedIn?.user.emailVerifiedAt).toBe(proved ? world.time.now : null);
  });

  test.each([
    ['another proof', (mailed: string) => `${mailed}x`],
    ['an empty proof', (mailed: string) => `${mailed.split('.')[0]}.`],
  ])('%s fits nothing', async (_name, forge) => {
    const { mailed } = await invited(anAddress());
    expect(await refusalOf(accept(forge(mailed), VICTIM))).toBe('not_found');
    expect(await previewInvitation(world.deps, forge(mailed))).toBeUndefined();
  });
});

describe('S151 an address claimed before its owner came', () => {
  test('goes to whoever answers its mail; the claimer has no password, no session and no address left', async () => {
    const email = anAddress();
    const claimed = await accept((await invited(email)).copied, ATTACKER);
    const { mailed } = await invited(email);
    expect((await previewInvitation(world.deps, mailed))?.hasAccount).toBe(false);
    const { sessionToken } = await accept(mailed, VICTIM);
    expect(await findSignedIn(world.deps, claimed.sessionToken)).toBeUndefined();
    expect(await refusalOf(signIn(email, ATTACKER))).toBe('unauthenticated');
    const victim = await findSignedIn(world.deps, (await signIn(email, VICTIM)).sessionToken);
    expect(victim?.user.id).toBe((await findSignedIn(world.deps, sessionToken))?.user.id);
    expect(victim?.user.id).not.toBe(claimed.membership.userId);
    expect(await world.deps.storage.users.find(claimed.membership.userId)).toMatchObject({
      email: null,
      emailKey: null,
      passwordHash: null,
    });
  });

  test('opens nothing any more by what the claimer put in: passkey, second factor, mailed links', async () => {
    const { storage } = world.deps;
    const email = anAddress();
    const { userId } = (await accept((await invited(email)).copied, ATTACKER)).membership;
    const link = aOneTimeRecord(userId);
    await storage.transact(async (tx) => {
      await tx.passkeys.insert(aPasskey(userId));
      await tx.secondFactors.insert(aSecondFactor(userId));
      await tx.oneTimeRecords.insert(link);
    });
    await accept((await invited(email)).mailed, VICTIM);
    expect(await storage.passkeys.listByUser(userId)).toEqual([]);
    expect(await storage.secondFactors.find(userId)).toBeUndefined();
    expect(await storage.oneTimeRecords.find(link.purpose, link.tokenHash)).toBeUndefined();
  });

  test('stays with the claimer while only copied links are shown', async () => {
    const email = anAddress();
    await accept((await invited(email)).copied, ATTACKER);
    expect(await refusalOf(accept((await invited(email)).copied, VICTIM))).toBe('already_exists');
    await signIn(email, ATTACKER);
  });

  test('a proved address is nobody else’s: the mailed link asks for the account’s own password', async () => {
    const email = anAddress();
    await accept((await invited(email)).mailed, VICTIM);
    expect(await refusalOf(accept((await invited(email)).mailed, ATTACKER))).toBe('already_exists');
    await accept((await invited(email)).mailed, VICTIM);
  });

  test('a claimer who later answers the mail with the right password has proved it', async () => {
    const email = anAddress();
    const { membership } = await accept((await invited(email)).copied, VICTIM);
    await accept((await invited(email)).mailed, VICTIM);
    expect((await world.deps.storage.users.find(membership.userId))?.emailVerifiedAt).toBe(world.time.now);
  });
});
