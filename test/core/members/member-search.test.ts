/** A search of members, page by page, is what the words of its docblock say, whoever is there and whatever the step. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Membership } from '../../../src/core/entities/people.ts';
import { type SearchPlace, searchMembers } from '../../../src/core/members/member-search.ts';
import type { MemberFilter } from '../../../src/core/ports/people.ts';
import { foldKey, foldText } from '../../../src/kernel/text.ts';
import { aMembership, anOrganization, aUser } from '../../support/builders.ts';
import { openTestStorage, type TestStorage } from '../../support/storage.ts';

let under: TestStorage;
beforeAll(async () => {
  under = await openTestStorage();
});
afterAll(() => under.close());

const organization = anOrganization();
const id = organization.id;
// Few letters, so that texts meet; the last one sorts behind everything that starts like it.
const word = fc.string({ unit: fc.constantFrom('a', 'b', 'B', 'é', '%', '_', '\u{10ffff}'), maxLength: 4 });
const person = fc.record({
  name: word,
  email: fc.option(word.map((local) => `${local}@ab.example`)),
  status: fc.constantFrom('active' as const, 'suspended' as const),
  orgRole: fc.constantFrom('member' as const, 'admin' as const),
});
const ask = fc.record({
  text: word.filter((text) => foldText(text) !== ''),
  limit: fc.integer({ min: 1, max: 4 }),
  stepSize: fc.integer({ min: 1, max: 5 }),
  filter: fc.record(
    { status: fc.constantFrom('active' as const, 'suspended' as const), role: fc.constant('admin' as const) },
    { requiredKeys: [] },
  ),
});

async function plant(people: readonly Pick<Membership, 'name' | 'email' | 'status' | 'orgRole'>[]) {
  const members = people.map((fields) =>
    aMembership(id, aUser().id, {
      ...fields,
      emailKey: fields.email === null ? null : foldKey(fields.email),
    }),
  );
  await under.storage.transact(async (tx) => {
    await tx.organizations.remove(id);
    await tx.organizations.insert(id, organization);
    for (const member of members) {
      await tx.users.insert(aUser({ id: member.userId }));
      await tx.memberships.insert(id, member);
    }
  });
  return members;
}

/** As the store compares: by the bytes of the text. */
const byEmail = (a: Membership, b: Membership) =>
  Buffer.compare(Buffer.from(a.emailKey ?? ''), Buffer.from(b.emailKey ?? ''));

/** What the words say, over a plain list. */
function expected(members: readonly Membership[], filter: MemberFilter & { readonly text: string }) {
  const { text, status, role } = filter;
  const fitting = members
    .filter((member) => status === undefined || member.status === status)
    .filter((member) => role === undefined || member.orgRole === role)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const starts = (member: Membership) => member.emailKey?.startsWith(text) === true;
  const holds = (member: Membership) =>
    foldText(member.name).includes(text) || member.emailKey?.includes(text) === true;
  return [
    ...fitting.filter(starts).toSorted(byEmail),
    ...fitting.filter((member) => !starts(member) && holds(member)),
  ].map((member) => member.id);
}

describe('page after page', () => {
  test('everybody who fits comes once, addresses that start with the text first', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(person, { maxLength: 12 }), ask, async (people, asked) => {
        const members = await plant(people);
        const filter = { ...asked.filter, text: foldText(asked.text) };
        const found: string[] = [];
        let from: SearchPlace | undefined = { part: 'email_start' };
        while (from !== undefined) {
          const { limit, stepSize } = asked;
          const search = { organizationId: id, filter, from, limit, stepSize, pause: async () => undefined };
          const page = await searchMembers(under, search);
          found.push(...page.members.map(({ membership }) => membership.id));
          // A page is full unless it is the last.
          expect(page.members.length === limit || page.next === undefined).toBe(true);
          from = page.next;
        }
        expect(found).toEqual(expected(members, filter));
      }),
      { numRuns: 150 },
    );
  });
});
