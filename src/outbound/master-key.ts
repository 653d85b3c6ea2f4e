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

interface Places {
  readonly dataDir: string;
  /** The file of the store, which need not exist yet. */
  readonly storePath: string;
}

const KEY_BYTES = 32;

/**
 * `configured` is base64url or undefined; then `master.key` in `dataDir` is read, or written with mode 0600 when there is
 * neither key nor store. Throws `invalid` for a key of another length, a file that others may read (S233), a data folder
 * that cannot be used, and for a missing key beside an existing store, which only the lost key would open (S212).
 */
export function loadMasterKey(configured: string | undefined, { dataDir, storePath }: Places): MasterKey {
  if (configured !== undefined)
    return { key: checked(configured, 'GATEHOUSE_MASTER_KEY'), origin: 'configuration' };
  const path = join(dataDir, 'master.key');
  if (existsSync(path)) return { key: readKey(path), origin: 'file', path };
  if (existsSync(storePath)) {
    throw new GatehouseError(
      'invalid',
      `${path} is missing, and the store at ${storePath} opens with no other key. Put master.key back, or set GATEHOUSE_MASTER_KEY if the store was made with it.`,
    );
  }
  return { key: makeKey(path, dataDir), origin: 'generated', path };
}

function readKey(path: string): Buffer {
  if ((statSync(path).mode & 0o077) !== 0)
    throw new GatehouseError('invalid', `${path} may be read by others. Run: chmod 600 ${path}`);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new GatehouseError('invalid', `${path} cannot be read: check its owner and mode.`, { cause });
  }
  return checked(text.trim(), path);
}

function makeKey(path: string, dataDir: string): Buffer {
  const key = randomBytes(KEY_BYTES);
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(path, `${key.toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
    chmodSync(path, 0o600);
  } catch (cause) {
    throw new GatehouseError(
      'invalid',
      `The data folder ${dataDir} cannot be used: it must be a folder that this user may write to (GATEHOUSE_DATA_DIR).`,
      { cause },
    );
  }
  return key;
}

function checked(text: string, where: string): Buffer {
  const key = Buffer.from(text, 'base64url');
  if (key.length !== KEY_BYTES)
    throw new GatehouseError('invalid', `${where} does not hold ${KEY_BYTES} bytes in base64url.`);
  return key;
}
