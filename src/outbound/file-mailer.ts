/** Mail without a mail server: each message becomes an .eml file that a person can open. */
import { mkdir, open, readdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mailer } from '../core/ports/mailer.ts';
import type { Clock } from '../kernel/clock.ts';
import { foldKey } from '../kernel/text.ts';
import { toEnvelope } from './mail-message.ts';

/** Writes into `folder` (made when absent, 0700; files 0600, because mails carry links that let people in). */
export function createFileMailer({
  folder,
  from,
  clock,
}: {
  readonly folder: string;
  readonly from: string;
  readonly clock: Clock;
}): Mailer {
  let count = 0;
  return {
    async send(mail) {
      const transport = await openTransport();
      const { message } = await transport.sendMail(toEnvelope(mail, from));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      count += 1;
      const stamp = new Date(clock()).toISOString().replace(/[:.]/g, '-');
      const path = join(folder, `${stamp}-${process.pid}-${count}.eml`);
      await writeFile(path, message as Buffer, { mode: 0o600, flag: 'wx' });
      return { channel: 'file', path };
    },
    async forget(emailKeys) {
      for (const path of await mailsIn(folder))
        if (emailKeys.has(await recipientOf(path))) await unlink(path).catch(unlessGone);
    },
  };
}

/** The library comes with the first mail. */
async function openTransport() {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    streamTransport: true,
    buffer: true,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

function unlessGone(error: unknown): void {
  if (!isGone(error)) throw error;
}

/** Those made here and no other file; none where no mail was written yet. */
async function mailsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    unlessGone(error);
    return [];
  });
  return names.filter((name) => name.endsWith('.eml')).map((name) => join(folder, name));
}

/** More than the header fields of a mail of ours take. */
const HEAD_BYTES = 16_384;

/** Folded; empty for a file that is gone or names nobody. Only the header is read: a text may quote another mail. */
async function recipientOf(path: string): Promise<string> {
  const file = await open(path).catch(unlessGone);
  if (file === undefined) return '';
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const [head = ''] = buffer.toString('utf8', 0, bytesRead).split('\r\n\r\n', 1);
    const to = /^To:(.*(?:\r\n[ \t].*)*)/im.exec(head)?.[1]?.trim() ?? '';
    return foldKey(/<([^>]*)>/.exec(to)?.[1] ?? to);
  } finally {
    await file.close();
  }
}
