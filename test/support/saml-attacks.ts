/** The SAML attack corpus, and the harmless oddities that must be accepted with exactly the same identity. */
import type { SamlRejection } from '../../src/protocols/saml/rejections.ts';
import { type AttackRow, outer, swap, swapping } from './saml-attack-row.ts';
import { DOCUMENT_ATTACKS } from './saml-attacks-document.ts';
import { PROTOCOL_ATTACKS } from './saml-attacks-protocol.ts';
import { READER_ATTACKS } from './saml-attacks-readers.ts';
import { SHAPE_ATTACKS } from './saml-attacks-shape.ts';
import { TEXT_ATTACKS } from './saml-attacks-text.ts';
import {
  encode,
  entraLike,
  instant,
  oktaLike,
  type SamlContext,
  type SignMode,
  sign,
} from './saml-builder.ts';
import { attackerKey } from './saml-keys.ts';

export interface Attack {
  readonly name: string;
  /** Line of the security catalogue. */
  readonly line: string;
  /** The form field, base64. */
  readonly samlResponse: string;
  readonly reason: SamlRejection;
}

/**
 * Every attack against this context: post each with a pending request of that id, expect a refusal and no session. Lines
 * left out are not built: some change what an unsolicited response does not have.
 */
export function attacks(context: SamlContext, leftOut: readonly string[] = []): readonly Attack[] {
  const rows = [
    ...DOCUMENT_ATTACKS,
    ...TEXT_ATTACKS,
    ...PROTOCOL_ATTACKS,
    ...SHAPE_ATTACKS,
    ...READER_ATTACKS,
  ];
  return rows
    .filter(({ line }) => !leftOut.includes(line))
    .map((row) => ({
      name: row.name,
      line: row.line,
      reason: row.reason,
      samlResponse: build(row, context),
    }));
}

type Oddity = Omit<AttackRow, 'reason'>;

/** Unusual but genuine responses: accepted, and the person is `context.nameId`, nobody else. */
export function oddities(context: SamlContext): readonly Omit<Attack, 'reason'>[] {
  return ODDITIES.map((row) => ({ name: row.name, line: row.line, samlResponse: build(row, context) }));
}

/** Good responses by identity provider and by what is signed. */
export function goodResponses(
  context: SamlContext,
): readonly { name: string; mode: SignMode; samlResponse: string }[] {
  const modes = ['assertion', 'response', 'both'] as const;
  const kinds = { okta: oktaLike, entra: entraLike };
  return Object.entries(kinds).flatMap(([kind, template]) =>
    modes.map((mode) => ({
      name: `${kind}, ${mode} signed`,
      mode,
      samlResponse: encode(sign(template(context), mode, context)),
    })),
  );
}

function build(row: Oddity, context: SamlContext): string {
  const edited = row.edit?.(oktaLike(context), context) ?? oktaLike(context);
  const signed = sign(edited, row.mode ?? 'assertion', { ...context, ...row.signer?.() });
  const changed = row.after?.(signed, context) ?? signed;
  return (row.encode ?? encode)(changed);
}

const attribute = (name: string) =>
  `<saml:Attribute Name="${name}"><saml:AttributeValue>intruder@evil.example</saml:AttributeValue></saml:Attribute>`;

const HOSTILE_NAMES = [
  'nameID',
  'NameID',
  'issuer',
  'sessionIndex',
  '__proto__',
  'constructor',
  'toString',
  'getAssertionXml',
];

const ODDITIES: readonly Oddity[] = [
  {
    line: 'S18',
    name: "attacker's certificate beside a genuine signature",
    after: (xml) => {
      const der = attackerKey().cert.replace(/-----[A-Z ]+-----|\s/g, '');
      const keyInfo = `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`;
      return swap(xml, outer(xml, 'ds:KeyInfo'), keyInfo);
    },
  },
  {
    line: 'S22',
    name: 'numeric references in the NameID',
    edit: (xml, context) =>
      swap(
        xml,
        `>${context.nameId}</saml:NameID>`,
        `>&#${context.nameId.charCodeAt(0)};${context.nameId.slice(1)}</saml:NameID>`,
      ),
  },
  {
    line: 'S27',
    name: 'base64 folded at 76 characters',
    encode: (xml) => (encode(xml).match(/.{1,76}/g) ?? []).join('\r\n'),
  },
  { line: 'S26', name: 'XML declaration', after: (xml) => `<?xml version="1.0" encoding="UTF-8"?>\n${xml}` },
  {
    line: 'S38',
    name: 'we are one of several audiences; OneTimeUse',
    edit: (xml) =>
      swap(
        swap(xml, '<saml:Audience>', '<saml:Audience>https://other.example</saml:Audience><saml:Audience>'),
        '</saml:Conditions>',
        '<saml:OneTimeUse/></saml:Conditions>',
      ),
  },
  {
    line: 'S39',
    name: 'expired within the skew',
    edit: swapping(
      /(?<=<saml:Conditions NotBefore="[^"]*" )NotOnOrAfter="[^"]*"/,
      (context) => `NotOnOrAfter="${instant(context, -119)}"`,
    ),
  },
  {
    line: 'S40',
    name: "the identity provider's clock is 119 seconds ahead",
    edit: (xml, context) =>
      xml
        .replaceAll(/IssueInstant="[^"]*"/g, `IssueInstant="${instant(context, 119)}"`)
        .replace(/ NotBefore="[^"]*"/, ` NotBefore="${instant(context, 119)}"`),
  },
  ...HOSTILE_NAMES.map((name) => ({
    line: 'S55',
    name: `attribute named ${name}`,
    edit: swapping('</saml:AttributeStatement>', `${attribute(name)}</saml:AttributeStatement>`),
  })),
  {
    line: 'S55',
    name: 'attribute __proto__ with two values',
    edit: swapping(
      '</saml:AttributeStatement>',
      `${attribute('__proto__')}${attribute('__proto__')}</saml:AttributeStatement>`,
    ),
  },
];
