/** Signs a response the way one product writes its signatures; the canonical text is xml-crypto's, so that ours is judged by another. */
import { createHash, sign as signBytes } from 'node:crypto';
import { DOMParser } from '@xmldom/xmldom';
import { ExclusiveCanonicalization } from 'xml-crypto';
import { EXC_C14N, type SamlContext } from './saml-builder.ts';

const DS = 'http://www.w3.org/2000/09/xmldsig#';
const XMLENC = 'http://www.w3.org/2001/04/xmlenc#';
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';

export interface SignatureHabit {
  /** Of ds:Signature; empty: it declares the namespace as its default. */
  readonly prefix: string;
  /** Namespace prefixes that its canonicalization keeps although nothing uses them. */
  readonly inclusive?: string;
  /** What stands in KeyInfo; the certificate alone if absent. */
  readonly keyInfo?: (der: string) => string;
  /** Long base64 is broken into lines. */
  readonly isFolded?: true;
}

/** X509Data with the certificate and what a product adds before it. */
export const x509Data =
  (prefix: string, before = '') =>
  (der: string): string =>
    `<${prefix}X509Data>${before}<${prefix}X509Certificate>${der}</${prefix}X509Certificate></${prefix}X509Data>`;

/** The response with a signature after the Issuer of its element of this name. */
export function signAs(
  xml: string,
  local: 'Assertion' | 'Response',
  { habit, context }: { readonly habit: SignatureHabit; readonly context: SamlContext },
): string {
  const p = habit.prefix === '' ? '' : `${habit.prefix}:`;
  const fold = (base64: string) =>
    habit.isFolded === true ? (base64.match(/.{1,76}/g) ?? []).join('\n    ') : base64;
  const declared = ` xmlns${habit.prefix === '' ? '' : `:${habit.prefix}`}="${DS}"`;
  const signedInfo = signedInfoOf(p, { habit, xml, local });
  const open = `<${p}Signature${declared}>${signedInfo}`;
  const canonical = canonicalText(`${open}</${p}Signature>`, 'SignedInfo');
  const value = signBytes('sha256', Buffer.from(canonical), context.key).toString('base64');
  const der = context.cert.replace(/-----[A-Z ]+-----|\s/g, '');
  const keyInfo = (habit.keyInfo ?? x509Data(p))(fold(der));
  const signature = `${open}<${p}SignatureValue>${fold(value)}</${p}SignatureValue><${p}KeyInfo>${keyInfo}</${p}KeyInfo></${p}Signature>`;
  const start = new RegExp(`<(?:\\w+:)?${local} `).exec(xml)?.index ?? -1;
  const issuer = xml.slice(start).match(/<((?:\w+:)?)Issuer[^>]*>[^<]*<\/\1Issuer>/);
  if (start < 0 || issuer?.index === undefined) throw new Error(`no ${local} with an Issuer`);
  const at = start + issuer.index + issuer[0].length;
  return xml.slice(0, at) + signature + xml.slice(at);
}

function signedInfoOf(
  p: string,
  { habit, xml, local }: { readonly habit: SignatureHabit; readonly xml: string; readonly local: string },
): string {
  const { inclusive } = habit;
  const text = canonicalText(xml, local, inclusive);
  const digest = createHash('sha256').update(text).digest('base64');
  const id = new RegExp(`<(?:\\w+:)?${local} [^>]*?\\bID="([^"]+)"`).exec(xml)?.[1];
  const list =
    inclusive === undefined
      ? '/>'
      : `><ec:InclusiveNamespaces PrefixList="${inclusive}" xmlns:ec="${EXC_C14N}"/></${p}Transform>`;
  return `<${p}SignedInfo><${p}CanonicalizationMethod Algorithm="${EXC_C14N}"/><${p}SignatureMethod Algorithm="${RSA_SHA256}"/><${p}Reference URI="#${id}"><${p}Transforms><${p}Transform Algorithm="${DS}enveloped-signature"/><${p}Transform Algorithm="${EXC_C14N}"${list}</${p}Transforms><${p}DigestMethod Algorithm="${XMLENC}sha256"/><${p}DigestValue>${digest}</${p}DigestValue></${p}Reference></${p}SignedInfo>`;
}

/** The first element of this name in exclusive canonical form. */
export function canonicalText(xml: string, local: string, inclusive?: string): string {
  const document = new DOMParser().parseFromString(xml, 'text/xml');
  const element = Array.from(document.getElementsByTagNameNS('*', local))[0];
  if (element === undefined) throw new Error(`no ${local}`);
  const canonicalization = new ExclusiveCanonicalization();
  const names = inclusive === undefined ? [] : [inclusive];
  return canonicalization.process(element, { inclusiveNamespacesPrefixList: names });
}
