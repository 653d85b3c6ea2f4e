/**
 * Devices a person has signed in from before: a signed value in a long-lived cookie. It opens nothing; it only keeps those
 * who guess elsewhere from shutting the person out here (S178, OWASP "device cookies").
 */
import { randomBytes } from 'node:crypto';
import { days } from '../../kernel/clock.ts';
import { constantTimeEqual } from '../../kernel/tokens.ts';
import type { Deps } from '../deps.ts';

/** How long a device is remembered since its last sign-in. */
export const DEVICE_TTL_MS = days(180);

type DeviceDeps = Pick<Deps, 'clock' | 'hashToken'>;

/** The value names nobody: whose device it is shows only to somebody who tries that very address. */
const signatureOf = ({ hashToken }: DeviceDeps, emailKey: string, body: string): string =>
  hashToken(`device:${body}:${emailKey}`);

/** A value for the cookie of somebody who has just signed in under this address. `device`: what `knownDevice` read, if it did. */
export function deviceToken(deps: DeviceDeps, emailKey: string, device?: string): string {
  const body = `${device ?? randomBytes(16).toString('base64url')}.${deps.clock().toString(36)}`;
  return `${body}.${signatureOf(deps, emailKey, body)}`;
}

/** The device's own name when this value was given to somebody who signed in under this address; undefined for any other. */
export function knownDevice(
  deps: DeviceDeps,
  emailKey: string,
  value: string | undefined,
): string | undefined {
  const [device, issued, signature, ...more] = (value ?? '').split('.');
  if (device === undefined || issued === undefined || signature === undefined || more.length > 0)
    return undefined;
  if (!constantTimeEqual(signature, signatureOf(deps, emailKey, `${device}.${issued}`))) return undefined;
  return Number.parseInt(issued, 36) + DEVICE_TTL_MS > deps.clock() ? device : undefined;
}
