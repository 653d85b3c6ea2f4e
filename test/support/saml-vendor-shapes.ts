/**
 * Responses as the products of our presets write them: prefixes, order of elements, formats, attribute names, what is signed and
 * with which KeyInfo. Made after public examples and each vendor's documentation (README of `test/fixtures/saml/presets`),
 * not recorded from a tenant.
 */
import { IDENTITY_PROVIDERS, type IdentityProvider } from '../../src/core/entities/connection.ts';
import { instant, type SamlContext } from './saml-builder.ts';
import { fixtureContext } from './saml-fixture-context.ts';
import { type SignatureHabit, signAs, x509Data } from './saml-vendor-signatures.ts';

const P = 'urn:oasis:names:tc:SAML:2.0:protocol';
const A = 'urn:oasis:names:tc:SAML:2.0:assertion';
const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';
const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
const ENTITY = 'urn:oasis:names:tc:SAML:2.0:nameid-format:entity';
const EMAIL = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
const UNSPECIFIED = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';
const CLASSES = 'urn:oasis:names:tc:SAML:2.0:ac:classes';
const FORMATS = 'urn:oasis:names:tc:SAML:2.0:attrname-format';
const XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"';
const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';
const MICROSOFT = 'http://schemas.microsoft.com';

/** Who each of them speaks of; groups as `groups` of the context say. */
export const VENDOR_PERSON = { email: 'ada@corp.example', first: 'Ada', last: 'Lovelace' } as const;

interface VendorShape {
  readonly idpEntityId: string;
  /** What its NameID says. */
  readonly nameId: string;
  readonly groups: readonly string[];
  readonly xml: (context: SamlContext) => string;
  /** Innermost first. */
  readonly signs: readonly ('Assertion' | 'Response')[];
  readonly signature: SignatureHabit;
}

interface Piece {
  readonly name: string;
  readonly values: readonly string[];
}

const times = (context: SamlContext, [before, after]: readonly [number, number]) =>
  `NotBefore="${instant(context, before)}" NotOnOrAfter="${instant(context, after)}"`;

/** What all of them say the same way, under the prefix of theirs. */
const parts = (context: SamlContext, prefix: string) => {
  const p = prefix === '' ? '' : `${prefix}:`;
  const { acsUrl, spEntityId, requestId } = context;
  return {
    confirmation: (
      seconds: number,
      order: 'InResponseTo first' | 'InResponseTo last' = 'InResponseTo first',
    ) => {
      const asked = `InResponseTo="${requestId}" `;
      const place = `NotOnOrAfter="${instant(context, seconds)}" Recipient="${acsUrl}"`;
      const data = order === 'InResponseTo first' ? asked + place : `${place} ${asked.trim()}`;
      return `<${p}SubjectConfirmation Method="${BEARER}"><${p}SubjectConfirmationData ${data}/></${p}SubjectConfirmation>`;
    },
    conditions: (span: readonly [number, number]) =>
      `<${p}Conditions ${times(context, span)}><${p}AudienceRestriction><${p}Audience>${spEntityId}</${p}Audience></${p}AudienceRestriction></${p}Conditions>`,
    classRef: (name: string, more = '') =>
      `<${p}AuthnContext><${p}AuthnContextClassRef>${name}</${p}AuthnContextClassRef>${more}</${p}AuthnContext>`,
    attributes: (
      pieces: readonly Piece[],
      about: { readonly attribute?: string; readonly value?: string } = {},
    ) =>
      `<${p}AttributeStatement>${pieces
        .map(
          ({ name, values }) =>
            `<${p}Attribute Name="${name}"${about.attribute ?? ''}>${values
              .map((value) => `<${p}AttributeValue${about.value ?? ''}>${value}</${p}AttributeValue>`)
              .join('')}</${p}Attribute>`,
        )
        .join('')}</${p}AttributeStatement>`,
  };
};

/** The attributes as our presets tell admins to name them. */
const named = ({ groups = [] }: SamlContext): readonly Piece[] => [
  { name: 'email', values: [VENDOR_PERSON.email] },
  { name: 'firstName', values: [VENDOR_PERSON.first] },
  { name: 'lastName', values: [VENDOR_PERSON.last] },
  { name: 'groups', values: groups },
];

const typedString = ` ${XS} ${XSI} xsi:type="xs:string"`;

function okta(context: SamlContext): string {
  const part = parts(context, 'saml2');
  const issuer = `<saml2:Issuer Format="${ENTITY}" xmlns:saml2="${A}">${context.idpEntityId}</saml2:Issuer>`;
  return [
    `<?xml version="1.0" encoding="UTF-8"?><saml2p:Response Destination="${context.acsUrl}" ID="id7431285091" InResponseTo="${context.requestId}" IssueInstant="${instant(context)}" Version="2.0" xmlns:saml2p="${P}" ${XS}>${issuer}`,
    `<saml2p:Status xmlns:saml2p="${P}"><saml2p:StatusCode Value="${SUCCESS}"/></saml2p:Status>`,
    `<saml2:Assertion ID="id7431285092" IssueInstant="${instant(context)}" Version="2.0" xmlns:saml2="${A}" ${XS}>${issuer}`,
    `<saml2:Subject xmlns:saml2="${A}"><saml2:NameID Format="${EMAIL}">${context.nameId}</saml2:NameID>${part.confirmation(300)}</saml2:Subject>`,
    part.conditions([-300, 300]),
    `<saml2:AuthnStatement AuthnInstant="${instant(context, -7)}" SessionIndex="${context.requestId}" xmlns:saml2="${A}">${part.classRef(`${CLASSES}:PasswordProtectedTransport`)}</saml2:AuthnStatement>`,
    part.attributes(named(context), {
      ...{ attribute: ` NameFormat="${FORMATS}:unspecified"`, value: typedString },
    }),
    '</saml2:Assertion></saml2p:Response>',
  ].join('');
}

function entra(context: SamlContext): string {
  const part = parts(context, '');
  const { groups = [], idpEntityId, nameId } = context;
  return [
    `<samlp:Response ID="_0d1c5a8e-5b0f-4a92-9f4e-1b6f8f0a7c11" Version="2.0" IssueInstant="${instant(context)}" Destination="${context.acsUrl}" InResponseTo="${context.requestId}" xmlns:samlp="${P}">`,
    `<Issuer xmlns="${A}">${idpEntityId}</Issuer><samlp:Status><samlp:StatusCode Value="${SUCCESS}"/></samlp:Status>`,
    `<Assertion ID="_5d7be1a0-3a53-4f17-b3ce-2f4a1c0f9e00" IssueInstant="${instant(context)}" Version="2.0" xmlns="${A}"><Issuer>${idpEntityId}</Issuer>`,
    `<Subject><NameID Format="${EMAIL}">${nameId}</NameID>${part.confirmation(3600)}</Subject>`,
    part.conditions([-300, 3600]),
    part.attributes([
      { name: `${MICROSOFT}/identity/claims/tenantid`, values: ['72f988bf-0000-4000-8000-2d7cd011db47'] },
      {
        name: `${MICROSOFT}/identity/claims/objectidentifier`,
        values: ['74a35d48-0000-4000-8000-1b8a01449f3d'],
      },
      { name: `${MICROSOFT}/identity/claims/displayname`, values: ['Ada Lovelace'] },
      { name: `${MICROSOFT}/ws/2008/06/identity/claims/groups`, values: groups },
      { name: `${MICROSOFT}/identity/claims/identityprovider`, values: [idpEntityId] },
      {
        name: `${MICROSOFT}/claims/authnmethodsreferences`,
        values: [
          `${MICROSOFT}/ws/2008/06/identity/authenticationmethod/password`,
          `${MICROSOFT}/claims/multipleauthn`,
        ],
      },
      { name: `${CLAIMS}/givenname`, values: [VENDOR_PERSON.first] },
      { name: `${CLAIMS}/surname`, values: [VENDOR_PERSON.last] },
      { name: `${CLAIMS}/emailaddress`, values: [VENDOR_PERSON.email] },
      { name: `${CLAIMS}/name`, values: [nameId] },
    ]),
    `<AuthnStatement AuthnInstant="${instant(context, -86_400)}" SessionIndex="_5d7be1a0-3a53-4f17-b3ce-2f4a1c0f9e00">${part.classRef(`${CLASSES}:Password`)}</AuthnStatement>`,
    '</Assertion></samlp:Response>',
  ].join('');
}

function google(context: SamlContext): string {
  const part = parts(context, 'saml2');
  return [
    `<?xml version="1.0" encoding="UTF-8" standalone="no"?><saml2p:Response xmlns:saml2p="${P}" Destination="${context.acsUrl}" ID="_35b2b0263e784387af9b4e7ba1dd8b04" InResponseTo="${context.requestId}" IssueInstant="${instant(context)}" Version="2.0">`,
    `<saml2:Issuer xmlns:saml2="${A}">${context.idpEntityId}</saml2:Issuer><saml2p:Status><saml2p:StatusCode Value="${SUCCESS}"/></saml2p:Status>`,
    `<saml2:Assertion xmlns:saml2="${A}" ID="_6f7e3b62751ed5bf0adab64936da1e67" IssueInstant="${instant(context)}" Version="2.0"><saml2:Issuer>${context.idpEntityId}</saml2:Issuer>`,
    `<saml2:Subject><saml2:NameID Format="${EMAIL}">${context.nameId}</saml2:NameID>${part.confirmation(300)}</saml2:Subject>`,
    part.conditions([-300, 300]),
    part.attributes(named(context), { value: ` ${XS} ${XSI} xsi:type="xs:anyType"` }),
    `<saml2:AuthnStatement AuthnInstant="${instant(context, -1500)}" SessionIndex="_6f7e3b62751ed5bf0adab64936da1e67">${part.classRef(`${CLASSES}:unspecified`)}</saml2:AuthnStatement>`,
    '</saml2:Assertion></saml2p:Response>',
  ].join('');
}

function onelogin(context: SamlContext): string {
  const part = parts(context, 'saml');
  return [
    `<samlp:Response xmlns:saml="${A}" xmlns:samlp="${P}" ID="R2b54c1e6e0f0f8c5" Version="2.0" IssueInstant="${instant(context)}" Destination="${context.acsUrl}" InResponseTo="${context.requestId}">`,
    `<saml:Issuer>${context.idpEntityId}</saml:Issuer><samlp:Status><samlp:StatusCode Value="${SUCCESS}"/></samlp:Status>`,
    `<saml:Assertion xmlns:saml="${A}" ${XS} ${XSI} Version="2.0" ID="A9f3b2c7de5517f29" IssueInstant="${instant(context)}"><saml:Issuer>${context.idpEntityId}</saml:Issuer>`,
    `<saml:Subject><saml:NameID Format="${EMAIL}">${context.nameId}</saml:NameID>${part.confirmation(180, 'InResponseTo last')}</saml:Subject>`,
    part.conditions([-180, 180]),
    `<saml:AuthnStatement AuthnInstant="${instant(context, -1)}" SessionNotOnOrAfter="${instant(context, 86_400)}" SessionIndex="_b0009960-4b8d-0136-3355-06210aa143d4">${part.classRef(`${CLASSES}:PasswordProtectedTransport`)}</saml:AuthnStatement>`,
    part.attributes(named(context), {
      ...{ attribute: ` NameFormat="${FORMATS}:basic"`, value: ' xsi:type="xs:string"' },
    }),
    '</saml:Assertion></samlp:Response>',
  ].join('');
}

function jumpcloud(context: SamlContext): string {
  const part = parts(context, 'saml2');
  const issuer = `Format="${ENTITY}">${context.idpEntityId}</saml2:Issuer>`;
  return [
    `<?xml version="1.0" encoding="UTF-8"?><saml2p:Response xmlns:saml2p="${P}" Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified" Destination="${context.acsUrl}" ID="FQRGC12D4KDUUFHSRZXZ27C8ZT1WHAMF1JBQCISX" InResponseTo="${context.requestId}" IssueInstant="${instant(context)}" Version="2.0">`,
    `<saml2:Issuer xmlns:saml2="${A}" ${issuer}<saml2p:Status><saml2p:StatusCode Value="${SUCCESS}"/></saml2p:Status>`,
    `<saml2:Assertion xmlns:saml2="${A}" ID="UQCW5ZYPIJUA5HQCFIIJQFKUTA7B4QPKZU5T1ZEE" IssueInstant="${instant(context)}" Version="2.0"><saml2:Issuer ${issuer}`,
    `<saml2:Subject><saml2:NameID Format="urn:oasis:names:tc:SAML:1.0:nameid-format:unspecified">${context.nameId}</saml2:NameID>${part.confirmation(300)}</saml2:Subject>`,
    part.conditions([-300, 300]),
    `<saml2:AuthnStatement AuthnInstant="${instant(context)}" SessionIndex="247ae9c9-2820-42da-9f71-6c940231f614">${part.classRef(`${CLASSES}:PasswordProtectedTransport`)}</saml2:AuthnStatement>`,
    part.attributes(named(context), {
      ...{ attribute: ` NameFormat="${FORMATS}:unspecified"`, value: typedString },
    }),
    '</saml2:Assertion></saml2p:Response>',
  ].join('');
}

function pingone(context: SamlContext): string {
  const part = parts(context, 'saml');
  const { idpEntityId, nameId } = context;
  return [
    `<samlp:Response ID="id-77440138-a1c4-470a-99d0-c35d69b03503" InResponseTo="${context.requestId}" Version="2.0" IssueInstant="${instant(context)}" Destination="${context.acsUrl}" xmlns:samlp="${P}">`,
    `<saml:Issuer xmlns:saml="${A}">${idpEntityId}</saml:Issuer><samlp:Status><samlp:StatusCode Value="${SUCCESS}"/></samlp:Status>`,
    `<saml:Assertion ID="id-04582ed4-2333-4b46-8056-973a9ae7892a" Version="2.0" IssueInstant="${instant(context)}" xmlns:saml="${A}"><saml:Issuer>${idpEntityId}</saml:Issuer>`,
    `<saml:Subject><saml:NameID>${nameId}</saml:NameID>${part.confirmation(300)}</saml:Subject>`,
    part.conditions([-60, 300]),
    `<saml:AuthnStatement AuthnInstant="${instant(context)}" SessionNotOnOrAfter="${instant(context, 300)}" SessionIndex="9242a2b4-2b0f-4f13-8a77-d57dda2f58d1">`,
    part.classRef(
      `${CLASSES}:unspecified`,
      `<saml:AuthenticatingAuthority>${idpEntityId}</saml:AuthenticatingAuthority>`,
    ),
    '</saml:AuthnStatement>',
    part.attributes([{ name: 'saml_subject', values: [nameId] }, ...named(context)], {
      ...{ attribute: ` NameFormat="${FORMATS}:basic"`, value: ` xsi:type="xs:string" ${XS} ${XSI}` },
    }),
    '</saml:Assertion></samlp:Response>',
  ].join('');
}

function adfs(context: SamlContext): string {
  const part = parts(context, '');
  const { groups = [], idpEntityId, nameId } = context;
  return [
    `<samlp:Response ID="_1f0b3c22-8d6e-4c0b-9a52-c1a77c1f1d55" Version="2.0" IssueInstant="${instant(context)}" Destination="${context.acsUrl}" Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified" InResponseTo="${context.requestId}" xmlns:samlp="${P}">`,
    `<Issuer xmlns="${A}">${idpEntityId}</Issuer><samlp:Status><samlp:StatusCode Value="${SUCCESS}" /></samlp:Status>`,
    `<Assertion ID="_8e3d5f10-5c9a-4d3c-8c8e-0a4b7f3b9a77" IssueInstant="${instant(context)}" Version="2.0" xmlns="${A}"><Issuer>${idpEntityId}</Issuer>`,
    `<Subject><NameID>${nameId}</NameID>${part.confirmation(300)}</Subject>`,
    part.conditions([0, 3600]),
    part.attributes([
      { name: `${CLAIMS}/emailaddress`, values: [VENDOR_PERSON.email] },
      { name: `${CLAIMS}/name`, values: ['Ada Lovelace'] },
      { name: 'http://schemas.xmlsoap.org/claims/Group', values: groups },
    ]),
    `<AuthnStatement AuthnInstant="${instant(context)}" SessionIndex="_8e3d5f10-5c9a-4d3c-8c8e-0a4b7f3b9a77">${part.classRef('urn:federation:authentication:windows')}</AuthnStatement>`,
    '</Assertion></samlp:Response>',
  ].join('');
}

function keycloak(context: SamlContext): string {
  const part = parts(context, 'saml');
  return [
    `<samlp:Response xmlns:samlp="${P}" xmlns:saml="${A}" Destination="${context.acsUrl}" ID="ID_c5f0889f-3600-4a1d-ab0e-60fffa2489f7" InResponseTo="${context.requestId}" IssueInstant="${instant(context)}" Version="2.0">`,
    `<saml:Issuer>${context.idpEntityId}</saml:Issuer><samlp:Status><samlp:StatusCode Value="${SUCCESS}"/></samlp:Status>`,
    `<saml:Assertion xmlns="${A}" ID="ID_eea47a08-aa75-4f6c-b016-cc5a5f5216ba" IssueInstant="${instant(context, 0)}" Version="2.0"><saml:Issuer>${context.idpEntityId}</saml:Issuer>`,
    `<saml:Subject><saml:NameID Format="${UNSPECIFIED}">${context.nameId}</saml:NameID>${part.confirmation(58)}</saml:Subject>`,
    part.conditions([-2, 58]),
    `<saml:AuthnStatement AuthnInstant="${instant(context)}" SessionIndex="d6f1f2b8-6a5c-4bb8-9b1f-5d4a6e8b7c10::0f2f3f0b-4f5c-4a39-8a1f-6a5f3f1c2b3d" SessionNotOnOrAfter="${instant(context, 36_000)}">${part.classRef(`${CLASSES}:unspecified`)}</saml:AuthnStatement>`,
    part.attributes(
      [
        ...named(context),
        { name: 'Role', values: ['offline_access'] },
        { name: 'Role', values: ['manage-account'] },
      ],
      { attribute: ` NameFormat="${FORMATS}:basic"`, value: typedString },
    ),
    '</saml:Assertion></samlp:Response>',
  ].join('');
}

const TEAM = ['Engineering', 'Platform Admins'];
const ADA = VENDOR_PERSON.email;

/** One for each preset. */
export const VENDOR_SHAPES: Readonly<Record<IdentityProvider, VendorShape>> = {
  okta: {
    ...{ idpEntityId: 'http://www.okta.com/exk9e5bqltmtkaQEy697', nameId: ADA, groups: TEAM, xml: okta },
    signs: ['Assertion', 'Response'],
    signature: { prefix: 'ds', inclusive: 'xs', isFolded: true },
  },
  entra: {
    idpEntityId: 'https://sts.windows.net/72f988bf-0000-4000-8000-2d7cd011db47/',
    nameId: ADA,
    groups: ['0f5ff6c5-6a3c-4f0e-9d35-2b8c2b6f0001', '0f5ff6c5-6a3c-4f0e-9d35-2b8c2b6f0002'],
    xml: entra,
    signs: ['Assertion'],
    signature: { prefix: '' },
  },
  google: {
    ...{ idpEntityId: 'https://accounts.google.com/o/saml2?idpid=C029op2ga', nameId: ADA, groups: TEAM },
    ...{ xml: google, signs: ['Assertion'] },
    signature: {
      prefix: 'ds',
      isFolded: true,
      keyInfo: x509Data(
        'ds:',
        '<ds:X509SubjectName>ST=California,C=US,OU=Google For Work,CN=Google</ds:X509SubjectName>',
      ),
    },
  },
  onelogin: {
    ...{
      idpEntityId: 'https://app.onelogin.com/saml/metadata/b238b8ae-1657-4f1c-893c-c0be41c8fcc2',
      nameId: ADA,
    },
    ...{ groups: TEAM, xml: onelogin, signs: ['Assertion', 'Response'], signature: { prefix: 'ds' } },
  },
  jumpcloud: {
    ...{ idpEntityId: 'JumpCloud', nameId: ADA, groups: TEAM, xml: jumpcloud },
    ...{ signs: ['Assertion'], signature: { prefix: 'ds' } },
  },
  pingone: {
    idpEntityId: 'https://auth.pingone.com/3030059e-440b-4ad0-9217-44326f1757f6',
    nameId: '9e34fa21-4e8f-4dee-b565-648dbcf25eff',
    ...{ groups: TEAM, xml: pingone, signs: ['Assertion'] },
    signature: {
      prefix: 'ds',
      keyInfo: (der) =>
        `${x509Data('ds:')(der)}<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>uV8+bjzcEPkb</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>`,
    },
  },
  adfs: {
    ...{
      idpEntityId: 'http://fs.corp.example/adfs/services/trust',
      nameId: 'ada@ad.corp.example',
      groups: TEAM,
    },
    ...{ xml: adfs, signs: ['Assertion'], signature: { prefix: 'ds' } },
  },
  keycloak: {
    ...{ idpEntityId: 'https://id.corp.example/realms/corp', nameId: 'ada', groups: TEAM, xml: keycloak },
    ...{
      signs: ['Response'],
      signature: {
        prefix: 'dsig',
        keyInfo: (der) =>
          `<dsig:KeyName>FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE</dsig:KeyName>${x509Data('dsig:')(der)}`,
      },
    },
  },
};

/** The response of this product for that context, signed as it signs. */
const vendorResponse = (shape: VendorShape, context: SamlContext): string =>
  shape.signs.reduce(
    (xml, local) => signAs(xml, local, { habit: shape.signature, context }),
    shape.xml(context),
  );

/** The fixtures: each product's answer to `_request1` of the fixtures' gateway. */
export const vendorResponses = (): readonly (readonly [preset: IdentityProvider, xml: string])[] =>
  IDENTITY_PROVIDERS.map((preset) => {
    const { idpEntityId, nameId, groups } = VENDOR_SHAPES[preset];
    const context = { ...fixtureContext(), idpEntityId, nameId, groups };
    return [preset, vendorResponse(VENDOR_SHAPES[preset], context)];
  });
