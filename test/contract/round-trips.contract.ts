/** Contract: what goes in comes out, unit for unit, whatever text, number or nesting it holds. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  aConnection,
  aDirectoryGroup,
  aMembership,
  anAuditEvent,
  anInvitation,
  anOrganization,
  aPlan,
  aSession,
  aUser,
} from '../support/builders.ts';
import { aWorld, plantWorld, readWorld } from '../support/world.ts';
import { ROW_KINDS } from './rows.ts';
import type { OpenStorage, StorageUnderTest } from './storage-under-test.ts';

/** Texts that engines, drivers or JSON columns are known to bend. */
const TEXTS: readonly (readonly [title: string, text: string])[] = [
  ['nothing at all', ''],
  ['one space', ' '],
  ['outer white space', '\t\r\n text \n'],
  ['astral characters', '👩‍🚀 𝒜𐍈 🏳️‍🌈'],
  ['a composed accent', 'é'],
  ['the same accent decomposed', 'e\u0301'],
  ['right-to-left marks', '\u202eevil\u202c שלום'],
  ['a zero-width space', 'a\u200bb'],
  ['a byte order mark', '\ufefftext'],
  ['a NUL inside', 'before\u0000after'],
  ['the spelling of a NUL', '\\u0000 \\0 %00'],
  ['a NUL first', '\u0000after'],
  ['the last code points', '\uffff\u{10ffff}'],
  ['quotes and comments', `'"\`;--/* */`],
  ['wildcards', '%_*?.[a-z]\\'],
  ['something like JSON', '{"a":[1,null]}'],
  ['the word null', 'null'],
  ['a number with zeros', '0012.50'],
  ['an exponent', '1e400'],
  ['operator names', '$where'],
  ['dots and colons', 'urn:ietf:params:scim:schemas:core:2.0:User.name'],
  ['upper case', 'ADA'],
  ['lower case', 'ada'],
  ['Turkish capitals', 'İI'],
  ['Turkish small letters', 'iı'],
  ['a sharp s', 'straße'],
  ['a long text', 'long 𝒜 '.repeat(5_000)],
];

const deep = (levels: number): unknown => (levels === 0 ? 'bottom' : { next: [deep(levels - 1)] });

/** Documents as SCIM clients push them. The last has keys that mean something to engines and to JavaScript. */
const DOCUMENTS: readonly (readonly [title: string, document: Readonly<Record<string, unknown>>])[] = [
  ['an empty document', {}],
  ['empty leaves', { list: [], map: {}, text: '' }],
  ['twenty levels', { root: deep(20) }],
  ['numbers', { zero: 0, negative: -1.5, tiny: 5e-324, huge: 1.7976931348623157e308, safe: 2 ** 53 - 1 }],
  ['booleans beside their words', { yes: true, no: false, words: ['true', 'false'] }],
  ['lists of mixed values', { list: [1, '1', true, [], {}, [[['x']]]] }],
  [
    'a thousand values',
    { emails: Array.from({ length: 1_000 }, (_, index) => ({ value: `a${index}@b.c` })) },
  ],
  ['schema URNs as keys', { 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { manager: 'x' } }],
  ['keys of operators', { $set: { a: 1 }, 'a.b': 2, '': 3, _id: 4, id: 5, length: 6, toJSON: 'x' }],
];

/** Registers the suite. */
export function roundTrips(name: string, open: OpenStorage): void {
  describe(`${name}: round trips`, () => {
    let under: StorageUnderTest;
    const world = aWorld();
    beforeAll(async () => {
      under = await open();
      await under.storage.transact((tx) => plantWorld(tx, world));
    });
    afterAll(() => under.close());

    const kept = async (kind: (typeof ROW_KINDS)[number], texts: readonly string[]) => {
      const rows = texts.map((text) => kind.make(world, text));
      await under.storage.transact(async (tx) => {
        for (const row of rows) await row.insert(tx);
        for (const row of rows) expect(await row.find(tx)).toStrictEqual(row.value);
      });
      for (const row of rows) expect(await row.find(under.storage)).toStrictEqual(row.value);
    };

    test.each(ROW_KINDS.map((kind, index) => ({ title: `${index + 1}: ${kind.name}`, kind })))(
      'every extreme text is kept unchanged in row kind $title',
      ({ kind }) =>
        kept(
          kind,
          TEXTS.map(([, text]) => text),
        ),
    );

    test.each(TEXTS)('%s is kept unchanged in a name', async (_title, text) => {
      const value = anOrganization({ name: text });
      await under.storage.transact((tx) => tx.organizations.insert(value.id, value));
      expect(await under.storage.organizations.find(value.id)).toStrictEqual(value);
    });

    test.each(DOCUMENTS)(
      '%s is kept unchanged as attributes and as audit details',
      async (_title, document) => {
        const id = world.organization.id;
        const group = aDirectoryGroup(world.directory, { attributes: document });
        const event = anAuditEvent(id, { details: document });
        await under.storage.transact(async (tx) => {
          await tx.directoryGroups.insert(id, group);
          await tx.auditEvents.append(id, event);
        });
        const { directoryGroups, auditEvents } = under.storage;
        expect(await directoryGroups.find(id, world.directory.id, group.id)).toStrictEqual(group);
        expect((await auditEvents.list(id, {}, { limit: 1 }))[0]).toStrictEqual(event);
      },
    );

    test('keys of the prototype are kept as plain data and touch no prototype', async () => {
      const id = world.organization.id;
      const text = '{"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}}}';
      const group = aDirectoryGroup(world.directory, { attributes: JSON.parse(text) });
      await under.storage.transact((tx) => tx.directoryGroups.insert(id, group));
      const found = await under.storage.directoryGroups.find(id, world.directory.id, group.id);
      expect(JSON.stringify(found?.attributes)).toBe(text);
      expect(Object.hasOwn(Object.prototype, 'admin') || Object.hasOwn(Object.prototype, 'x')).toBe(false);
    });

    test('a planted world reads back as it was built, every optional field null', async () => {
      const read = await readWorld(under.storage, world);
      expect(read.organizations).toStrictEqual(world.organization);
      expect(read.directoryTokens).toContainEqual(world.token);
      expect(read.grants).toContainEqual(world.grant);
      expect(read.pendingSignIns).toStrictEqual(world.pending);
      expect(read.groupMembers).toStrictEqual([{ memberId: world.directoryUser.id, memberKind: 'user' }]);
      expect(read.teamMembers).toStrictEqual([world.teamMember]);
    });

    test('a null stays null and an absent key stays absent', async () => {
      const id = world.organization.id;
      const nobody = aUser({ email: null, emailKey: null });
      const nobodyToo = aUser({ email: null, emailKey: null });
      const member = aMembership(id, nobody.id, { email: null, emailKey: null });
      const bare = aConnection(id, { attributes: {} });
      const partial = aConnection(id, { attributes: { name: 'displayname' } });
      const session = aSession(member, { connectionId: null });
      await under.storage.transact(async (tx) => {
        await tx.users.insert(nobody);
        await tx.users.insert(nobodyToo);
        await tx.memberships.insert(id, member);
        await tx.connections.insert(id, bare);
        await tx.connections.insert(id, partial);
        await tx.sessions.insert(id, session);
      });
      expect(await under.storage.users.find(nobodyToo.id)).toStrictEqual(nobodyToo);
      expect(await under.storage.memberships.find(id, member.id)).toStrictEqual(member);
      expect(await under.storage.connections.find(id, bare.id)).toStrictEqual(bare);
      expect(await under.storage.connections.find(id, partial.id)).toStrictEqual(partial);
      expect(await under.storage.sessions.findByHash(session.tokenHash)).toStrictEqual(session);
    });

    test('the largest and smallest numbers of every counter and time are kept', async () => {
      const far = Number.MAX_SAFE_INTEGER;
      const value = anOrganization({
        createdAt: 0,
        updatedAt: far,
        version: far - 1,
        seatsUsed: 2 ** 31,
        activeOwners: 2 ** 40,
        plan: aPlan({ seats: far }),
      });
      const invitation = anInvitation(value.id, {
        ...{ expiresAt: far, chosenTtlMs: 1, settledAt: 0, status: 'revoked' as const },
      });
      await under.storage.transact(async (tx) => {
        await tx.organizations.insert(value.id, value);
        await tx.invitations.insert(value.id, invitation);
      });
      expect(await under.storage.organizations.find(value.id)).toStrictEqual(value);
      expect(await under.storage.invitations.find(value.id, invitation.id)).toStrictEqual(invitation);
    });

    test('what a caller does to a value after storing it changes nothing stored', async () => {
      const id = world.organization.id;
      const emails = ['first@example.com'];
      const group = aDirectoryGroup(world.directory, { attributes: { emails } });
      await under.storage.transact((tx) => tx.directoryGroups.insert(id, group));
      emails.push('second@example.com');
      const found = await under.storage.directoryGroups.find(id, world.directory.id, group.id);
      expect(found?.attributes).toEqual({ emails: ['first@example.com'] });
    });
  });
}
