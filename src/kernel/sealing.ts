/** Recoverable secrets at rest: AES-256-GCM, bound to the organization and field they belong to (law 7). */
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync } from 'node:crypto';
import { GatehouseError } from './errors.ts';
import { takeRandom } from './random.ts';

/** Where a secret belongs. A sealed value moved to another place does not open. */
export interface SealPlace {
  readonly organizationId: string;
  readonly field: string;
}

export interface Sealer {
  /** Answers `v1.nonce.ciphertext.tag` in base64url. */
  seal(plain: string, place: SealPlace): string;
  /** Answers the plain text; throws `internal` when key, place or bytes do not fit. */
  open(sealed: string, place: SealPlace): string;
}

/** One 32-byte key per purpose, derived from the master key (HKDF-SHA256, RFC 5869). */
export function deriveKey(masterKey: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, '', `gatehouse/${purpose}`, 32));
}

const associatedData = (place: SealPlace) =>
  Buffer.from(JSON.stringify([place.organizationId, place.field]), 'utf8');

/** Builds the sealer from a 32-byte key. */
export function createSealer(key: Buffer): Sealer {
  // A key object is prepared once; a buffer costs as much again as the cipher, each time.
  const secret = createSecretKey(key);
  return {
    seal(plain, place) {
      const nonce = takeRandom(12);
      const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(associatedData(place));
      const bytes = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return ['v1', nonce, bytes, cipher.getAuthTag()]
        .map((part) => (typeof part === 'string' ? part : part.toString('base64url')))
        .join('.');
    },
    open(sealed, place) {
      try {
        const [version, nonce = '', bytes = '', tag = ''] = sealed.split('.');
        if (version !== 'v1') throw new Error('unknown seal version');
        const decipher = createDecipheriv('aes-256-gcm', secret, Buffer.from(nonce, 'base64url'), {
          authTagLength: 16,
        })
          .setAAD(associatedData(place))
          .setAuthTag(Buffer.from(tag, 'base64url'));
        return Buffer.concat([decipher.update(Buffer.from(bytes, 'base64url')), decipher.final()]).toString(
          'utf8',
        );
      } catch (cause) {
        throw new GatehouseError('internal', 'A stored secret could not be opened.', {
          cause,
          context: { field: place.field },
        });
      }
    },
  };
}

/**
 * A sealer that remembers what it has sealed and opened, the last `most` of them: for secrets that are read at every request
 * and change once a year, or are read back within minutes. By place as well as by bytes, so that what was moved to another
 * place still does not open.
 */
export function rememberingSealer(sealer: Sealer, most: number): Sealer {
  const known = new Map<string, string>();
  const keyOf = (sealed: string, { organizationId, field }: SealPlace) =>
    JSON.stringify([organizationId, field, sealed]);
  const remember = (key: string, plain: string): void => {
    const oldest = known.size < most ? undefined : known.keys().next().value;
    if (oldest !== undefined) known.delete(oldest);
    known.set(key, plain);
  };
  return {
    seal(plain, place) {
      const sealed = sealer.seal(plain, place);
      remember(keyOf(sealed, place), plain);
      return sealed;
    },
    open(sealed, place) {
      const key = keyOf(sealed, place);
      const plain = known.get(key);
      if (plain !== undefined) return plain;
      const opened = sealer.open(sealed, place);
      remember(key, opened);
      return opened;
    },
  };
}
