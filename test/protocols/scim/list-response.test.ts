/** Promises of index paging: what is brought into range, what is refused, and what the envelope says. */
import { describe, expect, test } from '@jest/globals';
import { listBeginning, listResponse, parsePaging } from '../../../src/protocols/scim/list-response.ts';

describe('paging parameters', () => {
  test.each([
    [undefined, undefined, 1, 100],
    ['', '', 1, 100],
    ['1', '2', 1, 2],
    ['0', '10', 1, 10],
    ['-5', '10', 1, 10],
    ['-0', '-0', 1, 0],
    ['7', '0', 7, 0],
    ['7', '-1', 7, 0],
    ['1', '200', 1, 200],
    ['1', '201', 1, 200],
    ['1', '1000000000', 1, 200],
    ['1', '1e9', 1, 200],
    ['99999999999999999999999', '1', 2_147_483_647, 1],
    [`${'9'.repeat(400)}`, '1', 2_147_483_647, 1],
    [' 3 ', '+4', 3, 4],
  ])('S126 startIndex %p and count %p read as %p and %p', (startIndex, count, first, size) => {
    expect(parsePaging({ startIndex, count })).toEqual({ startIndex: first, count: size });
  });

  test.each(['abc', '1.5', '0x10', 'NaN', 'Infinity', '1;drop', '[1]', '１'])(
    '%p is no whole number',
    (text) => {
      for (const field of ['startIndex', 'count']) {
        expect(() => parsePaging({ [field]: text })).toThrow(
          expect.objectContaining({ code: 'invalid_value', field }),
        );
      }
    },
  );
});

describe('envelope', () => {
  test.each([
    { totalResults: 0, startIndex: 1, itemsPerPage: 0 },
    { totalResults: 7, startIndex: 3, itemsPerPage: 2 },
    { totalResults: 7, itemsPerPage: 2, nextCursor: 'aZ09-_' },
    { totalResults: 7, itemsPerPage: 7 },
  ])('its beginning as text is the one of the object: %j', (page) => {
    const { startIndex = 1, totalResults } = page;
    const { schemas } = listResponse({ resources: [], totalResults, startIndex });
    expect(JSON.parse(`${listBeginning(page)}]}`)).toEqual({ schemas, ...page, Resources: [] });
  });

  test('counts what is in the page', () => {
    expect(listResponse({ resources: [{ id: 'a' }, { id: 'b' }], totalResults: 7, startIndex: 3 })).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 7,
      startIndex: 3,
      itemsPerPage: 2,
      Resources: [{ id: 'a' }, { id: 'b' }],
    });
  });

  test('an empty page still has Resources', () => {
    expect(listResponse({ resources: [], totalResults: 0, startIndex: 1 })).toMatchObject({
      itemsPerPage: 0,
      Resources: [],
    });
  });
});
