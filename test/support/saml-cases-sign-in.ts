/** Attacks on the consumer service that are sequences, or a good message in the wrong place: catalogue S21, S25, S45 to S55, S60, S61. */
import { swap } from './saml-attack-row.ts';
import { goodResponse, oktaLike, type SamlContext, sign } from './saml-builder.ts';
import type { AttackCase, CaseStep, ExpectedAnswer } from './saml-case.ts';
import {
  CORP_CONNECTION,
  CORP_HANDLE,
  fixtureContext,
  RIVAL_CONNECTION,
  RIVAL_HANDLE,
} from './saml-fixture-context.ts';
import { testCertificate } from './saml-keys.ts';

const ADA = 'ada@corp.example';
const EVE = 'eve@corp.example';
const ACS = `/saml/${CORP_CONNECTION}/acs`;
const RIVAL_ACS = `/saml/${RIVAL_CONNECTION}/acs`;

const IN: ExpectedAnswer = { status: 303, location: '/', who: ADA };
const NO_RESPONSE: ExpectedAnswer = { status: 400, reason: 'unread.no_response', who: null };
const refusedAs = (reason: string): ExpectedAnswer => ({ status: 403, reason, who: null });

const corp = fixtureContext();
const rival: SamlContext = { ...fixtureContext(RIVAL_CONNECTION), requestId: '_request2', suffix: '2' };
const unasked = (nameId = ADA, suffix = '1'): SamlContext => ({
  ...corp,
  ...{ requestId: undefined, nameId, suffix },
});

type Form = NonNullable<CaseStep['form']>;

const post = (form: Form, expect: ExpectedAnswer, more: Partial<CaseStep> = {}): CaseStep => ({
  ...{ method: 'POST', path: ACS, form, expect },
  ...more,
});

const answer = (context: SamlContext, RelayState = CORP_HANDLE): Form => [
  ['SAMLResponse', goodResponse(context)],
  ['RelayState', RelayState],
];
const alone = (context: SamlContext): Form => [['SAMLResponse', goodResponse(context)]];

const once: readonly AttackCase[] = [
  {
    line: 'S45',
    name: 'the same response twice',
    steps: [post(answer(corp), IN), post(answer(corp), { status: 403, reason: 'sign_in.not_pending' })],
  },
  {
    line: 'S45',
    name: 'the same unasked response twice, from two browsers',
    connection: { idpInitiated: true },
    steps: [
      post(alone(unasked()), IN),
      post(alone(unasked()), refusedAs('saml.replayed'), { browser: 'thief' }),
    ],
  },
  {
    line: 'S46',
    name: 'the same response 50 times at once',
    steps: [post(answer(corp), { status: { 303: 1, 403: 49 }, who: ADA }, { times: 50 })],
  },
  {
    line: 'S46',
    name: 'the same unasked response 50 times at once',
    connection: { idpInitiated: true },
    steps: [post(alone(unasked()), { status: { 303: 1, 403: 49 } }, { times: 50, browser: 'thief' })],
  },
  {
    line: 'S47',
    name: 'the same response after a restart, and after its end',
    connection: { idpInitiated: true },
    steps: [
      post(alone(unasked()), IN),
      post(alone(unasked()), refusedAs('saml.replayed'), { browser: 'thief', restart: true, wait: 240 }),
      post(alone(unasked()), refusedAs('saml.too_old'), { browser: 'thief', wait: 200 }),
    ],
  },
];

const unsolicited: readonly AttackCase[] = [
  {
    line: 'S48',
    name: "an attacker's response in the browser of somebody who is signed in",
    connection: { idpInitiated: true },
    steps: [post(alone(unasked()), IN), post(alone(unasked(EVE, '2')), { status: 303, who: ADA })],
  },
  {
    line: 'S49',
    name: 'an unasked response that names a request',
    connection: { idpInitiated: true },
    steps: [post(alone(corp), refusedAs('saml.unsolicited_in_response_to'))],
  },
  {
    line: 'S50',
    name: 'RelayState of an unasked response that leads elsewhere',
    connection: { idpInitiated: true },
    steps: [
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
      '/x\r\ny',
      'x'.repeat(81),
    ].map((RelayState, index) =>
      post([...alone(unasked(ADA, String(index))), ['RelayState', RelayState]], IN, {
        browser: `visitor ${index}`,
      }),
    ),
  },
  {
    line: 'S50',
    name: 'RelayState of an answer replaced by an address',
    steps: [post(answer(corp, 'https://evil.example/'), refusedAs('saml.unsolicited'))],
  },
  {
    line: 'S51',
    name: 'markup in RelayState',
    steps: [
      post(
        [
          ['SAMLResponse', 'PHg+'],
          ['RelayState', '"><script>x</script>'],
        ],
        {
          ...refusedAs('saml.malformed'),
          lacks: ['script'],
        },
      ),
    ],
  },
];

const doors: readonly AttackCase[] = [
  {
    line: 'S52',
    name: 'a response by GET, and a request',
    steps: [
      {
        method: 'GET',
        path: `${ACS}?${new URLSearchParams(alone(corp).map(([name, value]) => [name, value]))}`,
        expect: { status: 405, reason: 'unread.method', who: null },
      },
      post([...answer(corp), ['SAMLRequest', 'PHg+']], { status: 405, reason: 'unread.request', who: null }),
    ],
  },
  {
    line: 'S53',
    name: 'no response',
    steps: [
      post([['RelayState', CORP_HANDLE]], NO_RESPONSE),
      post(
        [
          ['SAMLResponse', ''],
          ['RelayState', CORP_HANDLE],
        ],
        NO_RESPONSE,
      ),
      post([], NO_RESPONSE),
    ],
  },
  {
    line: 'S25',
    name: 'a form of half a megabyte',
    steps: [
      post([['SAMLResponse', 'A'.repeat(500_000)]], { status: 413, reason: 'unread.too_large', who: null }),
    ],
  },
];

const HOSTILE = [
  'nameID',
  'NameID',
  'issuer',
  'sessionIndex',
  '__proto__',
  'constructor',
  'toString',
  'email',
];
const hostile = HOSTILE.map(
  (name) =>
    `<saml:Attribute Name="${name}"><saml:AttributeValue>${EVE}</saml:AttributeValue></saml:Attribute>`,
).join('');

function withHostileAttributes(context: SamlContext): Form {
  const xml = swap(oktaLike(context), '</saml:AttributeStatement>', `${hostile}</saml:AttributeStatement>`);
  return [
    ['SAMLResponse', Buffer.from(sign(xml, 'assertion', context)).toString('base64')],
    ['RelayState', CORP_HANDLE],
  ];
}

const identity: readonly AttackCase[] = [
  {
    line: 'S55',
    name: 'attributes named as fields are, each naming somebody else',
    steps: [post(withHostileAttributes(corp), IN)],
  },
  {
    line: 'S61',
    name: 'two organizations with one entity id, each at its own door',
    steps: [
      post(answer({ ...rival, spEntityId: corp.spEntityId }, RIVAL_HANDLE), refusedAs('saml.audience'), {
        path: RIVAL_ACS,
      }),
      post(answer(rival), refusedAs('saml.destination')),
      post(answer(corp), IN, { anew: true }),
    ],
  },
];

const pinning = (certificate: string, reason: string): Pick<AttackCase, 'connection' | 'steps'> => ({
  connection: { certificates: [certificate] },
  steps: [post(answer(corp), refusedAs(reason))],
});

const pinned: readonly AttackCase[] = [
  {
    line: 'S21',
    name: 'an RSA key below 2048 bits is pinned',
    ...pinning(testCertificate('weak'), 'saml.certificate_weak'),
  },
  {
    line: 'S21',
    name: 'the pinned certificate has ended',
    ...pinning(testCertificate('expired'), 'saml.certificate_expired'),
  },
  {
    line: 'S60',
    name: 'what is pinned is no certificate',
    ...pinning('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'saml.certificate'),
  },
];

export const SIGN_IN_CASES: readonly AttackCase[] = [
  ...once,
  ...unsolicited,
  ...doors,
  ...identity,
  ...pinned,
];
