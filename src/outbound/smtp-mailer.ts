/** Mail over SMTP through nodemailer. */
import type { Transporter } from 'nodemailer';
import type { Mailer } from '../core/ports/mailer.ts';
import { seconds } from '../kernel/clock.ts';
import { toEnvelope } from './mail-message.ts';

/** Sends through the server that `url` names (`smtp://user:password@host:587`, `smtps://...`); `deadlineMs` bounds the whole of one mail. */
export function createSmtpMailer({
  url,
  from,
  deadlineMs = seconds(45),
}: {
  readonly url: string;
  readonly from: string;
  readonly deadlineMs?: number;
}): Mailer {
  let transport: Promise<Transporter> | undefined;
  return {
    async send(mail) {
      try {
        transport ??= openTransport(url);
        // The other limits count silence only: a server that says a line now and then would hold a mail for minutes.
        const signal = AbortSignal.timeout(deadlineMs);
        const { messageId } = await (await transport).sendMail({ ...toEnvelope(mail, from), signal });
        return { channel: 'smtp', messageId };
      } catch (error) {
        const reply = permanentReply(error);
        if (reply === undefined) throw error;
        return { channel: 'refused', reply };
      }
    },
  };
}

/** The library comes with the first mail. */
async function openTransport(url: string): Promise<Transporter> {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    url,
    connectionTimeout: 5_000,
    greetingTimeout: 5_000,
    socketTimeout: 10_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** The code of a reply that says no for good about this mail; undefined for whatever may pass, our own credentials included. */
function permanentReply(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('response' in error)) return undefined;
  // The envelope's sender and our credentials are about us: an operator mends them.
  const isAboutTheMail = 'command' in error && (error.command === 'RCPT TO' || error.command === 'DATA');
  const [reply] = /^5\d\d(?:[ -]\d\.\d{1,3}\.\d{1,3})?/.exec(String(error.response)) ?? [];
  return isAboutTheMail && reply !== undefined ? reply.replace('-', ' ') : undefined;
}
