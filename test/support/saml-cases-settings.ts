/** Attacks that are documents posted to the management API, and logout messages in the wrong place: catalogue S21, S25, S60, S62 to S67. */
import { deflateRawSync } from 'node:zlib';
import { idpMetadata } from './metadata-server.ts';
import { swap } from './saml-attack-row.ts';
import { goodResponse } from './saml-builder.ts';
import type { AttackCase, CaseStep, ExpectedAnswer } from './saml-case.ts';
import {
  CORP_CONNECTION,
  CORP_HANDLE,
  fixtureContext,
  RIVAL_CONNECTION,
  RIVAL_HANDLE,
} from './saml-fixture-context.ts';
import { attackerKey, idpKey, testCertificate } from './saml-keys.ts';
import {
  fixtureLogout,
  type LogoutContext,
  logoutRequest,
  queryOf,
  redirectPieces,
  signedPart,
} from './saml-logout-builder.ts';

const ADA = 'ada@corp.example';
const API = '/api/v1/organizations/corp/connections';
const CONNECTION = `${API}/${CORP_CONNECTION}`;
const corp = fixtureContext();
const IDP = { entityId: corp.idpEntityId, ssoUrl: 'https://idp.example/sso' };
const metadataWith = (...certificates: string[]) => idpMetadata({ ...IDP, certificates });

const signsIn: CaseStep = {
  method: 'POST',
  path: `/saml/${CORP_CONNECTION}/acs`,
  form: [
    ['SAMLResponse', goodResponse(corp)],
    ['RelayState', CORP_HANDLE],
  ],
  expect: { status: 303, who: ADA },
};

const INVALID: ExpectedAnswer = { status: 422, code: 'invalid' };
const creates = (json: object, expect = INVALID): CaseStep => ({
  ...{ method: 'POST', path: API, expect },
  json: { protocol: 'saml', name: 'New', ...json },
});

const certificates: readonly AttackCase[] = [
  ...(
    [
      ['no certificate', []],
      ['an empty certificate', ['']],
      ['null in place of a certificate', [null]],
      ['garbage in place of a certificate', ['garbage']],
      ['garbage beside a good certificate', [idpKey().cert, 'garbage']],
    ] as const
  ).map(([name, pinned]) => ({
    line: 'S60',
    name: `settings with ${name}`,
    steps: [creates({ ...IDP, certificates: pinned })],
  })),
  {
    line: 'S21',
    name: 'settings with the certificate of a key below 2048 bits',
    steps: [creates({ ...IDP, certificates: [testCertificate('weak')] })],
  },
];

const CHANGES: readonly (readonly [string, object])[] = [
  ['certificates', { certificates: [attackerKey().cert] }],
  ['entity id', { entityId: 'https://evil.example' }],
  ['single sign-on address', { ssoUrl: 'https://evil.example/sso' }],
  ['metadata', { metadataXml: metadataWith(attackerKey().cert) }],
  ['metadata address', { metadataUrl: '{metadata}' }],
  ['entity id of ours', { spEntityId: 'urn:evil' }],
];

const changers: readonly AttackCase[] = [undefined, 'admin' as const].map((role) => ({
  line: 'S62',
  name: `a change of what is believed, by ${role === undefined ? 'a member' : 'an admin who is no owner'}`,
  ...(role === undefined ? {} : { role }),
  steps: [
    signsIn,
    ...CHANGES.map(
      ([, json]): CaseStep => ({
        ...{ method: 'PATCH', path: CONNECTION, browser: 'ada', json },
        expect: { status: 403, code: 'forbidden' },
      }),
    ),
  ],
}));

const GOOD = metadataWith(idpKey().cert);
const METADATA: readonly (readonly [name: string, xml: string, status?: number])[] = [
  ['a DOCTYPE', `<!DOCTYPE md:EntityDescriptor [<!ENTITY x SYSTEM "file:///etc/passwd">]>${GOOD}`],
  [
    'two EntityDescriptors',
    `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">${GOOD}${GOOD.replaceAll('idp.example/entity', 'evil.example')}</md:EntitiesDescriptor>`,
  ],
  ['a plain http address', swap(GOOD, 'https://idp.example/sso', 'http://idp.example/sso')],
  ['a script as address', swap(GOOD, 'https://idp.example/sso', 'javascript:alert(1)')],
  ['no certificate', metadataWith()],
  ['a megabyte more', `${GOOD}${' '.repeat(1_000_000)}`, 413],
];

const documents: readonly AttackCase[] = METADATA.map(([name, xml, status = 422]) => ({
  line: 'S63',
  name: `metadata with ${name}`,
  steps: [{ method: 'POST', path: `${CONNECTION}/metadata`, xml, expect: { status } }],
}));

const refreshed: readonly AttackCase[] = [
  {
    line: 'S64',
    name: 'another certificate at the metadata address, and a response signed with its key',
    connection: { isWatching: true },
    steps: [
      {
        ...{
          publish: metadataWith(attackerKey().cert),
          method: 'POST',
          path: `${CONNECTION}/metadata/refresh`,
        },
        expect: { status: 200, lacks: ['"stagedMetadata":null'] },
      },
      {
        ...{ method: 'POST', path: signsIn.path },
        form: [
          ['SAMLResponse', goodResponse({ ...corp, ...attackerKey() })],
          ['RelayState', CORP_HANDLE],
        ],
        expect: { status: 403, reason: 'saml.signature', who: null },
      },
      { anew: true, ...signsIn },
    ],
  },
];

const LOGOUT = `/saml/${CORP_CONNECTION}/logout`;
const logout: LogoutContext = fixtureLogout();
const genuine = queryOf(redirectPieces(logoutRequest(logout), logout.key));
const visit = (query: string, expect: ExpectedAnswer, path = LOGOUT): CaseStep => ({
  ...{ method: 'GET', path: `${path}?${query}`, expect },
});
const keeps = (reason: string): ExpectedAnswer => ({ status: 403, reason, who: ADA });
const forged = redirectPieces(logoutRequest(logout), attackerKey().key);

/** What bursts into 8 MB. */
const bomb = redirectPieces(logoutRequest(logout), logout.key, {
  deflate: (xml) => deflateRawSync(`${xml}${' '.repeat(8_000_000)}`).toString('base64'),
});

const logouts: readonly AttackCase[] = [
  {
    line: 'S65',
    name: 'logout requests without a signature, of SHA-1, and beside a look-alike',
    steps: [
      signsIn,
      visit(signedPart(forged), keeps('saml.unsigned')),
      visit(queryOf(forged), keeps('saml.signature')),
      visit(
        queryOf(
          redirectPieces(logoutRequest(logout), logout.key, {
            ...{ algorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1', hash: 'sha1' },
          }),
        ),
        keeps('saml.algorithm'),
      ),
      visit(`samlrequest=${forged.message}&${genuine}`, keeps('saml.query')),
      visit(`SAMLRequest=${forged.message}&${genuine}`, keeps('saml.query')),
      visit(genuine, { status: 303, who: null }),
    ],
  },
  {
    line: 'S25',
    name: 'a logout request that inflates to 8 MB',
    steps: [signsIn, visit(queryOf(bomb), keeps('saml.deflate'))],
  },
  {
    line: 'S66',
    name: 'a logout request of one organization at another, and once more',
    steps: [
      {
        ...{ method: 'POST', path: `/saml/${RIVAL_CONNECTION}/acs` },
        form: [
          ['SAMLResponse', goodResponse({ ...fixtureContext(RIVAL_CONNECTION), requestId: '_request2' })],
          ['RelayState', RIVAL_HANDLE],
        ],
        expect: { status: 303, who: ADA },
      },
      visit(genuine, keeps('saml.destination'), `/saml/${RIVAL_CONNECTION}/logout`),
      visit(genuine, { status: 303, who: ADA }),
      visit(genuine, keeps('saml.logout_replayed')),
    ],
  },
];

/** Twice for each key pair: to sign with, and to encrypt to. */
const ourMetadata = (certificates: number): CaseStep => ({
  ...{ method: 'GET', path: `/saml/${CORP_CONNECTION}/metadata` },
  expect: {
    ...{ status: 200, lacks: ['PRIVATE KEY', 'privateKey', 'idp.example'] },
    counts: { '<ds:X509Certificate>': certificates },
  },
});

const ours: readonly AttackCase[] = [
  {
    line: 'S67',
    name: 'our metadata, before and after a next key pair',
    steps: [
      ourMetadata(2),
      {
        ...{ method: 'POST', path: `${CONNECTION}/sp-keys` },
        expect: { status: 201, lacks: ['PRIVATE KEY', 'privateKey'] },
      },
      ourMetadata(4),
    ],
  },
];

export const SETTINGS_CASES: readonly AttackCase[] = [
  ...certificates,
  ...changers,
  ...documents,
  ...refreshed,
  ...logouts,
  ...ours,
];
