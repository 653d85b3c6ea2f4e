/** What the tests of the audit (S214 to S217) must notice the loss of. */
import type { Guard } from '../../scripts/guards/guard.ts';

const CHAIN = 'src/core/journal/audit-chain.ts';
const AUDIT = 'src/core/journal/audit.ts';
const ERASURE = 'src/core/journal/audit-erasure.ts';
const EVENTS = 'src/storage/sqlite/audit-events.ts';
const RECORDINGS = 'src/storage/sqlite/recorder-entries.ts';
const CHAIN_TEST = 'test/http/api/audit-chain.test.ts';
const ACTS_TEST = 'test/http/api/audit-acts.test.ts';
const RETENTION_TEST = 'test/http/api/audit-retention.test.ts';
const CONTRACT_TEST = 'test/contract/run.test.ts';

/** A chain that shows every change, one complete row for each act, nobody else's rows, and nothing left of whoever was erased. */
export const auditGuards: readonly Guard[] = [
  {
    line: 'S214',
    file: CHAIN,
    without: 'if (isWhole && hashOf(event, link, last.hash) === link.hash) return undefined;',
    put: 'if (isWhole) return undefined;',
    test: CHAIN_TEST,
  },
  {
    line: 'S214',
    file: CHAIN,
    without: 'digestPersonal(event, link.salt) === link.personalDigest;',
    put: "link.personalDigest !== '';",
    test: CHAIN_TEST,
  },
  {
    line: 'S214',
    file: CHAIN,
    without: "if (link.seq !== last.seq + 1) return { seq: last.seq + 1, id: null, problem: 'missing' };",
    put: '',
    test: CHAIN_TEST,
  },
  {
    line: 'S214',
    file: CHAIN,
    without: "if (last.seq < head.seq) return { seq: last.seq + 1, id: null, problem: 'truncated' };",
    put: '',
    test: CHAIN_TEST,
  },
  {
    line: 'S214',
    file: CHAIN,
    without: 'const fault = faultOf(row, walk.last) ?? faultAgainst(anchor, row);',
    put: 'const fault = faultOf(row, walk.last);',
    test: CHAIN_TEST,
  },
  {
    line: 'S214',
    file: CHAIN,
    without: 'base === baseSeq ? undefined',
    put: 'base <= baseSeq ? undefined',
    test: RETENTION_TEST,
  },
  {
    line: 'S214',
    file: EVENTS,
    without: 'if (seq !== last + 1)',
    put: 'if (seq === undefined)',
    test: CONTRACT_TEST,
  },
  {
    line: 'S215',
    file: AUDIT,
    without: 'ip: cause.ip ?? null,',
    put: 'ip: null,',
    test: ACTS_TEST,
  },
  {
    line: 'S215',
    file: AUDIT,
    without: "id: newIdInSequence('aud', { now, place: placeAfter(head) }),",
    put: "id: newId('aud', now),",
    test: 'test/http/api/audit-order.test.ts',
  },
  {
    line: 'S215',
    file: 'src/core/members/memberships.ts',
    without: "type: status === 'suspended' ? 'member.suspended' : 'member.reactivated',",
    put: "type: 'member.updated',",
    test: ACTS_TEST,
  },
  {
    line: 'S215',
    file: 'src/core/journal/webhooks.ts',
    without:
      "await tell(tx, { organizationId, cause, now: deps.clock() }, { webhook, type: 'webhook.removed' });",
    put: '',
    test: ACTS_TEST,
  },
  {
    line: 'S216',
    file: EVENTS,
    without: "['organization_id = ?', 'id < ?', ...conditions]",
    put: "['organization_id >= ?', 'id < ?', ...conditions]",
    test: 'test/http/api/audit-events.test.ts',
  },
  {
    line: 'S216',
    file: EVENTS,
    without:
      'SELECT * FROM audit_events WHERE organization_id = ? AND seq IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?',
    put: 'SELECT * FROM audit_events WHERE organization_id <> ? AND seq IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?',
    test: CHAIN_TEST,
  },
  {
    line: 'S216',
    file: RECORDINGS,
    without: "'SELECT * FROM recorder_entries WHERE organization_id = ? AND id = ?';",
    put: "'SELECT * FROM recorder_entries WHERE ? IS NOT NULL AND id = ?';",
    test: 'test/http/scim/recorder.test.ts',
  },
  {
    line: 'S216',
    file: RECORDINGS,
    without: '`SELECT * FROM recorder_entries WHERE organization_id = ? AND id < ?${where}',
    put: '`SELECT * FROM recorder_entries WHERE ? IS NOT NULL AND id < ?${where}',
    test: 'test/http/scim/recorder.test.ts',
  },
  {
    line: 'S217',
    file: 'src/storage/sqlite/sign-in-attempts.ts',
    without: 'return isStrangers(attempt) ? FAILED_STRANGERS : FAILED;',
    put: 'return isStrangers(attempt) && FAILED_STRANGERS === FAILED ? FAILED_STRANGERS : FAILED;',
    test: 'test/core/sign-in/sign-in-recorder.test.ts',
  },
  {
    line: 'S217',
    file: 'src/core/sign-in/sign-in-recorder.ts',
    without:
      'const key = isStrangers(attempt) ? `strangers ${organizationId}` : (connectionId ?? organizationId);',
    put: 'const key = isStrangers(attempt) ? (connectionId ?? organizationId) : (connectionId ?? organizationId);',
    test: 'test/core/sign-in/sign-in-recorder.test.ts',
  },
  {
    line: 'S217',
    file: 'src/http/refusal-record.ts',
    without: 'if (written === undefined) return;',
    put: '',
    test: ['test/http/stranger-refusals.test.ts', 'test/http/saml/unread-flood.test.ts'],
  },
  {
    line: 'S217',
    file: 'src/http/refusal-record.ts',
    without: 'strangerGate !== undefined && isStrangersAttempt(res);',
    put: "strangerGate !== undefined && isStrangersAttempt(res) && kind === 'unread';",
    test: 'test/http/stranger-refusals.test.ts',
  },
  {
    line: 'S217',
    file: 'src/http/saml/strategy.ts',
    without: 'throw isSigned ? signedRefusal(error) : error;',
    put: 'throw isSigned && input.now < 0 ? signedRefusal(error) : error;',
    test: 'test/http/stranger-refusals.test.ts',
    why: 'What the provider signed must never be left out for what strangers send.',
  },
  {
    line: 'S217',
    file: CHAIN,
    without: 'sha256(`${salt}${canonicalJson([actor, details, ip])}`);',
    put: 'sha256(`${salt.slice(0, 0)}${canonicalJson([actor, details, ip])}`);',
    test: 'test/core/journal/audit-chain.test.ts',
  },
  {
    line: 'S217',
    file: CHAIN,
    without: 'link.salt === null ? isEmptied(event) :',
    put: 'link.salt === null ? true :',
    test: RETENTION_TEST,
  },
  {
    line: 'S217',
    file: ERASURE,
    without: 'await tx.outbox.eraseDetails(organizationId, event);',
    put: '',
    test: RETENTION_TEST,
  },
  {
    line: 'S217',
    file: EVENTS,
    without: "UPDATE audit_events SET actor = ?, details = '{}', ip = NULL, salt = NULL WHERE",
    put: 'UPDATE audit_events SET actor = ?, salt = NULL WHERE',
    test: RETENTION_TEST,
  },
  {
    line: 'S217',
    file: ERASURE,
    without: 'await tx.pastValues.erase(organizationId, member);',
    put: '',
    test: 'test/http/api/erasure.test.ts',
  },
];
