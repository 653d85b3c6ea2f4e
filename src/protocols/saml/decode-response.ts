/** From the form field `SAMLResponse` to its text: strict base64, strict UTF-8, bounded (S25, S26, S27). */
import { decodeFormText } from '../../kernel/form-text.ts';
import { refuse } from './rejections.ts';

/** Decoded bytes a response may have. */
export const MAX_RESPONSE_BYTES = 256 * 1024;

/** Base64 of the largest response plus CRLF after every 64 characters. */
const MAX_FIELD_LENGTH = Math.ceil((MAX_RESPONSE_BYTES * 4) / 3 + 4) * (1 + 2 / 64);

/** IdPs fold at 64 or 76 characters, if at all; much shorter lines are not folding but a flood of whitespace. */
const FOLDED = /^(?:[A-Za-z0-9+/]{32,}\r?\n)*[A-Za-z0-9+/]+={0,2}(?:\r?\n)?$/;

/**
 * The XML text of a posted `SAMLResponse`, given as text, or as the bytes of the form that are its value. Refuses `saml.not_one_string`, `saml.too_large`, `saml.base64`,
 * `saml.encoding` (not UTF-8, byte order mark, NUL). Source: SAML bindings §3.5.4.
 */
export function decodeResponse(posted: unknown): string {
  const field = ArrayBuffer.isView(posted) ? decodeFormText(latin1(posted)) : posted;
  if (typeof field !== 'string' || field === '') return refuse('saml.not_one_string');
  if (field.length > MAX_FIELD_LENGTH) return refuse('saml.too_large', { length: field.length });
  const isFolded = field.includes('\n');
  if (isFolded && !FOLDED.test(field)) return refuse('saml.base64');
  const base64 = isFolded ? field.replace(/\r?\n/g, '') : field;
  const bytes = Buffer.from(base64, 'base64');
  // Only the canonical spelling decodes back to itself: wrong padding and loose trailing bits do not.
  if (bytes.toString('base64') !== base64) return refuse('saml.base64');
  if (bytes.length > MAX_RESPONSE_BYTES) return refuse('saml.too_large', { bytes: bytes.length });
  return decodeUtf8(bytes);
}

const latin1 = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('latin1');

/** Strict UTF-8 text. Refuses `saml.encoding`: other bytes, a byte order mark, NUL (S26). */
export function decodeUtf8(bytes: Buffer): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    return refuse('saml.encoding', undefined, cause);
  }
  if (text.startsWith('\uFEFF') || text.includes('\u0000')) return refuse('saml.encoding');
  return text;
}
