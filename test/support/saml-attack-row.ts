/** The form of an attack row and the string surgery that rows are written with. */
import type { SamlRejection } from '../../src/protocols/saml/rejections.ts';
import type { SamlContext, Signer, SignMode } from './saml-builder.ts';

export type Change = (xml: string, context: SamlContext) => string;

/** A good response with one thing changed: `edit` before signing (an IdP that misbehaves), `after` on the way. */
export interface AttackRow {
  readonly name: string;
  /** Line of the security catalogue. */
  readonly line: string;
  readonly reason: SamlRejection;
  /** Absent: the assertion is signed. */
  readonly mode?: SignMode;
  readonly edit?: Change;
  /** What is unlike the genuine signer. */
  readonly signer?: () => Partial<Signer>;
  readonly after?: Change;
  /** From the text to the form field; absent: base64 of UTF-8. */
  readonly encode?: (xml: string) => string;
}

/** Replaces the first occurrence; throws when there is none, so that a row cannot quietly change nothing. */
export function swap(xml: string, from: string | RegExp, to: string): string {
  const changed = xml.replace(from, () => to);
  if (changed === xml) throw new Error(`Nothing to change: ${from}`);
  return changed;
}

export const swapping =
  (from: string | RegExp, to: string | ((context: SamlContext) => string)): Change =>
  (xml, context) =>
    swap(xml, from, typeof to === 'string' ? to : to(context));

/** The first element of this qualified name, from `<` to its last end tag. */
export function outer(xml: string, name: string): string {
  const start = xml.indexOf(`<${name}`);
  const end = xml.lastIndexOf(`</${name}>`) + name.length + 3;
  if (start < 0 || end < start) throw new Error(`No element ${name}`);
  return xml.slice(start, end);
}

export const without = (xml: string, piece: string): string => swap(xml, piece, '');

/** The attacker's copy of the assertion: another id, another person, no signature. */
export function forgedAssertion(xml: string, context: SamlContext, id = '_forged'): string {
  const assertion = outer(xml, 'saml:Assertion');
  const bare = assertion.includes('<ds:Signature')
    ? without(assertion, outer(assertion, 'ds:Signature'))
    : assertion;
  return bare.replace(/ ID="[^"]*"/, ` ID="${id}"`).replaceAll(context.nameId, 'intruder@evil.example');
}
