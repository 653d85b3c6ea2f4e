/** What the tests of S58 to S67 must notice the loss of: whose message it is, who may change what is believed, and signing out. */
import type { Guard } from '../../scripts/guards/guard.ts';

const ATTACKS = 'test/protocols/saml/attacks.test.ts';
const ACS_TESTS = 'test/http/saml/acs.test.ts';
const CERTIFICATE_TESTS = 'test/protocols/saml/certificates.test.ts';
const METADATA_TESTS = 'test/protocols/saml/metadata.test.ts';
const WATCH_TESTS = 'test/http/api/connection-metadata.test.ts';
const LOGOUT_TESTS = 'test/protocols/saml/logout.test.ts';
const LOGOUT_HTTP = 'test/http/saml/logout.test.ts';
const POWER = 'test/core/access/indirect-power.test.ts';
const FILES = 'test/http/saml/attack-files.test.ts';
const READ = 'src/protocols/saml/read-assertion.ts';
const CERTIFICATES = 'src/protocols/saml/certificates.ts';
const METADATA = 'src/protocols/saml/metadata.ts';
const WATCH = 'src/core/connections/metadata-watch.ts';
const REDIRECT = 'src/protocols/saml/redirect-binding.ts';
const LOGOUT = 'src/protocols/saml/logout-message.ts';
const ENDINGS = 'src/core/sign-in/upstream-logouts.ts';

const tenancy: readonly Guard[] = [
  {
    line: 'S58',
    file: 'src/protocols/saml/verify-signature.ts',
    without: 'if (!isGenuine) return undefined;',
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S58',
    file: 'src/protocols/saml/validate-response.ts',
    without: "if (destination !== expected.acsUrl) refuse('saml.destination', { destination });",
    put: '',
    test: ACS_TESTS,
  },
  {
    line: 'S59',
    file: 'src/protocols/saml/validate-response.ts',
    without: "if (issuer !== expected.entityId && !isIssuerMissing) refuse('saml.issuer', { issuer });",
    put: '',
    also: [
      {
        file: READ,
        without: "textOf(issuer, 'saml.issuer') !== expected.entityId || format !== ENTITY_FORMAT",
        put: 'format !== ENTITY_FORMAT',
      },
    ],
    test: [ATTACKS, ACS_TESTS, 'test/http/saml/real-idp.test.ts'],
    why: 'Response and assertion both name the issuer; S35 takes each out alone.',
  },
  {
    line: 'S60',
    file: CERTIFICATES,
    without: "if (checked.length === 0) return refuse('saml.certificate');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S60',
    file: CERTIFICATES,
    without: 'const checked = certificates.map(checkPinned);',
    put: 'const checked = certificates.flatMap((one) => {\n    try {\n      return [checkPinned(one)];\n    } catch {\n      return [];\n    }\n  });',
    test: ATTACKS,
    why: 'Garbage beside a good certificate is then passed over.',
  },
  {
    line: 'S60',
    file: CERTIFICATES,
    without: "if (typeof text !== 'string') return invalid('A certificate is PEM text or base64.');",
    put: '',
    test: CERTIFICATE_TESTS,
  },
  {
    line: 'S60',
    file: METADATA,
    without: "if (texts.length === 0) return invalid('The metadata carries no signing certificate.');",
    put: '',
    test: METADATA_TESTS,
  },
  {
    line: 'S61',
    file: READ,
    without: 'checkAudience(conditions, expected);',
    put: '',
    test: [ACS_TESTS, FILES],
  },
  {
    line: 'S62',
    file: 'src/core/access/roles.ts',
    without: "  'billing.manage',\n];",
    put: "  'billing.manage',\n  'sso.manage',\n];",
    test: [POWER, WATCH_TESTS],
  },
  {
    line: 'S62',
    file: 'src/core/sign-in/step-up.ts',
    without: "  'sso.manage',\n",
    put: '',
    test: WATCH_TESTS,
  },
  {
    line: 'S62',
    file: 'src/core/connections/connections.ts',
    without: 'await tellOwnersOfTrust(tx, context, { before, after });',
    put: '',
    test: WATCH_TESTS,
  },
];

const metadata: readonly Guard[] = [
  {
    line: 'S63',
    file: 'src/protocols/saml/parse-xml.ts',
    without: "if (/<!(?!--)/.test(body)) rules.reject('doctype');",
    put: '',
    test: WATCH_TESTS,
  },
  {
    line: 'S63',
    file: METADATA,
    without: "if (Buffer.byteLength(xml) > MAX_BYTES) return invalid('The metadata is larger than 512 KB.');",
    put: '',
    test: METADATA_TESTS,
  },
  {
    line: 'S63',
    file: METADATA,
    without: 'entities.length !== 1 || ',
    put: '',
    test: METADATA_TESTS,
  },
  {
    line: 'S63',
    file: METADATA,
    without: 'descriptor === undefined || more.length > 0',
    put: 'descriptor === undefined',
    test: METADATA_TESTS,
  },
  {
    line: 'S63',
    file: METADATA,
    without: 'isPlain && (isSecure || isAllowedHttp) && text.length <= 2048',
    put: 'isPlain && text.length <= 2048',
    test: [METADATA_TESTS, WATCH_TESTS],
  },
  {
    line: 'S64',
    file: WATCH,
    without: 'if (watch.isTrusted || reading.isSigned) {',
    put: 'if (watch.isTrusted || reading !== undefined) {',
    test: WATCH_TESTS,
  },
  {
    line: 'S64',
    file: WATCH,
    without: 'if (stagedId(watch.staged) !== id)',
    put: "if (id === '')",
    test: WATCH_TESTS,
  },
  {
    line: 'S64',
    file: METADATA,
    without: 'steering === accounted.length ? verifiedText(root, { certificates }) : undefined',
    put: 'steering > 0 ? xml : undefined',
    test: WATCH_TESTS,
  },
];

const logout: readonly Guard[] = [
  {
    line: 'S65',
    file: REDIRECT,
    without: 'verifyDetached(raw, parameter, certificates);',
    put: '',
    test: [LOGOUT_TESTS, LOGOUT_HTTP],
  },
  {
    line: 'S65',
    file: REDIRECT,
    without: "if (!isGenuine) refuse('saml.signature');",
    put: '',
    test: LOGOUT_TESTS,
  },
  {
    line: 'S65',
    file: REDIRECT,
    without: "if (hash === undefined) refuse('saml.algorithm', { algorithm: decode(algorithm) });",
    put: '',
    test: LOGOUT_TESTS,
  },
  {
    line: 'S65',
    file: REDIRECT,
    without: 'name !== meant || rest.length !== 1 || found.has(meant)',
    put: 'rest.length !== 1 || found.has(meant)',
    test: LOGOUT_TESTS,
  },
  { line: 'S65', file: REDIRECT, without: ' || found.has(meant)', put: '', test: LOGOUT_TESTS },
  {
    line: 'S65',
    file: REDIRECT,
    without: "parameter === undefined || more.length > 0 ? refuse('saml.query')",
    put: "parameter === undefined ? refuse('saml.query')",
    test: LOGOUT_TESTS,
  },
  {
    line: 'S65',
    file: REDIRECT,
    without:
      "if (encoding !== undefined && decode(encoding) !== DEFLATE) return refuse('saml.query', { encoding });",
    put: '',
    test: LOGOUT_TESTS,
  },
  {
    line: 'S65',
    file: LOGOUT,
    without: "if (signature === undefined) return refuse('saml.unsigned');",
    put: 'if (signature === undefined) return root;',
    test: LOGOUT_TESTS,
  },
  {
    line: 'S65',
    file: 'src/http/sign-out-refusal.ts',
    without: "openConnectionAttempt(deps, res, { connection, step: 'sign_out' });",
    put: '',
    test: 'test/http/saml/logout.test.ts',
    why: 'The reference on the page would lead nowhere.',
  },
  {
    line: 'S66',
    file: ENDINGS,
    without: 'if (connectionId !== connection.id || upstream === null) return false;',
    put: 'if (upstream === null) return false;',
    test: 'test/core/sign-in/upstream-logouts.test.ts',
  },
  {
    line: 'S66',
    file: ENDINGS,
    without: 'if (!isFirst) throw refusal(`${who.protocol}.logout_replayed`);',
    put: '',
    test: LOGOUT_HTTP,
  },
  {
    line: 'S66',
    file: ENDINGS,
    without: 'return who.sessionIndexes.length === 0 || agrees(upstream.sessionIndex, who.sessionIndexes);',
    put: 'return true;',
    test: LOGOUT_HTTP,
  },
  {
    line: 'S66',
    file: LOGOUT,
    without:
      "if (indexes.length > MAX_INDEXES) return refuse('saml.logout_shape', { indexes: indexes.length });",
    put: '',
    test: LOGOUT_TESTS,
  },
  {
    line: 'S66',
    file: LOGOUT,
    without: "if (destination !== expected.logoutUrl) return refuse('saml.destination', { destination });",
    put: '',
    test: FILES,
  },
];

const keys: readonly Guard[] = [
  {
    line: 'S67',
    file: 'src/core/connections/sp-keys.ts',
    without: "const published = [signing, ...ofUse(keys, 'next')];",
    put: 'const published = [signing];',
    test: 'test/http/api/connection-keys.test.ts',
  },
  {
    line: 'S67',
    file: 'src/http/saml/metadata.ts',
    without: 'published.map(({ certificate }) => certificate)',
    put: 'published.flatMap(({ certificate }) => [certificate, certificate])',
    test: FILES,
    added: 'every certificate twice',
  },
  {
    line: 'S67',
    file: 'src/http/oidc/client-keys.ts',
    without: "return { kty, n, e, kid: id, use: 'sig', alg: 'RS256', x5c: [raw.toString('base64')] };",
    put: "return { kty, n, e, d: n, kid: id, use: 'sig', alg: 'RS256', x5c: [raw.toString('base64')] };",
    test: 'test/http/oidc/private-key-jwt.test.ts',
    added: 'the private half among the published ones',
  },
];

export const samlTenancyGuards: readonly Guard[] = [...tenancy, ...metadata, ...logout, ...keys];
