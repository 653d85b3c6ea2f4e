/** Contract: a link that is passed on lets in as many as it says, and tells who they were. */
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ShareableLink } from '../../src/core/entities/shareable-link.ts';
import type { Repositories } from '../../src/core/ports/storage.ts';
import { BUILT_AT, nextId } from '../support/builders.ts';
import { aShareableLink } from '../support/link-builders.ts';
import { aWorld, plantWorld, type World } from '../support/world.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

/** Registers the suite. */
export function shareableLinks(name: string, open: OpenStorage): void {
  describe(`${name}: shareable links`, () => {
    let under: StorageUnderTest;
    let world: World;
    beforeEach(async () => {
      await under?.close();
      under = await open();
      world = aWorld();
      await under.storage.transact((tx) => plantWorld(tx, world));
    });
    afterAll(() => under.close());
    const write = <Result>(work: (tx: Repositories) => Promise<Result>) => under.storage.transact(work);
    const stored = async (overrides: Partial<ShareableLink>) => {
      const link = aShareableLink(world.organization.id, overrides);
      await write((tx) => tx.shareableLinks.insert(link.organizationId, link));
      return link;
    };
    const claim = ({ organizationId, id }: ShareableLink, usedAt = BUILT_AT + 1) =>
      write((tx) =>
        tx.shareableLinks.claim(organizationId, id, {
          ...{ membershipId: nextId('mem'), email: 'a@example.com', usedAt },
        }),
      );
    const find = ({ organizationId, id }: ShareableLink) =>
      under.storage.shareableLinks.find(organizationId, id);

    test('S166: 100 at once, at most 10: exactly ten, each with a row that says who', async () => {
      const link = await stored({ maxUses: 10, uses: 0 });
      const claims = await Promise.all(Array.from({ length: 100 }, () => claim(link)));
      expect(claims.filter(Boolean)).toHaveLength(10);
      expect(await find(link)).toStrictEqual({ ...link, uses: 10 });
      const uses = await under.storage.shareableLinks.listUses(link.organizationId, link.id, { limit: 100 });
      expect(uses).toHaveLength(10);
    });

    test.each([
      { title: 'one millisecond before its end', changes: {}, left: 1, claimed: true },
      { title: 'at its end', changes: {}, left: 0, claimed: false },
      { title: 'once revoked', changes: { revokedAt: BUILT_AT }, left: 1, claimed: false },
      { title: 'once used up', changes: { uses: 4, maxUses: 4 }, left: 1, claimed: false },
    ])('a link claimed $title: $claimed', async ({ changes, left, claimed }) => {
      const link = await stored(changes);
      expect(await claim(link, link.expiresAt - left)).toBe(claimed);
      expect(await find(link)).toStrictEqual({ ...link, uses: link.uses + (claimed ? 1 : 0) });
    });

    test('an update leaves the uses alone, and a claim the version', async () => {
      const link = await stored({ uses: 0 });
      await claim(link);
      const revoked = { ...link, uses: 0, revokedAt: BUILT_AT + 2 };
      await write((tx) => tx.shareableLinks.update(link.organizationId, revoked, 1));
      expect(await find(link)).toStrictEqual({ ...revoked, uses: 1, version: 2 });
    });

    test('the open ones are those that still let somebody in', async () => {
      const open = await stored({});
      for (const shut of [{ revokedAt: 1 }, { uses: 3, maxUses: 3 }, { expiresAt: BUILT_AT }])
        await stored(shut);
      const { id } = world.organization;
      const found = await under.storage.shareableLinks.listOpen(id, BUILT_AT);
      expect(found.map((link) => link.id).sort()).toEqual([world.shareableLink.id, open.id].sort());
    });

    test('a link is found by the hash of its token, whatever became of it', async () => {
      const link = await stored({ revokedAt: 1 });
      expect(await under.storage.shareableLinks.findByTokenHash(link.tokenHash)).toStrictEqual(link);
      expect(await under.storage.shareableLinks.findByTokenHash('nothing')).toBeUndefined();
    });

    test('S217: a use loses its address and no other does; no such use: false', async () => {
      const link = await stored({ uses: 0, maxUses: 2 });
      await claim(link);
      await claim(link);
      const uses = () => under.storage.shareableLinks.listUses(link.organizationId, link.id, { limit: 9 });
      const [first, second] = await uses();
      if (first === undefined || second === undefined) throw new Error('not claimed');
      const erase = (id: typeof first.membershipId) =>
        write((tx) => tx.shareableLinks.eraseUse(link.organizationId, link.id, id));
      expect([await erase(first.membershipId), await erase(nextId('mem'))]).toEqual([true, false]);
      expect(await uses()).toStrictEqual([{ ...first, email: '' }, second]);
    });

    test('uses stay when the member goes, and go with the organization', async () => {
      const { organization, shareableLink, membership, directory, directoryUser } = world;
      const uses = () =>
        under.storage.shareableLinks.listUses(organization.id, shareableLink.id, { limit: 9 });
      await write(async (tx) => {
        await tx.directoryUsers.remove(organization.id, directory.id, directoryUser.id);
        await tx.memberships.remove(organization.id, membership.id);
      });
      expect((await uses()).map(({ membershipId }) => membershipId)).toEqual([membership.id]);
      await write((tx) => tx.organizations.remove(organization.id));
      expect(await uses()).toEqual([]);
    });
  });
}
