/**
 * A page that moves on by itself: browsers hold the policy `form-action 'self'` against every redirect that follows a form,
 * so a redirect from a posted or searched form to an identity provider would be stopped. A move of the page is not.
 */
import type { Response } from 'express';
import { html } from './html.ts';
import { sendPage } from './layout.ts';

/** Sends the page. `location` is a path of ours, or an identity provider's own address. */
export function sendMovingOn(res: Response, location: string): void {
  sendPage(res, {
    title: 'One moment',
    body: html`<p>You are on your way to your organization's sign-in.</p><p><a class="button" href="${location}">Continue</a></p>`,
    movesOnTo: location,
  });
}
