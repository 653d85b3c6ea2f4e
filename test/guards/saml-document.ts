/** What the tests of S1 to S21 must notice the loss of: the one shape of a signed response, and who may have signed it. */
import type { Guard } from '../../scripts/guards/guard.ts';

const ATTACKS = 'test/protocols/saml/attacks.test.ts';
const LOGOUT_TESTS = 'test/protocols/saml/logout.test.ts';
const ENCRYPTED_TESTS = 'test/http/saml/encrypted.test.ts';
const GATES = 'test/protocols/saml/gates.test.ts';
const FILES = 'test/http/saml/attack-files.test.ts';
const SCAN = 'src/protocols/saml/scan-response.ts';
const SCAN_INNER = 'src/protocols/saml/scan-assertion.ts';
const SHAPE = 'src/protocols/saml/signature-shape.ts';
const VERIFY = 'src/protocols/saml/verify-signature.ts';
const READ = 'src/protocols/saml/read-assertion.ts';
const PARSER = 'src/protocols/saml/parse-xml.ts';
const LOGOUT = 'src/protocols/saml/logout-message.ts';
const STRATEGY = 'src/http/saml/strategy.ts';
const CERTIFICATES = 'src/protocols/saml/certificates.ts';

/** Assertions are counted, wherever they stand; without it the first one is read. */
export const ONE_ASSERTION = {
  file: SCAN,
  without: 'if (assertion === undefined || found.length !== 1 || assertion.parent !== root) {',
  put: 'if (assertion === undefined) {',
  test: ATTACKS,
};
/** Signatures stand directly in the response or its assertion, once each. */
const SIGNATURE_PLACE = {
  file: SCAN,
  without:
    "if (isMisplaced || ofResponse.length > 1 || ofAssertion.length > 1) refuse('saml.signature_place');",
  put: '',
  test: ATTACKS,
};
const NO_STRAYS = {
  file: SCAN,
  without: "if (strays !== 0) refuse('saml.signature_place', { strays });",
  put: '',
  test: ATTACKS,
};
/** The signature is a pinned certificate's. */
const GENUINE = {
  file: VERIFY,
  without: 'if (!isGenuine) return undefined;',
  put: '',
};
/** The digest is that of the text. */
export const DIGEST = {
  file: VERIFY,
  without: 'return found.length === digest.length && timingSafeEqual(found, digest) ? text : undefined;',
  put: 'return text;',
};

const wrapping: readonly Guard[] = [
  {
    line: 'S1',
    file: SCAN,
    without: "if (!signed.responseSigned && !signed.assertionSigned) refuse('saml.unsigned');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S1',
    file: SHAPE,
    without:
      'const isLong = bytes === undefined ? value.length >= 128 && value.length <= 2048 : value.length === bytes;',
    put: 'const isLong = bytes === undefined || value.length === bytes;',
    test: ATTACKS,
  },
  { line: 'S2', ...ONE_ASSERTION },
  { line: 'S3', ...ONE_ASSERTION },
  { line: 'S4', ...ONE_ASSERTION },
  { line: 'S4', ...SIGNATURE_PLACE },
  {
    line: 'S4',
    file: SCAN_INNER,
    without: "if (strays !== 0) refuse('saml.signature_place', { strays });",
    put: '',
    test: ENCRYPTED_TESTS,
  },
  { line: 'S5', ...ONE_ASSERTION },
  {
    line: 'S5',
    file: SCAN,
    without:
      "if (isRepeated || names.some((name) => !RESPONSE_CHILDREN.has(name)))\n    refuse('saml.response_shape', { names });",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S6',
    file: SCAN,
    without:
      "if (elements.some((element) => element.local === 'Response' && element !== root))\n    refuse('saml.response_shape');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S6',
    file: LOGOUT,
    without: "if (more.length > 0 || signature.parent !== root) return refuse('saml.signature_place');",
    put: '',
    test: LOGOUT_TESTS,
  },
  { line: 'S7', ...ONE_ASSERTION },
  { line: 'S7', ...SIGNATURE_PLACE },
  { line: 'S7', ...NO_STRAYS },
  {
    line: 'S7',
    file: LOGOUT,
    without: "if (more.length > 0 || signature.parent !== root) return refuse('saml.signature_place');",
    put: '',
    also: [
      {
        file: LOGOUT,
        without: "return strays === 0 ? root : refuse('saml.signature_place', { strays });",
        put: 'return root;',
      },
    ],
    why: 'What steers is counted, too: a second signature is more of it.',
    test: LOGOUT_TESTS,
  },
  {
    line: 'S8',
    file: SCAN,
    without: "if (values.length !== 1 || values[0] !== SUCCESS) refuse('saml.status', { values });",
    put: '',
    test: ATTACKS,
  },
];

const signatures: readonly Guard[] = [
  {
    line: 'S9',
    file: SHAPE,
    without: '  if (fits) return children;',
    put: '  if (expected.every((name) => names.includes(name))) return children.filter((_, at) => names.indexOf(names[at] ?? "") === at);',
    test: ATTACKS,
    why: 'The second SignedInfo is overlooked; then only the count of what steers refuses, with another reason.',
  },
  {
    line: 'S10',
    file: PARSER,
    without: "if (!rules.allowComments && body.includes('<!--')) rules.reject('comment');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S10',
    file: SHAPE,
    without: "value.toString('base64') === text && element?.children.length === 0;",
    put: "value.toString('base64') === text;",
    test: ATTACKS,
  },
  {
    line: 'S11',
    file: SHAPE,
    without:
      "if (references.length !== 1) return refuse('saml.reference', { references: references.length });",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S11',
    file: SHAPE,
    without: "if (uri !== `#${parentId}`) return refuse('saml.reference', { uri });",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S11',
    file: SCAN,
    without: ' || !/^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,255}$/.test(id.value)',
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S12',
    file: SHAPE,
    without: 'steps.length !== 2 || algorithms[0] !== ENVELOPED || algorithms[1] !== EXCLUSIVE_C14N',
    put: 'steps.length > 99',
    test: ATTACKS,
  },
  {
    line: 'S12',
    file: SHAPE,
    without: 'if (enveloped?.children.length !== 0 || extras.length > 1 || !isInclusiveOnly)',
    put: 'if (extras.length > 1)',
    test: ATTACKS,
  },
  {
    line: 'S12',
    file: SHAPE,
    without: 'enveloped?.children.length !== 0 || extras.length > 1 ||',
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S12',
    file: SHAPE,
    without: 'expectAlgorithm(canonicalization, [EXCLUSIVE_C14N]);',
    put: '',
    test: ATTACKS,
  },
  { line: 'S13', ...DIGEST, test: ATTACKS },
  {
    line: 'S13',
    file: READ,
    without: "assertion.uri !== SAML_NS || assertion.local !== 'Assertion' || ",
    put: '',
    test: GATES,
  },
  { line: 'S14', file: SCAN, without: 'ids.length > 1 || ', put: '', test: ATTACKS },
  { line: 'S14', file: SCAN, without: "id.prefix !== '' || ", put: '', test: ATTACKS },
  {
    line: 'S14',
    file: SCAN,
    without: "return attributeOf(root, 'ID') ?? refuse('saml.response_shape');",
    put: "return attributeOf(root, 'ID') ?? '';",
    test: ATTACKS,
  },
  {
    line: 'S14',
    file: SCAN,
    without: "attributeOf(assertion, 'ID') ?? refuse('saml.assertion_shape');",
    put: "attributeOf(assertion, 'ID') ?? '';",
    test: ATTACKS,
    also: [{ file: READ, without: ' || !assertionId) {', put: ' || assertionId === null) {' }],
    why: 'The gate after asks once more.',
  },
  {
    line: 'S15',
    file: SCAN,
    without: "if (seen.has(id.value)) refuse('saml.duplicate_id', { id: id.value });",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S16',
    file: SCAN,
    without: 'if (expected !== undefined && element.uri !== expected)',
    put: 'if (expected === null)',
    test: ATTACKS,
  },
  {
    line: 'S16',
    file: SCAN,
    without: 'if (!isPlain || !isKnownDefault || !isSteady)',
    put: 'if (!isKnownDefault || !isSteady)',
    test: ATTACKS,
  },
  {
    line: 'S16',
    file: SCAN,
    without: 'if (!isPlain || !isKnownDefault || !isSteady)',
    put: 'if (!isPlain || !isSteady)',
    test: ATTACKS,
  },
  {
    line: 'S16',
    file: SCAN,
    without: 'if (!isPlain || !isKnownDefault || !isSteady)',
    put: 'if (!isPlain || !isKnownDefault)',
    test: ATTACKS,
  },
  {
    line: 'S16',
    file: SCAN,
    without:
      "if (root.local !== 'Response' || root.uri !== SAMLP_NS) refuse('saml.not_a_response', { root: root.local });",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S16',
    file: LOGOUT,
    without:
      "if (root.uri !== SAMLP_NS || root.local !== kind) return refuse('saml.not_a_logout', { root: root.local });",
    put: '',
    test: LOGOUT_TESTS,
  },
  {
    line: 'S17',
    file: STRATEGY,
    without:
      "if (issuer !== facts.issuer || nameId !== facts.nameId) refuse('saml.parsers_disagree', unverified);",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S17',
    file: 'src/protocols/saml/validate-response.ts',
    without:
      "if (!isDeepStrictEqual(unverified, facts)) refuse('saml.parsers_disagree', scanned.unverified);",
    put: '',
    test: GATES,
  },
  { line: 'S18', ...GENUINE, test: ATTACKS },
  { line: 'S18', ...GENUINE, test: LOGOUT_TESTS },
  {
    line: 'S19',
    file: SHAPE,
    without: 'if (algorithm === undefined || !allowed.includes(algorithm)) return',
    put: 'if (algorithm === undefined) return',
    test: ATTACKS,
  },
  {
    line: 'S19',
    file: SHAPE,
    without:
      "if (element?.children.length !== 0) return refuse('saml.algorithm', { algorithm, hasParameters: true });",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S20',
    file: SHAPE,
    without: 'acceptSha1 ? [...SIGNATURE_ALGORITHMS, SHA1_SIGNATURE] : SIGNATURE_ALGORITHMS',
    put: '[...SIGNATURE_ALGORITHMS, SHA1_SIGNATURE]',
    test: ATTACKS,
  },
  {
    line: 'S20',
    file: SHAPE,
    without: 'acceptSha1 ? [...digests, SHA1_DIGEST] : digests',
    put: '[...digests, SHA1_DIGEST]',
    test: ATTACKS,
  },
  {
    line: 'S20',
    file: SHAPE,
    without: 'acceptSha1 ? [...SIGNATURE_ALGORITHMS, SHA1_SIGNATURE] : SIGNATURE_ALGORITHMS',
    put: '[...SIGNATURE_ALGORITHMS, SHA1_SIGNATURE]',
    test: LOGOUT_TESTS,
  },
  {
    line: 'S20',
    file: STRATEGY,
    without: 'connection.sha1Until !== null && now < connection.sha1Until',
    put: 'connection.sha1Until !== null',
    test: 'test/http/saml/sha1.test.ts',
  },
  {
    line: 'S21',
    file: 'src/http/saml/start.ts',
    without: 'if (problem !== null) throw signInRefusal(problem);',
    put: '',
    test: 'test/http/saml/authn-request.test.ts',
  },
  {
    line: 'S21',
    file: CERTIFICATES,
    without: "if (asymmetricKeyType === 'rsa' && bits < MIN_RSA_BITS) {",
    put: 'if (bits < 0) {',
    test: ['test/protocols/saml/certificates.test.ts', ATTACKS],
  },
  {
    line: 'S21',
    file: CERTIFICATES,
    without: 'checked.filter((one) => one.notAfter > now)',
    put: 'checked',
    test: ATTACKS,
  },
  {
    line: 'S21',
    file: CERTIFICATES,
    without: 'checked.filter((one) => one.notAfter > now)',
    put: 'checked',
    test: FILES,
  },
];

export const samlDocumentGuards: readonly Guard[] = [...wrapping, ...signatures];
