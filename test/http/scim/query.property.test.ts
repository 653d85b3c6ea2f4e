/** The question put to storage never yields fewer rows than the filter means, and when called exact, never more. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { groupFields, translateFilter, userFields } from '../../../src/http/scim/query.ts';
import { toGroupInput, toUserInput } from '../../../src/http/scim/record-input.ts';
import { foldKey } from '../../../src/kernel/text.ts';
import { matches, parseFilter } from '../../../src/protocols/scim/filter.ts';
import { readResource } from '../../../src/protocols/scim/resource-input.ts';
import { groupResourceType, userResourceType } from '../../../src/protocols/scim/schema.ts';
import { fitsQuery } from '../../contract/fits-query.ts';

/** Few texts, so that literals meet values; blanks, case, width and invisible characters, so that folding matters. */
const text = fc.constantFrom(
  'a',
  'A',
  'ａ',
  ' a',
  'a ',
  'ab',
  'AB ',
  ' b',
  'b',
  'a\u200b',
  'ä',
  'a\u0308',
  'c',
);
const literal = fc.oneof(text, fc.constantFrom('', ' ', 'x')).map((value) => JSON.stringify(value));
const textOperator = fc.constantFrom('eq', 'ne', 'sw', 'co', 'ew', 'gt', 'le');

function filterOf(paths: readonly string[], lists: readonly string[]): fc.Arbitrary<string> {
  const term = fc.tuple(fc.constantFrom(...paths), textOperator, literal).map((parts) => parts.join(' '));
  const inner = fc
    .tuple(fc.constantFrom('value', 'type'), textOperator, literal)
    .map((parts) => parts.join(' '));
  const logic = (of: fc.Arbitrary<string>) =>
    fc
      .tuple(of, fc.constantFrom(' and ', ' or '), of, fc.constantFrom('', 'not '))
      .map(([left, word, right, not]) => `${not}(${left}${word}${right})`);
  const element = fc
    .tuple(
      fc.constantFrom(...lists),
      fc.oneof(
        inner,
        logic(inner),
        inner.map((of) => `not (${of})`),
      ),
    )
    .map(([list, filter]) => `${list}[${filter}]`);
  const { filter } = fc.letrec<{ filter: string }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3 },
      term,
      element,
      fc.constantFrom(...paths).map((path) => `${path} pr`),
      fc.constantFrom(...paths).map((path) => `${path} eq null`),
      tie('filter').map((of) => `not (${of})`),
      logic(tie('filter')),
    ),
  }));
  return filter;
}

const userType = userResourceType();
const users = fc
  .record(
    {
      userName: text,
      externalId: text,
      displayName: text,
      title: text,
      emails: fc.array(fc.record({ value: text, type: text }, { requiredKeys: [] }), { maxLength: 3 }),
    },
    { requiredKeys: ['userName'] },
  )
  .map((body) => readResource(body, userType, { mode: 'create' }).resource);

describe('users', () => {
  const paths = [
    'userName',
    'USERNAME',
    'externalId',
    'displayName',
    'title',
    'emails',
    'emails.value',
    'emails.type',
  ];

  test('a filter and its question agree', () => {
    fc.assert(
      fc.property(users, filterOf(paths, ['emails']), (user, filterText) => {
        const filter = parseFilter(filterText, userType);
        const { query, isExact } = translateFilter(filter, userFields);
        const { userName, externalId, displayName, emails } = toUserInput(user, { uniqueAttributes: [] });
        const values = {
          id: ['du_x'],
          userName: [foldKey(userName)],
          externalId: externalId === null ? [] : [externalId],
          displayName: displayName === null ? [] : [foldKey(displayName)],
          email: emails.map(foldKey),
          group: [],
          uniqueValue: [],
        };
        expectToAgree({
          isFound: fitsQuery(query, (field) => values[field]),
          isMeant: matches(filter, user),
          isExact,
        });
      }),
      { numRuns: 3000 },
    );
  });
});

describe('groups', () => {
  const groupType = groupResourceType();
  const groups = fc.record({
    group: fc
      .record({ displayName: text, externalId: text }, { requiredKeys: ['displayName'] })
      .map((body) => readResource(body, groupType, { mode: 'create' }).resource),
    members: fc.array(text, { maxLength: 3 }),
  });

  test('a filter and its question agree', () => {
    const paths = ['displayName', 'externalId', 'members', 'members.value', 'members.type'];
    fc.assert(
      fc.property(groups, filterOf(paths, ['members']), ({ group, members }, filterText) => {
        const filter = parseFilter(filterText, groupType);
        const { query, isExact } = translateFilter(filter, groupFields);
        const { displayName, externalId } = toGroupInput(group);
        const values = {
          id: ['dg_x'],
          displayName: [foldKey(displayName)],
          externalId: externalId === null ? [] : [externalId],
          member: members,
        };
        const full = { ...group, members: members.map((value) => ({ value, type: 'User' })) };
        expectToAgree({
          isFound: fitsQuery(query, (field) => values[field]),
          isMeant: matches(filter, full),
          isExact,
        });
      }),
      { numRuns: 3000 },
    );
  });
});

interface Verdict {
  readonly isFound: boolean;
  readonly isMeant: boolean;
  readonly isExact: boolean;
}

function expectToAgree({ isFound, isMeant, isExact }: Verdict): void {
  if (isMeant) expect(isFound).toBe(true);
  if (isExact) expect(isFound).toBe(isMeant);
}

test.each([
  ['userName eq "x"', true],
  ['emails[type eq "work"].value eq "x"', false],
  ['emails.value eq "x" or id eq "y"', true],
  ['not (externalId eq "x")', true],
  ['not (userName sw "x")', false],
  ['emails.value ne "x"', false],
  ['groups.value eq "x"', false],
  ['active eq true', false],
])('%s is exact: %s', (filterText, isExact) => {
  expect(translateFilter(parseFilter(filterText, userType), userFields).isExact).toBe(isExact);
});
