/** What the tests of S22 to S32 must notice the loss of: text that is read as one thing only, and what is encrypted. */
import type { Guard } from '../../scripts/guards/guard.ts';
import { DIGEST, ONE_ASSERTION } from './saml-document.ts';

const ATTACKS = 'test/protocols/saml/attacks.test.ts';
const LOGOUT_TESTS = 'test/protocols/saml/logout.test.ts';
const ENCRYPTED_TESTS = 'test/http/saml/encrypted.test.ts';
const GATES = 'test/protocols/saml/gates.test.ts';
const SCAN = 'src/protocols/saml/scan-response.ts';
const SCAN_INNER = 'src/protocols/saml/scan-assertion.ts';
const SHAPE = 'src/protocols/saml/signature-shape.ts';
const READ = 'src/protocols/saml/read-assertion.ts';
const PARSER = 'src/protocols/saml/parse-xml.ts';
const DECODE = 'src/protocols/saml/decode-response.ts';
const LOGOUT = 'src/protocols/saml/logout-message.ts';
const REDIRECT = 'src/protocols/saml/redirect-binding.ts';
const ENVELOPE = 'src/protocols/saml/encrypted-assertion.ts';
const OPENING = 'src/http/saml/encrypted-response.ts';

const text: readonly Guard[] = [
  {
    line: 'S22',
    file: PARSER,
    without: "if (!rules.allowComments && body.includes('<!--')) rules.reject('comment');",
    put: '',
    test: [ATTACKS, LOGOUT_TESTS],
  },
  {
    line: 'S22',
    file: PARSER,
    without: "if (body.includes('<?')) rules.reject('processing_instruction');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S22',
    file: PARSER,
    without: "if (body.includes('<![CDATA[')) rules.reject('cdata');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S22',
    file: PARSER,
    without: "rules.reject('entity');",
    put: '{}',
    test: ATTACKS,
  },
  {
    line: 'S22',
    file: READ,
    without:
      'return element.children.length > 0 ? refuse(reason, { element: element.local }) : element.text;',
    put: 'return element.text;',
    test: ATTACKS,
  },
  { line: 'S22', file: READ, without: ' || hasControl', put: '', test: ATTACKS },
  {
    line: 'S22',
    file: LOGOUT,
    without: "const isPlain = children.length === 0 && text.trim() !== ''",
    put: "const isPlain = children.length >= 0 && text.trim() !== ''",
    test: LOGOUT_TESTS,
  },
  {
    line: 'S22',
    file: LOGOUT,
    without: 'return element === undefined || more.length > 0 ?',
    put: 'return element === undefined ?',
    test: LOGOUT_TESTS,
  },
  {
    line: 'S23',
    file: PARSER,
    without: "if (/<!(?!--)/.test(body)) rules.reject('doctype');",
    put: '',
    test: [ATTACKS, LOGOUT_TESTS, ENCRYPTED_TESTS],
  },
  {
    line: 'S24',
    file: PARSER,
    without: "if (/<!(?!--)/.test(body)) rules.reject('doctype');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S24',
    file: PARSER,
    without: "if (open.length >= rules.maxDepth) rules.reject('too_deep');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S24',
    file: PARSER,
    without: "if (attributes > rules.maxAttributes) rules.reject('too_many_attributes');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S24',
    file: PARSER,
    without: "if (elements > rules.maxElements) rules.reject('too_many_elements');",
    put: '',
    test: [ATTACKS, LOGOUT_TESTS],
  },
  {
    line: 'S24',
    file: LOGOUT,
    without: '{ ...MESSAGE_RULES, maxElements: MAX_ELEMENTS }',
    put: 'MESSAGE_RULES',
    test: LOGOUT_TESTS,
  },
  {
    line: 'S24',
    file: SCAN,
    without: 'if (elements.length - inside > MAX_OUTSIDE)',
    put: 'if (elements.length < inside)',
    test: ATTACKS,
  },
  {
    line: 'S24',
    file: SHAPE,
    without: " &&\n      (attributeOf(extra, 'PrefixList') ?? '').length <= MAX_PREFIX_LIST",
    put: '',
    test: 'test/protocols/saml/floods.test.ts',
  },
  {
    line: 'S25',
    file: DECODE,
    without:
      "if (bytes.length > MAX_RESPONSE_BYTES) return refuse('saml.too_large', { bytes: bytes.length });",
    put: '',
    test: [GATES, ATTACKS],
  },
  {
    line: 'S25',
    file: DECODE,
    without:
      "if (field.length > MAX_FIELD_LENGTH) return refuse('saml.too_large', { length: field.length });",
    put: '',
    test: GATES,
  },
  {
    line: 'S25',
    file: REDIRECT,
    without: 'inflateRawSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES })',
    put: 'inflateRawSync(bytes)',
    test: LOGOUT_TESTS,
  },
  {
    line: 'S25',
    file: 'src/http/saml/acs.ts',
    without: 'ACS_LIMIT_BYTES = 450 * 1024',
    put: 'ACS_LIMIT_BYTES = 45_000 * 1024',
    test: 'test/http/saml/acs.test.ts',
  },
  {
    line: 'S26',
    file: PARSER,
    without: "parser.on('error', (error) => rules.reject('malformed', error));",
    put: "parser.on('error', () => undefined);",
    test: ATTACKS,
  },
  {
    line: 'S26',
    file: DECODE,
    without: "if (text.startsWith('\\uFEFF') || text.includes('\\u0000')) return refuse('saml.encoding');",
    put: '',
    test: ATTACKS,
  },
  { line: 'S26', file: DECODE, without: 'fatal: true', put: 'fatal: false', test: ATTACKS },
  {
    line: 'S26',
    file: PARSER,
    without: "if (body.includes('<?')) rules.reject('processing_instruction');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S27',
    file: DECODE,
    without: "if (bytes.toString('base64') !== base64) return refuse('saml.base64');",
    put: '',
    test: [ATTACKS, LOGOUT_TESTS],
  },
  {
    line: 'S27',
    file: DECODE,
    without: "if (isFolded && !FOLDED.test(field)) return refuse('saml.base64');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S27',
    file: DECODE,
    without: "if (typeof field !== 'string' || field === '') return refuse('saml.not_one_string');",
    put: "if (typeof field !== 'string') return decodeUtf8(Buffer.from(String(Array.isArray(field) ? field[0] : ''), 'base64'));",
    test: ATTACKS,
    why: 'Of a doubled field the first value is read.',
  },
];

const encryption: readonly Guard[] = [
  {
    line: 'S28',
    file: OPENING,
    without: "if (!isSigned && !scanned.responseSigned) return refuse('saml.unsigned');",
    put: '',
    test: ENCRYPTED_TESTS,
  },
  {
    line: 'S28',
    file: OPENING,
    without: 'parseXml(isSigned ? verified(seen, envelope) : text, MESSAGE_RULES)',
    put: 'parseXml(text, MESSAGE_RULES)',
    test: ENCRYPTED_TESTS,
  },
  {
    line: 'S28',
    file: OPENING,
    without: 'scanned.responseSigned ? signedCipher(scanned, envelope) : scanned.encrypted',
    put: 'scanned.encrypted',
    test: ENCRYPTED_TESTS,
  },
  {
    line: 'S28',
    file: LOGOUT,
    without:
      "if (names.some((name) => !known.includes(name))) return refuse('saml.logout_shape', { names });",
    put: '',
    test: LOGOUT_TESTS,
  },
  { line: 'S29', ...ONE_ASSERTION, test: [ATTACKS, ENCRYPTED_TESTS] },
  {
    line: 'S29',
    file: SCAN_INNER,
    without: "if (messages.length !== 1) refuse('saml.assertion_count', { count: messages.length });",
    put: '',
    test: ENCRYPTED_TESTS,
  },
  {
    line: 'S29',
    file: SCAN_INNER,
    without: "if (!isAssertion) refuse('saml.assertion_shape', { root: assertion.local });",
    put: '',
    test: ENCRYPTED_TESTS,
  },
  {
    line: 'S29',
    file: ENVELOPE,
    without:
      'if (key === undefined || keys.length > 1 || !isInPlace || hasStrangers || type !== `${XENC_NS}Element`)',
    put: 'if (key === undefined || !isInPlace || hasStrangers || type !== `${XENC_NS}Element`)',
    test: ATTACKS,
  },
  {
    line: 'S29',
    file: ENVELOPE,
    without: ' || !isInPlace || hasStrangers ||',
    put: ' || hasStrangers ||',
    test: ATTACKS,
  },
  {
    line: 'S29',
    file: ENVELOPE,
    without: ' || !isInPlace || hasStrangers ||',
    put: ' || !isInPlace ||',
    test: ATTACKS,
  },
  {
    line: 'S29',
    file: ENVELOPE,
    without: 'hasStrangers || type !== `${XENC_NS}Element`)',
    put: 'hasStrangers)',
    test: ATTACKS,
  },
  {
    line: 'S29',
    file: ENVELOPE,
    without:
      "if (data.children.length !== 1 || value.children.length !== 0) return refuse('saml.encryption_shape');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S30',
    file: ENVELOPE,
    without: "const cipher = CIPHERS.get(attributeOf(method, 'Algorithm') ?? '');",
    put: "const cipher = CIPHERS.get(attributeOf(method, 'Algorithm') ?? '') ?? 'aes-256-gcm';",
    test: [ATTACKS, ENCRYPTED_TESTS],
  },
  {
    line: 'S30',
    file: ENVELOPE,
    without: 'cipher === undefined || method.children.length > 0',
    put: 'cipher === undefined',
    test: ATTACKS,
  },
  {
    line: 'S30',
    file: ENVELOPE,
    without:
      'if (hash === undefined || !isKnown || digestMethods.length > 1 || masks.length > 1 || extras > 0)',
    put: 'if (hash === undefined)',
    test: [ATTACKS, ENCRYPTED_TESTS],
  },
  {
    line: 'S30',
    file: ENVELOPE,
    without: "const hash = HASHES.get(digest ?? '');",
    put: "const hash = HASHES.get(digest ?? '') ?? 'sha1';",
    test: ATTACKS,
  },
  {
    line: 'S30',
    file: ENVELOPE,
    without: '  } catch {\n    return instead;\n  }',
    put: "  } catch (error) {\n    return refuse('saml.decryption', undefined, error);\n  }",
    test: 'test/protocols/saml/opening-work.test.ts',
    why: 'A key that does not fit is then told by less work, and by a cause that only the record shows.',
  },
  {
    line: 'S30',
    file: ENVELOPE,
    without: '  } catch {\n    return undefined;\n  }',
    put: "  } catch (error) {\n    return refuse('saml.encryption_shape', undefined, error);\n  }",
    test: ENCRYPTED_TESTS,
  },
  {
    line: 'S31',
    file: OPENING,
    without: 'scanned.responseSigned ? signedCipher(scanned, envelope) : scanned.encrypted',
    put: 'scanned.encrypted',
    test: [ATTACKS, ENCRYPTED_TESTS],
  },
  { line: 'S32', ...DIGEST, test: [ATTACKS, LOGOUT_TESTS] },
  { line: 'S32', ...DIGEST, test: 'test/protocols/saml/mutations.test.ts' },
  { line: 'S32', ...DIGEST, test: 'test/protocols/saml/signature-differential.test.ts' },
];

export const samlTextGuards: readonly Guard[] = [...text, ...encryption];
