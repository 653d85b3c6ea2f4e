/** Mail over SMTP through nodemailer. */
import nodemailer from 'nodemailer';
import type { Mailer } from '../core/ports/mailer.ts';
import { toEnvelope } from './mail-message.ts';

/** Sends through the server that `url` names (`smtp://user:password@host:587`, `smtps://...`). */
export function createSmtpMailer({ url, from }: { readonly url: string; readonly from: string }): Mailer {
  const transport = nodemailer.createTransport({
    url,
    connectionTimeout: 5_000,
    greetingTimeout: 5_000,
    socketTimeout: 10_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(mail) {
      const { messageId } = await transport.sendMail(toEnvelope(mail, from));
      return { channel: 'smtp', messageId };
    },
  };
}
