/** One mail as nodemailer takes it: one recipient, given as an object so that no address syntax is parsed (S172, S204). */
import type { Mail } from '../core/ports/mailer.ts';

export function toEnvelope(mail: Mail, from: string) {
  return {
    from: { name: mail.fromName ?? 'Gatehouse', address: from },
    to: [{ name: '', address: mail.to }],
    subject: mail.subject,
    text: mail.text,
    ...(mail.html === undefined ? {} : { html: mail.html }),
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}
