/** One-time codes by the otpauth library, behind the port. */
import { Secret, TOTP } from 'otpauth';
import type { OneTimeCodes } from '../core/ports/one-time-codes.ts';

const PERIOD_SECONDS = 30;
/** A phone's clock may be off by so many steps (RFC 6238 §5.2). */
const DRIFT_STEPS = 1;
const SETTINGS = { algorithm: 'SHA1', digits: 6, period: PERIOD_SECONDS } as const;

/** Builds the port. */
export function createOneTimeCodes(): OneTimeCodes {
  return {
    newSecret: () => new Secret({ size: 20 }).base32,
    addressOf: ({ secret, issuer, label }) =>
      new TOTP({ ...SETTINGS, secret: Secret.fromBase32(secret), issuer, label }).toString(),
    stepOf: (secret, code, now) => {
      const drift = TOTP.validate({
        ...SETTINGS,
        secret: Secret.fromBase32(secret),
        token: code,
        timestamp: now,
        window: DRIFT_STEPS,
      });
      return drift === null ? undefined : Math.floor(now / 1000 / PERIOD_SECONDS) + drift;
    },
  };
}
