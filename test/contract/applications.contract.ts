/** Contract: grants of applications, what hangs on them, and the records and keys of the OpenID Provider. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Repositories } from '../../src/core/ports/storage.ts';
import {
  aDirectoryClient,
  anApplication,
  anApplicationGrant,
  aProviderRecord,
  aSigningKey,
} from '../support/application-builders.ts';
import { BUILT_AT, nextId } from '../support/builders.ts';
import { aWorld, plantWorld, type World } from '../support/world.ts';
import { type OpenStorage, outcomeOf, race, type StorageUnderTest } from './storage-under-test.ts';

/** Registers the suite. */
export function applications(name: string, open: OpenStorage): void {
  describe(`${name}: applications`, () => {
    let under: StorageUnderTest;
    let world: World;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());
    beforeEach(async () => {
      world = aWorld();
      await under.storage.transact((tx) => plantWorld(tx, world));
    });

    const write = <Result>(work: (tx: Repositories) => Promise<Result>) => under.storage.transact(work);
    const idOf = () => world.organization.id;
    const ofGrant = ({ organizationId, id } = world.applicationGrant) => ({ organizationId, id });

    test('applications are listed oldest first, page by page', async () => {
      const rows = [anApplication(), anApplication(), anApplication()];
      await write(async (tx) => {
        for (const row of rows) await tx.applications.insert(row);
      });
      const { applications: stored } = under.storage;
      const after = world.application.id;
      expect(await stored.list({ after, limit: 2 })).toEqual(rows.slice(0, 2));
      expect(await stored.list({ after: rows[1]?.id, limit: 2 })).toEqual(rows.slice(2));
    });

    test('one grant for each application in a session, found by session and by member, oldest first', async () => {
      const { membership, application, applicationGrant } = world;
      const { sessionId } = applicationGrant;
      const other = anApplication();
      const twin = anApplicationGrant(membership, application.id, { sessionId });
      const second = anApplicationGrant(membership, other.id, { sessionId });
      const opened = { connectionId: world.connection.id, emergency: true };
      const later = anApplicationGrant(membership, application.id, opened);
      await write(async (tx) => {
        await tx.applications.insert(other);
        await tx.applicationGrants.insert(idOf(), second);
        await tx.applicationGrants.insert(idOf(), later);
      });
      expect(await outcomeOf(write((tx) => tx.applicationGrants.insert(idOf(), twin)))).toEqual({
        refused: 'already_exists',
        field: 'applicationId',
      });
      const { applicationGrants } = under.storage;
      expect(await applicationGrants.listBySession(idOf(), sessionId)).toEqual([applicationGrant, second]);
      expect(await applicationGrants.listByMembership(idOf(), membership.id)).toEqual([
        applicationGrant,
        second,
        later,
      ]);
      expect(await applicationGrants.findById(later.id)).toEqual(later);
      expect(await applicationGrants.listByConnection(idOf(), world.connection.id)).toEqual([later]);
      expect(await applicationGrants.list(idOf(), { limit: 2 })).toEqual([applicationGrant, second]);
      expect(await applicationGrants.list(idOf(), { after: second.id, limit: 2 })).toEqual([later]);
    });

    test.each<[string, (tx: Repositories, world: World) => Promise<unknown>]>([
      [
        'grant',
        (tx, { applicationGrant: { organizationId, id } }) => tx.applicationGrants.remove(organizationId, id),
      ],
      ['application', (tx, { application }) => tx.applications.remove(application.id)],
      ['organization', (tx, { organization }) => tx.organizations.remove(organization.id)],
    ])('S91 with the %s go all its codes and tokens, and no new one can be stored', async (_what, remove) => {
      const records = ['AuthorizationCode', 'AccessToken', 'RefreshToken'].map((kind) =>
        aProviderRecord(ofGrant(), { kind }),
      );
      const free = aProviderRecord();
      await write(async (tx) => {
        for (const record of [...records, free]) await tx.providerRecords.insert(record);
      });
      expect(await write((tx) => remove(tx, world))).toBe(true);
      for (const { kind, idHash } of records)
        expect(await under.storage.providerRecords.find(kind, idHash)).toBeUndefined();
      expect(await under.storage.providerRecords.find(free.kind, free.idHash)).toEqual(free);
      const late = aProviderRecord(ofGrant());
      expect(await outcomeOf(write((tx) => tx.providerRecords.insert(late)))).toMatchObject({
        refused: 'not_found',
      });
    });

    test('S91 of 50 parallel callers one consumes a record; it stays as a used one', async () => {
      const record = aProviderRecord(ofGrant());
      const { kind, idHash } = record;
      await write((tx) => tx.providerRecords.insert(record));
      const outcomes = await race(under.storage, 50, (tx) =>
        tx.providerRecords.consume(kind, idHash, BUILT_AT + 7),
      );
      expect(outcomes.filter((outcome) => 'answered' in outcome && outcome.answered === true)).toHaveLength(
        1,
      );
      expect(await under.storage.providerRecords.find(kind, idHash)).toEqual({
        ...record,
        consumedAt: BUILT_AT + 7,
      });
      expect(await write((tx) => tx.providerRecords.consume(kind, 'unknown', 1))).toBe(false);
    });

    test('a replacement keeps what was used as used; an insert of the same value is refused', async () => {
      const record = aProviderRecord(ofGrant());
      const { kind, idHash } = record;
      await write((tx) => tx.providerRecords.replace(record));
      expect(await outcomeOf(write((tx) => tx.providerRecords.insert(record)))).toEqual({
        refused: 'already_exists',
        field: 'idHash',
      });
      await write((tx) => tx.providerRecords.consume(kind, idHash, 5));
      const next = { ...record, payload: '{}', expiresAt: BUILT_AT + 9 };
      await write((tx) => tx.providerRecords.replace(next));
      expect(await under.storage.providerRecords.find(kind, idHash)).toEqual({ ...next, consumedAt: 5 });
      expect(await under.storage.providerRecords.find('AccessToken', idHash)).toBeUndefined();
    });

    test('what has expired is swept out at its end, not before', async () => {
      const record = aProviderRecord(ofGrant(), { expiresAt: BUILT_AT + 100 });
      const grant = anApplicationGrant(world.membership, world.application.id, { expiresAt: BUILT_AT + 100 });
      await write(async (tx) => {
        await tx.providerRecords.insert(record);
        await tx.applicationGrants.insert(idOf(), grant);
      });
      const find = async () => [
        await under.storage.providerRecords.find(record.kind, record.idHash),
        await under.storage.applicationGrants.findById(grant.id),
      ];
      const sweep = (now: number) =>
        write(async (tx) => {
          await tx.providerRecords.removeExpired(now);
          await tx.applicationGrants.removeExpired(now);
        });
      await sweep(BUILT_AT + 99);
      expect(await find()).toEqual([record, grant]);
      await sweep(BUILT_AT + 100);
      expect(await find()).toEqual([undefined, undefined]);
    });

    test('keys come oldest first', async () => {
      const rows = [aSigningKey(), aSigningKey({ algorithm: 'RS256' }), aSigningKey({ purpose: 'cookie' })];
      await write(async (tx) => {
        for (const row of rows) await tx.signingKeys.insert(row);
      });
      const ids = new Set(rows.map(({ id }) => id));
      expect((await under.storage.signingKeys.list()).filter(({ id }) => ids.has(id))).toEqual(rows);
    });

    test('directory clients are listed by directory, note their use, and go with it', async () => {
      const { directory, directoryClient } = world;
      const second = aDirectoryClient(directory);
      await write(async (tx) => {
        await tx.directoryClients.insert(idOf(), second);
        await tx.directoryClients.updateLastUsed(idOf(), second.id, 77);
      });
      const { directoryClients } = under.storage;
      const used = { ...second, lastUsedAt: 77 };
      expect(await directoryClients.list(idOf(), directory.id)).toEqual([directoryClient, used]);
      expect(await write((tx) => tx.directoryClients.remove(idOf(), nextId('dir'), second.id))).toBe(false);
      await write((tx) => tx.directories.remove(idOf(), directory.id));
      expect(await directoryClients.findById(second.id)).toBeUndefined();
    });
  });
}
