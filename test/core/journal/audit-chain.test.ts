/** The chain of the audit as values: what a row's place holds, and what it does not give away. */
import { expect, test } from '@jest/globals';
import { linkAfter } from '../../../src/core/journal/audit-chain.ts';
import { anAuditEvent, nextId } from '../../support/builders.ts';

test('S217: the digest of what is personal is salted, so that a row without it cannot be found again by trying', () => {
  const event = anAuditEvent(nextId('org'), { details: { email: 'ada@example.com' }, ip: '192.0.2.1' });
  const [one, two] = [linkAfter(undefined, event), linkAfter(undefined, event)];
  expect(one.salt).toMatch(/^[\w-]{22}$/);
  expect(two.salt).not.toBe(one.salt);
  expect(two.personalDigest).not.toBe(one.personalDigest);
});
