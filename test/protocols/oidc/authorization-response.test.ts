/** The callback's query is judged before the code is spent (S71, S72, S87). */
import { describe, expect, test } from '@jest/globals';
import { isGatehouseError } from '../../../src/kernel/errors.ts';
import { readAuthorizationResponse } from '../../../src/protocols/oidc/authorization-response.ts';

const expected = { state: 'state-1', issuer: 'https://idp.example', isIssuerRequired: false };
const iss = 'iss=https%3A%2F%2Fidp.example';

function outcome(query: string, isIssuerRequired = false): string {
  try {
    return readAuthorizationResponse(new URLSearchParams(query), { ...expected, isIssuerRequired });
  } catch (error) {
    if (!isGatehouseError(error, 'sign_in_refused')) throw error;
    return JSON.stringify(error.context);
  }
}

const refusal = (reason: string, facts: object = {}) => JSON.stringify({ ...facts, reason });

describe('an answer for this sign-in', () => {
  test.each([
    ['code and state', 'code=c1&state=state-1'],
    ['with its issuer', `code=c1&state=state-1&${iss}`],
    ['with session_state besides', 'code=c1&state=state-1&session_state=x'],
  ])('%s gives the code', (_title, query) => {
    expect(outcome(query)).toBe('c1');
  });

  test.each([
    ['S72 state missing', 'code=c1', refusal('oidc.state')],
    ['S72 state of another sign-in', 'code=c1&state=state-2', refusal('oidc.state')],
    ['S72 state empty', 'code=c1&state=', refusal('oidc.state')],
    ['S72 two states', 'code=c1&state=state-1&state=state-2', refusal('oidc.response', { name: 'state' })],
    ['S72 an error without the state proves nothing', 'error=access_denied', refusal('oidc.state')],
    ['two codes', 'code=c1&code=c2&state=state-1', refusal('oidc.response', { name: 'code' })],
    ['no code', 'state=state-1', refusal('oidc.response', { name: 'code' })],
    ['an empty code', 'code=&state=state-1', refusal('oidc.response', { name: 'code' })],
    ['an endless code', `code=${'x'.repeat(5000)}&state=state-1`, refusal('oidc.response', { name: 'code' })],
    [
      'S71 issuer of another',
      'code=c1&state=state-1&iss=https%3A%2F%2Fevil.example',
      refusal('oidc.response_issuer'),
    ],
    ['S71 issuer twice', `code=c1&state=state-1&${iss}&${iss}`, refusal('oidc.response', { name: 'iss' })],
    [
      'the person said no',
      'error=access_denied&state=state-1',
      refusal('oidc.denied', { unverified: { error: 'access_denied' } }),
    ],
    [
      'S87 markup in error is not kept; the description is, for admins, as words of a stranger',
      'error=%3Cscript%3E&error_description=%3Cb%3E%0Ax&state=state-1',
      refusal('oidc.denied', { unverified: { error: 'unreadable', error_description: '<b> x' } }),
    ],
  ])('%s', (_title, query, answer) => {
    expect(outcome(query)).toBe(answer);
  });

  test('S71 issuer absent although promised', () => {
    expect(outcome('code=c1&state=state-1', true)).toBe(refusal('oidc.response_issuer'));
    expect(outcome(`code=c1&state=state-1&${iss}`, true)).toBe('c1');
  });
});
