/** Mail without a mail server: each message becomes an .eml file that a person can open. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mailer } from '../core/ports/mailer.ts';
import type { Clock } from '../kernel/clock.ts';
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
