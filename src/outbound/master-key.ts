/** The one key everything at rest hangs on: from configuration, or made once in the data folder for its owner's eyes only. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatehouseError } from '../kernel/errors.ts';

export interface MasterKey {
  readonly key: Buffer;
  /** Told in the start-up log. */
  readonly origin: 'configuration' | 'file' | 'generated';
  readonly path?: string;
}

const KEY_BYTES = 32;

/**
 * `configured` is base64url or undefined; then `master.key` in `dataDir` is read, or written with mode 0600 when absent.
 * Throws `invalid` for a key of another length, or a file that others may read (S233).
 */
export function loadMasterKey(configured: string | undefined, dataDir: string): MasterKey {
  if (configured !== undefined)
    return { key: checked(configured, 'GATEHOUSE_MASTER_KEY'), origin: 'configuration' };
  const path = join(dataDir, 'master.key');
  if (existsSync(path)) {
    if ((statSync(path).mode & 0o077) !== 0) {
      throw new GatehouseError('invalid', `${path} may be read by others. Run: chmod 600 ${path}`);
    }
    return { key: checked(readFileSync(path, 'utf8').trim(), path), origin: 'file', path };
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const key = randomBytes(KEY_BYTES);
  writeFileSync(path, `${key.toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  chmodSync(path, 0o600);
  return { key, origin: 'generated', path };
}

function checked(text: string, where: string): Buffer {
  const key = Buffer.from(text, 'base64url');
  if (key.length !== KEY_BYTES)
    throw new GatehouseError('invalid', `${where} does not hold ${KEY_BYTES} bytes in base64url.`);
  return key;
}
