/** ECDSA signatures of tokens in the form that OpenSSL checks. Pure. */

const SEQUENCE = 0x30;
const INTEGER = 0x02;

/**
 * Two numbers side by side, `size` bytes each (RFC 7518 §3.4), as a DER sequence of two integers (RFC 3279 §2.2.3); undefined for any
 * other length. Asked to read the first form, Node takes half as long again for the check.
 */
export function derSignature(joined: Buffer, size: number): Buffer | undefined {
  if (joined.length !== 2 * size) return undefined;
  const content = Buffer.concat([integer(joined.subarray(0, size)), integer(joined.subarray(size))]);
  const length = content.length < 0x80 ? [content.length] : [0x81, content.length];
  return Buffer.concat([Buffer.from([SEQUENCE, ...length]), content]);
}

/** As short as it can be: a zero stands in front only of what would be read as negative (X.690 §8.3). */
function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const significant = first === -1 ? Buffer.of(0) : bytes.subarray(first);
  const sign = significant.readUInt8(0) < 0x80 ? [] : [0];
  return Buffer.from([INTEGER, sign.length + significant.length, ...sign, ...significant]);
}
