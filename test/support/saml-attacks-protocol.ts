/** Attacks on what the message claims: catalogue S33 to S59. Signed by the genuine key unless the row says otherwise. */
import { type AttackRow, outer, swap, swapping, without } from './saml-attack-row.ts';
import { instant } from './saml-builder.ts';

const EVIL_ACS = 'https://evil.example/acs';

const addressing: readonly AttackRow[] = [
  {
    line: 'S33',
    name: 'Destination absent',
    reason: 'saml.destination',
    edit: swapping(/ Destination="[^"]*"/, ''),
  },
  {
    line: 'S33',
    name: 'Destination elsewhere, response signed',
    reason: 'saml.destination',
    mode: 'response',
    edit: swapping(/ Destination="[^"]*"/, ` Destination="${EVIL_ACS}"`),
  },
  {
    line: 'S33',
    name: 'Destination with a trailing slash',
    reason: 'saml.destination',
    edit: swapping(/ Destination="[^"]*"/, (context) => ` Destination="${context.acsUrl}/"`),
  },
  {
    line: 'S34',
    name: 'Recipient absent',
    reason: 'saml.recipient',
    edit: swapping(/ Recipient="[^"]*"/, ''),
  },
  {
    line: 'S34',
    name: 'Recipient elsewhere',
    reason: 'saml.recipient',
    edit: swapping(/ Recipient="[^"]*"/, ` Recipient="${EVIL_ACS}"`),
  },
  {
    line: 'S35',
    name: 'response issuer unknown',
    reason: 'saml.issuer',
    after: (xml, context) =>
      swap(xml, `>${context.idpEntityId}</saml:Issuer>`, '>https://other.example</saml:Issuer>'),
  },
  {
    line: 'S35',
    name: 'assertion issuer unknown',
    reason: 'saml.issuer',
    edit: (xml, context) => {
      const assertion = outer(xml, 'saml:Assertion');
      return swap(xml, assertion, swap(assertion, `>${context.idpEntityId}<`, '>https://other.example<'));
    },
  },
  {
    line: 'S59',
    name: 'same signing key, another customer of that identity provider',
    reason: 'saml.issuer',
    mode: 'both',
    edit: (xml, context) => xml.replaceAll(`>${context.idpEntityId}<`, `>${context.idpEntityId}-other<`),
  },
  {
    line: 'S41',
    name: 'status Requester beside a valid assertion',
    reason: 'saml.status',
    after: swapping('status:Success', 'status:Requester'),
  },
  {
    line: 'S41',
    name: 'no Status',
    reason: 'saml.status',
    after: (xml) => without(xml, outer(xml, 'samlp:Status')),
  },
];

const confirmation: readonly AttackRow[] = [
  {
    line: 'S36',
    name: 'no SubjectConfirmation',
    reason: 'saml.subject_confirmation',
    edit: (xml) => without(xml, outer(xml, 'saml:SubjectConfirmation')),
  },
  {
    line: 'S36',
    name: 'holder-of-key',
    reason: 'saml.confirmation_method',
    edit: swapping('cm:bearer', 'cm:holder-of-key'),
  },
  {
    line: 'S36',
    name: 'sender-vouches',
    reason: 'saml.confirmation_method',
    edit: swapping('cm:bearer', 'cm:sender-vouches'),
  },
  {
    line: 'S37',
    name: 'confirmation without NotOnOrAfter',
    reason: 'saml.confirmation_time',
    edit: swapping(/ NotOnOrAfter="[^"]*" Recipient/, ' Recipient'),
  },
  {
    line: 'S37',
    name: 'confirmation with NotBefore',
    reason: 'saml.confirmation_time',
    edit: swapping(/ Recipient=/, (context) => ` NotBefore="${instant(context, -60)}" Recipient=`),
  },
  {
    line: 'S37',
    name: 'confirmation expired by the skew and a second',
    reason: 'saml.confirmation_time',
    edit: swapping(
      / NotOnOrAfter="[^"]*" Recipient/,
      (context) => ` NotOnOrAfter="${instant(context, -121)}" Recipient`,
    ),
  },
  {
    line: 'S42',
    name: 'nobody asked: InResponseTo missing everywhere',
    reason: 'saml.unsolicited',
    edit: (xml) => xml.replaceAll(/ InResponseTo="[^"]*"/g, ''),
  },
  {
    line: 'S43',
    name: 'signed assertion without InResponseTo in an unsigned response that has it',
    reason: 'saml.assertion_in_response_to',
    edit: swapping(/<saml:SubjectConfirmationData InResponseTo="[^"]*"/, '<saml:SubjectConfirmationData'),
  },
  {
    line: 'S43',
    name: "another request's assertion in a response that names ours",
    reason: 'saml.assertion_in_response_to',
    edit: swapping(
      /<saml:SubjectConfirmationData InResponseTo="[^"]*"/,
      '<saml:SubjectConfirmationData InResponseTo="_foreign"',
    ),
  },
  {
    line: 'S44',
    name: "another browser's request id",
    reason: 'saml.in_response_to',
    mode: 'both',
    edit: (xml) => xml.replaceAll(/ InResponseTo="[^"]*"/g, ' InResponseTo="_foreign"'),
  },
];

const CONDITIONS_TIMES = /<saml:Conditions NotBefore="[^"]*" NotOnOrAfter="[^"]*">/;
const ASSERTION_INSTANT = /(?<=ID="_assertion[^"]*" Version="2.0" )IssueInstant="[^"]*"/;

const conditions: readonly AttackRow[] = [
  {
    line: 'S38',
    name: 'no Conditions',
    reason: 'saml.conditions',
    edit: (xml) => without(xml, outer(xml, 'saml:Conditions')),
  },
  {
    line: 'S38',
    name: 'two Conditions',
    reason: 'saml.conditions',
    edit: (xml) => swap(xml, '<saml:AuthnStatement', `${outer(xml, 'saml:Conditions')}<saml:AuthnStatement`),
  },
  {
    line: 'S38',
    name: 'no AudienceRestriction',
    reason: 'saml.audience',
    edit: (xml) => without(xml, outer(xml, 'saml:AudienceRestriction')),
  },
  {
    line: 'S38',
    name: 'for another audience',
    reason: 'saml.audience',
    edit: swapping(/<saml:Audience>[^<]*</, '<saml:Audience>https://other.example/sp<'),
  },
  {
    line: 'S38',
    name: 'a second restriction that leaves us out',
    reason: 'saml.audience',
    edit: swapping(
      '</saml:Conditions>',
      '<saml:AudienceRestriction><saml:Audience>https://other.example</saml:Audience></saml:AudienceRestriction></saml:Conditions>',
    ),
  },
  {
    line: 'S38',
    name: 'a condition nobody knows',
    reason: 'saml.conditions',
    edit: swapping('</saml:Conditions>', '<saml:Condition/></saml:Conditions>'),
  },
  {
    line: 'S39',
    name: 'expired by the skew and a second',
    reason: 'saml.expired',
    edit: swapping(
      CONDITIONS_TIMES,
      (context) =>
        `<saml:Conditions NotBefore="${instant(context, -900)}" NotOnOrAfter="${instant(context, -121)}">`,
    ),
  },
  {
    line: 'S39',
    name: 'not valid before the skew and a second',
    reason: 'saml.not_yet_valid',
    edit: swapping(
      CONDITIONS_TIMES,
      (context) =>
        `<saml:Conditions NotBefore="${instant(context, 121)}" NotOnOrAfter="${instant(context, 900)}">`,
    ),
  },
  {
    line: 'S39',
    name: 'assertion issued five minutes and a second ago',
    reason: 'saml.too_old',
    edit: swapping(ASSERTION_INSTANT, (context) => `IssueInstant="${instant(context, -301)}"`),
  },
  {
    line: 'S39',
    name: 'response issued five minutes and a second ago',
    reason: 'saml.too_old',
    edit: swapping(/IssueInstant="[^"]*"/, (context) => `IssueInstant="${instant(context, -301)}"`),
  },
  {
    line: 'S40',
    name: 'issued 121 seconds from now',
    reason: 'saml.issued_in_future',
    edit: swapping(ASSERTION_INSTANT, (context) => `IssueInstant="${instant(context, 121)}"`),
  },
  {
    line: 'S39',
    name: 'a time without a zone',
    reason: 'saml.time_format',
    edit: swapping(/NotOnOrAfter="([^"]*)Z"/, 'NotOnOrAfter="2999-01-01T00:00:00"'),
  },
];

const values = (count: number) => '<saml:AttributeValue>x</saml:AttributeValue>'.repeat(count);
const addAttribute = (inside: string) =>
  swapping(
    '</saml:AttributeStatement>',
    `<saml:Attribute Name="more">${inside}</saml:Attribute></saml:AttributeStatement>`,
  );

const statements: readonly AttackRow[] = [
  {
    line: 'S54',
    name: 'session over before it begins',
    reason: 'saml.session_expired',
    edit: swapping(
      '<saml:AuthnStatement ',
      (context) => `<saml:AuthnStatement SessionNotOnOrAfter="${instant(context, -1)}" `,
    ),
  },
  {
    line: 'S54',
    name: 'no AuthnStatement',
    reason: 'saml.authn_statement',
    edit: (xml) => without(xml, outer(xml, 'saml:AuthnStatement')),
  },
  { line: 'S56', name: '3 000 values', reason: 'saml.attribute_limits', edit: addAttribute(values(3000)) },
  {
    line: 'S56',
    name: '6 000 values',
    reason: 'saml.too_many_elements',
    after: addAttribute('<saml:AttributeValue/>'.repeat(6000)),
  },
  {
    line: 'S56',
    name: 'a value of 5 000 characters',
    reason: 'saml.attribute_limits',
    edit: addAttribute(`<saml:AttributeValue>${'x'.repeat(5000)}</saml:AttributeValue>`),
  },
  {
    line: 'S56',
    name: 'XML inside a value',
    reason: 'saml.attribute_nested',
    edit: addAttribute('<saml:AttributeValue><saml:NameID>root</saml:NameID></saml:AttributeValue>'),
  },
  {
    line: 'S56',
    name: 'attribute without a name',
    reason: 'saml.attribute_limits',
    edit: swapping(' Name="email"', ''),
  },
  {
    line: 'S57',
    name: 'transient NameID',
    reason: 'saml.name_id_transient',
    edit: swapping('SAML:1.1:nameid-format:emailAddress', 'SAML:2.0:nameid-format:transient'),
  },
  {
    line: 'S57',
    name: 'empty NameID',
    reason: 'saml.name_id',
    edit: swapping(/(?<=emailAddress">)[^<]+/, ''),
  },
  {
    line: 'S57',
    name: 'NameID of 256 characters',
    reason: 'saml.name_id',
    edit: swapping(/(?<=emailAddress">)[^<]+/, 'a'.repeat(256)),
  },
];

export const PROTOCOL_ATTACKS: readonly AttackRow[] = [
  ...addressing,
  ...confirmation,
  ...conditions,
  ...statements,
];
