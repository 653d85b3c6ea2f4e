/** Where a form of ours leads on to: browsers hold the form's policy against every redirect that follows it. */
import type { Request, Response } from 'express';
import { leadsToApplication } from '../provider/interaction-paths.ts';
import { html } from './html.ts';
import { seeOther, sendPage } from './layout.ts';

/**
 * Goes on to a path of ours. One that leads on to an application, and so to another site, is reached from a page that moves
 * by itself: `form-action 'self'` would stop the redirects there. Programs, which hold no policies, are redirected.
 */
export function leaveForm(
  { req, res }: { readonly req: Request; readonly res: Response },
  path: string,
): void {
  if (!leadsToApplication(path) || req.headers['sec-fetch-mode'] !== 'navigate') {
    seeOther(res, path);
    return;
  }
  sendPage(res, {
    title: 'Signed in',
    body: html`<p>You are on your way back to the application.</p><p><a class="button" href="${path}">Continue</a></p>`,
    movesOnTo: path,
  });
}
