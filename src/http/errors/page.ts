/** Errors as a person sees them: one plain sentence, what to do next and a reference, never a cause (S218). */
import type { NextFunction, Request, Response } from 'express';
import type { ErrorCode } from '../../kernel/errors.ts';
import { type Html, html } from '../pages/html.ts';
import { sendPage } from '../pages/layout.ts';
import { factsOf } from '../request-facts.ts';
import { entryOf, toGatehouseError, unreadStatusOf } from './error-table.ts';
import { renderProblem } from './problem.ts';
import { reportError } from './report.ts';
import { tellRetryAfter } from './retry-after.ts';

interface Words {
  readonly title: string;
  readonly sentence: string;
  /** What to do next, the likeliest first. */
  readonly steps?: readonly Html[];
  /** Where the table's status is meant for programs. */
  readonly status?: number;
}

const SORRY: Words = {
  title: 'Something went wrong',
  sentence: 'This did not work, and it is our fault. Please try again in a moment.',
};

const UNREADABLE: Words = {
  title: 'This request cannot be handled',
  sentence: 'What the browser sent could not be understood. Please go back and try again.',
};

const WORDS: Partial<Record<ErrorCode, Words>> = {
  sign_in_refused: {
    title: 'You could not be signed in',
    sentence: 'Please start the sign-in again. If that does not help:',
    steps: [
      html`Your company’s identity provider may be out of order: try again later.`,
      html`If you were invited, open the link in that mail.`,
      html`If you have a password here, look into your mailbox for a mail that connects your company sign-in, or <a href="/sign-in?way=password">sign in with the password</a> and connect it on your own page.`,
      html`Otherwise give the reference below to your administrator, who finds the reason with it.`,
    ],
    // A browser cannot answer a 401 without a challenge (RFC 9110 §15.5.2).
    status: 403,
  },
  sign_out_refused: {
    title: 'This sign-out was refused',
    sentence:
      'What your identity provider sent could not be believed. If you want to leave, sign out on your own page.',
  },
  unauthenticated: {
    title: 'Please sign in',
    sentence: 'This page is only for people who are signed in.',
  },
  forbidden: {
    title: 'This is not allowed',
    sentence: 'The request did not come from a page of this gateway, or you may not do this.',
  },
  sso_required: {
    title: 'Use your company sign-in',
    sentence:
      'This organization lets people in through its company sign-in only. Start there, with your work e-mail.',
  },
  not_found: {
    title: 'There is nothing here',
    sentence: 'The address may be mistyped, or what it led to is gone.',
  },
  method_not_allowed: {
    title: 'This request cannot be handled',
    sentence: 'This address does not work that way. Please go back and try again.',
  },
  too_many_requests: {
    title: 'Too many requests',
    sentence: 'Please wait a little, then try again.',
  },
  internal: SORRY,
  storage_unavailable: SORRY,
};

/** Express error handler for pages; programs that speak JSON get problem+json. The text depends on the code alone (law 10). */
export function renderPageError(thrown: unknown, req: Request, res: Response, next: NextFunction): void {
  const error = toGatehouseError(thrown);
  const unreadStatus = unreadStatusOf(error);
  // Doors that take forms of browsers have the one page, also for who sends JSON there.
  if (res.headersSent || (unreadStatus === undefined && speaksJson(req))) {
    renderProblem(thrown, req, res, next);
    return;
  }
  reportError(res, error);
  tellRetryAfter(res, error);
  const { title, sentence, steps, status = entryOf(error.code).status } = WORDS[error.code] ?? UNREADABLE;
  const link =
    error.code === 'sign_in_refused'
      ? html`<a class="button" href="${startOf(req.originalUrl)}">Start the sign-in again</a>`
      : html`<a href="/sign-in">To the sign-in page</a>`;
  sendPage(res, {
    title,
    status: unreadStatus ?? status,
    body: html`<p>${sentence}</p>
${steps && html`<ul>${steps.map((step) => html`<li>${step}</li>`)}</ul>`}
<p class="quiet">Reference: <code>${factsOf(res).requestId}</code></p>
<p>${link}</p>`,
  });
}

const OF_ORGANIZATION = /^\/sign-in\/([a-z0-9-]+)(?:\?|$)/;

/**
 * The organization's own start where the address names it; nothing is looked up. Never one of a connection: what is refused at its doors
 * has the same page to the last letter, whether there is such a connection or not (law 10).
 */
function startOf(address: string): string {
  const organization = OF_ORGANIZATION.exec(address)?.[1];
  return organization === undefined ? '/sign-in' : `/sign-in/${organization}`;
}

/** True when the caller sent JSON, or asks for JSON and not for a page. */
function speaksJson(req: Request): boolean {
  const sent = req.headers['content-type'] ?? '';
  const wanted = req.headers.accept ?? '';
  return /^application\/json\b/i.test(sent) || (/\bjson\b/i.test(wanted) && !/\bhtml\b/i.test(wanted));
}
