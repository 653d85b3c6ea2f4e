/** The scorecard: it counts, keeps the first failure with request and answer, and is never green by default. */
import { describe, expect, test } from '@jest/globals';
import { hasStatus, holds, holdsTyped, isError, isList, isSameSet } from '../../scripts/simulate/answers.ts';
import type { Exchange } from '../../scripts/simulate/client.ts';
import { createScorecard, isGreen, printScorecard } from '../../scripts/simulate/expectations.ts';

const exchange = (answer: Partial<Exchange> = {}): Exchange => ({
  method: 'GET',
  url: 'http://scim.example/Users',
  requestHeaders: { authorization: 'Bearer secret-token', accept: 'application/scim+json' },
  requestBody: undefined,
  status: 200,
  headers: { 'content-type': 'application/scim+json' },
  text: JSON.stringify(answer.body ?? ''),
  body: undefined,
  ms: 1,
  ...answer,
});

const SCHEMA = 'urn:ietf:params:scim:api:messages:2.0';
const list = { schemas: [`${SCHEMA}:ListResponse`], totalResults: 0, Resources: [] };
const error = { schemas: [`${SCHEMA}:Error`], status: '404', detail: 'Nobody.' };

describe('scorecard', () => {
  test('without any check it is not green', () => {
    expect(isGreen(createScorecard().rows())).toBe(false);
  });

  test('one failure among many makes the row red and is the one that is shown', () => {
    const score = createScorecard();
    for (const status of [200, 500, 501, 200]) {
      const answer = exchange({ status, text: `answer ${status}` });
      expect(score.check(answer, [4, 'create answers'], hasStatus(answer, 200))).toBe(status === 200);
    }
    score.check(exchange(), [2, 'look-up answers'], []);
    expect(score.rows()).toMatchObject([
      { line: 2, checks: 1, failures: 0 },
      { line: 4, checks: 4, failures: 2, firstFailure: { problems: ['status 500, not 200'] } },
    ]);
    expect(isGreen(score.rows())).toBe(false);
    const printed = printScorecard('Okta', score.rows());
    expect(printed).toContain('✗ #4   create answers (2 of 4 failed)');
    expect(printed).toContain('> GET http://scim.example/Users');
    expect(printed).toContain('answer 500');
    expect(printed).toContain('1 of 2 expectations, 5 checks: 1 did not hold.');
  });

  test('S213: the token is never printed', () => {
    const score = createScorecard();
    score.check(exchange(), [1, 'anything'], ['a problem']);
    expect(printScorecard('Okta', score.rows())).not.toContain('secret-token');
  });
});

describe('problems with answers', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['an empty list', isList(exchange({ body: list }), 0), []],
    ['a list answered with 404', isList(exchange({ body: list, status: 404 })), ['status 404, not 200']],
    ['no answer at all', hasStatus(exchange({ status: 0 }), 200), ['status missing, not 200']],
    [
      'a total given as text',
      isList(exchange({ body: { ...list, totalResults: '0' } })),
      ['totalResults is not a whole number'],
    ],
    [
      'a list without Resources',
      isList(exchange({ body: { ...list, Resources: undefined } })),
      ['Resources is not an array'],
    ],
    ['a SCIM error', isError(exchange({ status: 404, body: error }), 404), []],
    [
      'an error in HTML',
      isError(exchange({ status: 404, headers: { 'content-type': 'text/html' } }), 404),
      [
        'the error is not labelled as JSON',
        'schemas does not name Error',
        'the body\'s status is not "404"',
        'there is no detail',
      ],
    ],
    [
      'another scimType',
      isError(exchange({ status: 404, body: error }), 404, 'uniqueness'),
      ['scimType is undefined, not uniqueness'],
    ],
    ['the same letters in another case', holds({ a: 'X' }, { a: 'x' }), ['a is "X", not "x"']],
    ['text instead of a boolean', holds({ a: 'true' }, { a: true }), ['a is "true", not true']],
    ['a longer list', holds({ a: [1, 2] }, { a: [1] }), ['a is [1,2], not [1]']],
    ['something that should be gone', holds({ a: 1 }, { a: undefined }), ['a is there, and should not be']],
    ['more than expected inside an object', holds({ a: 1, b: 2 }, { a: 1 }), []],
    [
      'two of one type',
      holdsTyped([{ type: 'work' }, { type: 'work' }], 'work', {}),
      ['2 elements of type work, not 1'],
    ],
    ['the same set in another order', isSameSet(['a', 'b'], ['b', 'a']), []],
    [
      'one missing, one too many, one twice',
      isSameSet(['a', 'a', 'c'], ['a', 'b']),
      ['missing: b (1)', 'too many: c (1)', 'something is there twice'],
    ],
  ])('%s', (_what, problems, expected) => {
    expect(problems).toEqual(expected);
  });
});
