/** Codes of a generator that a person carries (TOTP, RFC 6238): six digits, thirty seconds, SHA-1, which every app knows. */

export interface OneTimeCodes {
  /** A fresh secret, 160 bits in Base32. */
  newSecret(): string;
  /** The `otpauth:` address that authenticator apps read from a QR code. `label` names the person, `issuer` this gateway. */
  addressOf(generator: { readonly secret: string; readonly issuer: string; readonly label: string }): string;
  /** The time step this code belongs to, one step of clock drift either way allowed; undefined for a wrong code. */
  stepOf(secret: string, code: string, now: number): number | undefined;
}
