/** What the tests of S33 to S53 must notice the loss of: for us, from them, now, asked for, and once. */
import type { Guard } from '../../scripts/guards/guard.ts';

const ATTACKS = 'test/protocols/saml/attacks.test.ts';
const LOGOUT_TESTS = 'test/protocols/saml/logout.test.ts';
const GATES = 'test/protocols/saml/gates.test.ts';
const ACS_TESTS = 'test/http/saml/acs.test.ts';
const UNASKED = 'test/http/saml/idp-initiated.test.ts';
const SIGN_IN_TESTS = 'test/core/sign-in/sign-ins.test.ts';
const READ = 'src/protocols/saml/read-assertion.ts';
const VALIDATE = 'src/protocols/saml/validate-response.ts';
const EXPECTATIONS = 'src/protocols/saml/expectations.ts';
const SCAN = 'src/protocols/saml/scan-response.ts';
const LOGOUT = 'src/protocols/saml/logout-message.ts';
const SIGN_INS = 'src/core/sign-in/sign-ins.ts';
const PENDING = 'src/core/sign-in/pending-sign-ins.ts';
const ACS = 'src/http/saml/acs.ts';

const addressing: readonly Guard[] = [
  {
    line: 'S33',
    file: VALIDATE,
    without: "if (destination !== expected.acsUrl) refuse('saml.destination', { destination });",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S33',
    file: LOGOUT,
    without: "if (destination !== expected.logoutUrl) return refuse('saml.destination', { destination });",
    put: '',
    test: LOGOUT_TESTS,
  },
  {
    line: 'S34',
    file: READ,
    without: "if (recipient !== expected.acsUrl) return refuse('saml.recipient', { recipient });",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S35',
    file: VALIDATE,
    without: "if (issuer !== expected.entityId && !isIssuerMissing) refuse('saml.issuer', { issuer });",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S35',
    file: READ,
    without: "textOf(issuer, 'saml.issuer') !== expected.entityId || format !== ENTITY_FORMAT",
    put: 'format !== ENTITY_FORMAT',
    test: ATTACKS,
  },
  {
    line: 'S35',
    file: READ,
    without: "textOf(issuer, 'saml.issuer') !== expected.entityId || format !== ENTITY_FORMAT",
    put: "textOf(issuer, 'saml.issuer') !== expected.entityId",
    test: ATTACKS,
  },
  {
    line: 'S35',
    file: SCAN,
    without: 'if (isRepeated || names.some((name) => !RESPONSE_CHILDREN.has(name)))',
    put: 'if (names.some((name) => !RESPONSE_CHILDREN.has(name)))',
    test: ATTACKS,
  },
  {
    line: 'S35',
    file: LOGOUT,
    without: "readText(issuer, 'saml.issuer') !== expected.entityId || format !== ENTITY_FORMAT",
    put: 'format !== ENTITY_FORMAT',
    test: LOGOUT_TESTS,
  },
];

const confirmation: readonly Guard[] = [
  {
    line: 'S36',
    file: READ,
    without: "if (method !== BEARER) return refuse('saml.confirmation_method', { method });",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S36',
    file: READ,
    without: "const confirmation = only(subject, 'SubjectConfirmation', 'saml.subject_confirmation');",
    put: "const [confirmation] = childrenOf(subject, SAML_NS, 'SubjectConfirmation');\n  if (confirmation === undefined) return Number.POSITIVE_INFINITY;",
    test: ATTACKS,
  },
  {
    line: 'S37',
    file: READ,
    without: "if (notOnOrAfter === undefined || attributeOf(data, 'NotBefore') !== undefined) {",
    put: "if (notOnOrAfter === undefined) return Number.POSITIVE_INFINITY;\n  if (attributeOf(data, 'NotBefore') !== undefined) {",
    test: ATTACKS,
  },
  {
    line: 'S37',
    file: READ,
    without: "if (notOnOrAfter === undefined || attributeOf(data, 'NotBefore') !== undefined) {",
    put: 'if (notOnOrAfter === undefined) {',
    test: ATTACKS,
  },
  {
    line: 'S37',
    file: READ,
    without: "return checkNotOnOrAfter(notOnOrAfter, expected, 'saml.confirmation_time');",
    put: "return readInstant(notOnOrAfter, 'NotOnOrAfter');",
    test: ATTACKS,
  },
  {
    line: 'S38',
    file: READ,
    without: "const conditions = only(assertion, 'Conditions', 'saml.conditions');",
    put: "const [conditions] = childrenOf(assertion, SAML_NS, 'Conditions');\n  if (conditions === undefined) return Number.POSITIVE_INFINITY;",
    test: ATTACKS,
  },
  {
    line: 'S38',
    file: READ,
    without: "if (!isKnown) return refuse('saml.conditions');",
    put: '',
    test: ATTACKS,
  },
  { line: 'S38', file: READ, without: 'checkAudience(conditions, expected);', put: '', test: ATTACKS },
  {
    line: 'S38',
    file: READ,
    without: 'restrictions.length === 0 || !isForUs',
    put: '!isForUs',
    test: ATTACKS,
  },
  { line: 'S38', file: READ, without: 'restrictions.every(', put: 'restrictions.some(', test: ATTACKS },
];

const times: readonly Guard[] = [
  {
    line: 'S39',
    file: EXPECTATIONS,
    without: 'if (expected.now >= endsAt + skewOf(expected)) refuse(reason, { NotOnOrAfter: value });',
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S39',
    file: EXPECTATIONS,
    without: 'if (expected.now >= endsAt + skewOf(expected))',
    put: 'if (expected.now >= endsAt)',
    test: ATTACKS,
    why: 'Within the skew is accepted.',
  },
  {
    line: 'S39',
    file: EXPECTATIONS,
    without:
      "if (expected.now - issuedAt > maxAgeOf(expected)) refuse('saml.too_old', { IssueInstant: value });",
    put: '',
    test: [ATTACKS, LOGOUT_TESTS],
  },
  {
    line: 'S39',
    file: VALIDATE,
    without: 'checkIssueInstant(scanned.issueInstant, expected);',
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S39',
    file: READ,
    without: "return refuse('saml.not_yet_valid', { NotBefore: notBefore });",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S39',
    file: READ,
    without: "if (authnInstant > expected.now + skewOf(expected)) return refuse('saml.issued_in_future');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S39',
    file: EXPECTATIONS,
    without: 'value !== undefined && DATE_TIME.test(value) ?',
    put: 'value !== undefined ?',
    test: [ATTACKS, LOGOUT_TESTS],
  },
  {
    line: 'S39',
    file: SCAN,
    without: "if (attributeOf(root, 'Version') !== '2.0') refuse('saml.version');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S39',
    file: READ,
    without: "if (attributeOf(assertion, 'Version') !== '2.0') return refuse('saml.version');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S40',
    file: EXPECTATIONS,
    without:
      "if (issuedAt > expected.now + skewOf(expected)) refuse('saml.issued_in_future', { IssueInstant: value });",
    put: '',
    test: [ATTACKS, GATES, LOGOUT_TESTS],
  },
  {
    line: 'S40',
    file: EXPECTATIONS,
    without: 'if (issuedAt > expected.now + skewOf(expected))',
    put: 'if (issuedAt > expected.now)',
    test: [ATTACKS, GATES],
    why: 'A clock that is ahead by less than the skew is accepted.',
  },
  {
    line: 'S41',
    file: SCAN,
    without: "if (values.length !== 1 || values[0] !== SUCCESS) refuse('saml.status', { values });",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S41',
    file: SCAN,
    without: 'values.length !== 1 || values[0] !== SUCCESS',
    put: 'values[0] !== SUCCESS',
    test: ATTACKS,
  },
];

const asked: readonly Guard[] = [
  {
    line: 'S42',
    file: EXPECTATIONS,
    without: "if (expected.allowUnsolicited !== true) refuse('saml.unsolicited', { InResponseTo: value });",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S42',
    file: ACS,
    without: 'allowUnsolicited: requestId === undefined && connection.idpInitiated',
    put: 'allowUnsolicited: requestId === undefined',
    also: [
      {
        file: 'src/core/sign-in/unsolicited-sign-ins.ts',
        without: "if (!current.idpInitiated) throw signInRefusal('saml.unsolicited');",
        put: '',
      },
    ],
    why: 'The transaction asks once more, of the connection as it is then.',
    test: [ACS_TESTS, UNASKED],
  },
  {
    line: 'S43',
    file: READ,
    without:
      "checkInResponseTo(attributeOf(data, 'InResponseTo'), expected, 'saml.assertion_in_response_to');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S44',
    file: EXPECTATIONS,
    without: 'if (value !== expected.requestId) refuse(mismatch, { InResponseTo: value });',
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S44',
    file: PENDING,
    without: 'constantTimeEqual(pending.bindingHash, deps.hashPending(binding))',
    put: "binding !== ''",
    test: [SIGN_IN_TESTS, ACS_TESTS],
  },
  {
    line: 'S45',
    file: SIGN_INS,
    without: "if (!isFirst) throw signInRefusal('saml.replayed');",
    put: '',
    test: ACS_TESTS,
  },
  {
    line: 'S45',
    file: PENDING,
    without: 'await tx.pendingSignIns.consume(organizationId, id, deps.hashPending(handle));',
    put: 'await tx.pendingSignIns.find(organizationId, id, deps.hashPending(handle));',
    also: [{ file: SIGN_INS, without: "if (!isFirst) throw signInRefusal('saml.replayed');", put: '' }],
    test: ACS_TESTS,
    why: 'Request and assertion are both used up, each for itself enough against the same response posted again.',
  },
  {
    line: 'S46',
    file: PENDING,
    without: 'await tx.pendingSignIns.consume(organizationId, id, deps.hashPending(handle));',
    put: 'await tx.pendingSignIns.find(organizationId, id, deps.hashPending(handle));',
    test: SIGN_IN_TESTS,
  },
  {
    line: 'S46',
    file: SIGN_INS,
    without: "if (!isFirst) throw signInRefusal('saml.replayed');",
    put: '',
    test: [SIGN_IN_TESTS, UNASKED],
  },
  {
    line: 'S47',
    file: READ,
    without: 'expiresAt: endsAt + skewOf(expected),',
    put: 'expiresAt: endsAt,',
    test: GATES,
  },
  {
    line: 'S47',
    file: SIGN_INS,
    without:
      'const isFirst = await tx.consumedAssertions.claim(organizationId, id, assertion.id, assertion.expiresAt);',
    put: 'const isFirst = assertion.id !== "";',
    test: UNASKED,
  },
];

const doors: readonly Guard[] = [
  {
    line: 'S48',
    file: ACS,
    without: 'if (maySomebodyBeSignedIn) return askFirst(deps, res, answer);',
    put: '',
    test: UNASKED,
  },
  {
    line: 'S49',
    file: EXPECTATIONS,
    without: "if (value !== undefined) refuse('saml.unsolicited_in_response_to', { InResponseTo: value });",
    put: '',
    test: [ATTACKS, UNASKED],
  },
  {
    line: 'S50',
    file: 'src/http/return-path.ts',
    without: 'value.length <= LONGEST && OWN_PATH.test(value) ? value : null',
    put: 'value.length <= LONGEST ? value : null',
    test: ACS_TESTS,
  },
  {
    line: 'S50',
    file: 'src/http/return-path.ts',
    without: '(?!\\/)',
    put: '',
    test: [ACS_TESTS, 'test/http/pages/sign-in.test.ts'],
  },
  {
    line: 'S50',
    file: ACS,
    without: "seeOther(res, '/');",
    put: "seeOther(res, String(formField(req, 'RelayState') ?? '/'));",
    test: UNASKED,
    added: 'a redirect to the posted RelayState',
  },
  {
    line: 'S51',
    file: 'src/http/server.ts',
    without: '          defaultSrc: ["\'none\'"],\n',
    put: '          defaultSrc: ["\'self\'", "\'unsafe-inline\'"],\n',
    test: ACS_TESTS,
  },
  {
    line: 'S51',
    file: ACS,
    without: '      await noteHints(deps, res, samlResponse);',
    put: "      res.status(403).type('html').send(`<p>${formField(req, 'RelayState')}</p>`);\n      if (res.headersSent) return;",
    test: ACS_TESTS,
    added: 'a page that shows the posted RelayState',
  },
  {
    line: 'S52',
    file: 'src/http/saml/router.ts',
    without: 'POST: [...readPosted, postAcs(deps)],',
    put: 'GET: [postAcs(deps)],\n    POST: [...readPosted, postAcs(deps)],',
    test: ACS_TESTS,
  },
  {
    line: 'S52',
    file: ACS,
    without: "if (formField(req, 'SAMLRequest') !== undefined)",
    put: "if (formField(req, 'SAMLRequest') === null)",
    test: ACS_TESTS,
  },
  {
    line: 'S53',
    file: ACS,
    without: "if (samlResponse === undefined || samlResponse === '')",
    put: 'if (samlResponse === null)',
    test: ACS_TESTS,
  },
  {
    line: 'S52',
    file: 'src/http/saml/router.ts',
    without: "router.use('/:connectionId/acs', unreadAt(deps, ACS_DOOR));",
    put: '',
    test: ACS_TESTS,
    why: 'What is refused unread would have a page of its own and no reason that an admin finds.',
  },
  {
    line: 'S52',
    file: 'src/http/oidc/router.ts',
    without: "router.use('/oidc-callback/:connectionId', unreadAt(deps, CALLBACK_DOOR));",
    put: '',
    test: 'test/http/oidc/sign-in.test.ts',
    why: 'The same for OpenID Connect.',
  },
  {
    line: 'S53',
    file: 'src/http/saml/acs-surface.ts',
    without: 'await refuseUnread(deps, { req, res }, { door: ACS_DOOR, thrown });',
    put: 'throw thrown;',
    test: ACS_TESTS,
    why: 'The same for what is posted.',
  },
];

export const samlProtocolGuards: readonly Guard[] = [
  ...addressing,
  ...confirmation,
  ...times,
  ...asked,
  ...doors,
];
