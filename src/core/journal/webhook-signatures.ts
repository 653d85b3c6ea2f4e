/** What webhooks are signed with and how (S198): Standard Webhooks 1.0, symmetric, `v1`. Pure but for new secrets. */
import { createHmac, randomBytes } from 'node:crypto';
import { GatehouseError } from '../../kernel/errors.ts';
import type { Webhook } from '../entities/webhook.ts';

const PREFIX = 'whsec_';
const SECRET_BYTES = 32;

/** A new secret as receivers configure it: `whsec_` and 32 random bytes in base64. */
export const newWebhookSecret = (): string => `${PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`;

/** What is signed: `body` exactly as it is sent. */
export interface SignedMessage {
  readonly id: string;
  /** Epoch seconds. */
  readonly timestamp: number;
  readonly body: string;
}

/**
 * The signature of `{id}.{timestamp}.{body}` under one secret: `v1,` and HMAC-SHA256 in base64. Throws `internal` for what is no
 * secret: under an empty key anybody could sign.
 */
export function signatureOf(secret: string, { id, timestamp, body }: SignedMessage): string {
  if (!secret.startsWith(PREFIX)) throw new GatehouseError('internal', 'Nothing is signed without a secret.');
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

/**
 * The headers of a request that is sent at `now` (epoch ms): id, time, and a signature for every secret that counts, the present one
 * first. The time is that of this try, so that a receiver can refuse what is older than five minutes.
 */
export function signatureHeaders(
  { secret, previousSecret }: Pick<Webhook, 'secret' | 'previousSecret'>,
  message: { readonly id: string; readonly body: string },
  now: number,
): Readonly<Record<string, string>> {
  const timestamp = Math.floor(now / 1000);
  const earlier = previousSecret !== null && previousSecret.endsAt > now ? [previousSecret.value] : [];
  const signatures = [secret, ...earlier].map((one) => signatureOf(one, { ...message, timestamp }));
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  };
}
