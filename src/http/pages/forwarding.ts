/** A page that carries fields to another site by itself, with a button for browsers without scripts. */
import { createHash } from 'node:crypto';
import type { Response } from 'express';
import { hiddenField } from './form-parts.ts';
import { type Html, html } from './html.ts';
import { sendPage } from './layout.ts';

/** The only script of these pages; the policy names its hash, so that no other one runs (S51). */
const SCRIPT = 'document.forms[0].submit()';
const SCRIPT_SOURCE = `'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`;

export interface Forwarding {
  readonly title: string;
  /** Another site's address, checked when it was stored. */
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  /** What stands above the button, and below it; nothing if absent. */
  readonly note?: Html;
  readonly instead?: Html;
}

/** Sends the page. Its policy lets the form go to any https address, because identity providers redirect posts among themselves. */
export function sendForwarding(res: Response, forwarding: Forwarding): void {
  const { title, url, fields, note, instead } = forwarding;
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    `script-src ${SCRIPT_SOURCE}`,
    `form-action https: ${new URL(url).origin}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  res.set('Content-Security-Policy', policy);
  sendPage(res, {
    title,
    body: html`${note}<form method="post" action="${url}">
${Object.entries(fields).map(([name, value]) => hiddenField(name, value))}
<button type="submit">Continue</button>
</form>
${instead}`,
    script: SCRIPT,
  });
}
