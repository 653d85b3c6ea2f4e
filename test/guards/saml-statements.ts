/** What the tests of S54 to S57 must notice the loss of: how and when somebody was authenticated, and what names them. */
import type { Guard } from '../../scripts/guards/guard.ts';

const ATTACKS = 'test/protocols/saml/attacks.test.ts';
const GATES = 'test/protocols/saml/gates.test.ts';
const WAYS = 'test/http/saml/authentication.test.ts';
const LOGOUT_TESTS = 'test/protocols/saml/logout.test.ts';
const READ = 'src/protocols/saml/read-assertion.ts';
const ATTRIBUTES = 'src/protocols/saml/read-attributes.ts';
const LOGOUT = 'src/protocols/saml/logout-message.ts';

export const samlStatementGuards: readonly Guard[] = [
  {
    line: 'S54',
    file: READ,
    without: "if (statement === undefined) return refuse('saml.authn_statement');",
    put: 'if (statement === undefined) return { authnInstant: expected.now } as never;',
    test: ATTACKS,
  },
  {
    line: 'S54',
    file: READ,
    without: "return refuse('saml.session_expired');",
    put: '',
    test: ATTACKS,
  },
  { line: 'S54', file: READ, without: 'Math.min(...ends)', put: 'Math.max(...ends)', test: GATES },
  {
    line: 'S54',
    file: READ,
    without: "if (authnContexts.length > 0 && !authnContexts.includes(authnContext ?? ''))",
    put: 'if (authnContexts.length < 0)',
    test: WAYS,
  },
  {
    line: 'S54',
    file: READ,
    without:
      "if (authnInstant + skewOf(expected) < authenticatedSince) refuse('saml.authn_too_old', { authnInstant });",
    put: '',
    test: [WAYS, 'test/http/sessions/step-up.test.ts'],
  },
  {
    line: 'S55',
    file: 'src/http/saml/engine.ts',
    without: "    ...childrenOf(assertion, SAML_NS, 'AttributeStatement'),\n",
    put: '',
    also: [
      {
        file: 'node_modules/@node-saml/node-saml/lib/saml.js',
        without: 'if (Object.prototype.hasOwnProperty.call(profile, name)) {',
        put: 'if (name === null) {',
      },
    ],
    test: [ATTACKS, 'test/http/saml/engine.test.ts'],
    why: 'The library has a guard of its own, and is not shown the attributes.',
  },
  {
    line: 'S55',
    file: 'src/http/saml/identity.ts',
    without: 'userName: facts.nameId,',
    put: "userName: facts.attributes.get('email')?.[0] ?? facts.nameId,",
    test: 'test/http/saml/sign-in.test.ts',
    added: 'an attribute that chooses the user name',
  },
  {
    line: 'S56',
    file: ATTRIBUTES,
    without:
      "if (!isNamed || total > MAX_VALUES || attributes.size > MAX_NAMES) refuse('saml.attribute_limits');",
    put: "if (total > MAX_VALUES || attributes.size > MAX_NAMES) refuse('saml.attribute_limits');",
    test: ATTACKS,
  },
  { line: 'S56', file: ATTRIBUTES, without: 'total > MAX_VALUES || ', put: '', test: ATTACKS },
  { line: 'S56', file: ATTRIBUTES, without: ' || attributes.size > MAX_NAMES', put: '', test: ATTACKS },
  {
    line: 'S56',
    file: ATTRIBUTES,
    without: "if (value.children.length > 0) return refuse('saml.attribute_nested');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S56',
    file: ATTRIBUTES,
    without: "if (value.text.length > MAX_VALUE_LENGTH) return refuse('saml.attribute_limits');",
    put: '',
    test: ATTACKS,
  },
  {
    line: 'S56',
    file: ATTRIBUTES,
    without: "childrenOf(statement, SAML_NS, 'Attribute').length !== statement.children.length",
    put: 'statement.children.length < 0',
    test: ATTACKS,
  },
  {
    line: 'S56',
    file: ATTRIBUTES,
    without: '[...(attributes.get(name) ?? []), ...values]',
    put: 'values',
    test: GATES,
  },
  {
    line: 'S57',
    file: READ,
    without: "if (nameIdFormat === TRANSIENT_FORMAT) return refuse('saml.name_id_transient');",
    put: '',
    test: [ATTACKS, 'test/http/saml/sign-in.test.ts'],
  },
  { line: 'S57', file: READ, without: "nameId.trim() === '' || ", put: '', test: ATTACKS },
  { line: 'S57', file: READ, without: 'nameId.length > 255 || ', put: '', test: ATTACKS },
  { line: 'S57', file: LOGOUT, without: " && text.trim() !== ''", put: '', test: LOGOUT_TESTS },
];
