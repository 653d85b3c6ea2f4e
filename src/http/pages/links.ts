/** Links that were passed on, in the browser: looking consumes nothing (S164); whoever joins has proved an address first. */

import type { Request, RequestHandler } from 'express';
import type { ShareableLink } from '../../core/entities/shareable-link.ts';
import { readJoiningOffer } from '../../core/joining/joining-offer.ts';
import {
  joinByLink,
  ownProvedAddress,
  previewLink,
  previewProvedLink,
  requestAddressProof,
  takesAddress,
} from '../../core/joining/link-joining.ts';
import { shownAddress } from '../../core/members/own-account.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import { canonicalEmail } from '../api/fields.ts';
import type { HttpDeps } from '../deps.ts';
import { formText, queryText } from '../form-body.ts';
import { causeOf } from '../request-facts.ts';
import { enterSession } from '../session-cookie.ts';
import {
  acceptorOf,
  joiningForm,
  joiningPage,
  sendMailSent,
  typedPerson,
  type Visit,
} from './joining-forms.ts';
import { seeOther, sendPage } from './layout.ts';
import { linkBody, provedLinkBody } from './link-view.ts';
import { shownPath } from './opened-links.ts';

/** `GET /links/{token}`: whatever lets nobody in looks like an unknown token (S165); with `sent` what to do next. */
export const getLink = (deps: HttpDeps): RequestHandler => joiningPage(deps, showLink);

/**
 * `POST /links/{token}`: with `email` a mail to that address and 303 back; without, whoever is signed in joins with their own
 * proved address and goes to their page.
 */
export const postLink = (deps: HttpDeps): RequestHandler =>
  joiningForm(deps, { act: enterLink, show: showLink });

/** `GET /links/{token}/{proof}`: where the mail leads. */
export const getProvedLink = (deps: HttpDeps): RequestHandler => joiningPage(deps, showProvedLink);

/** `POST /links/{token}/{proof}`: 303 to the person's page, else the same page with what went wrong. */
export const postProvedLink = (deps: HttpDeps): RequestHandler =>
  joiningForm(deps, { act: (_deps, visit) => join(deps, visit, proofOf(visit.req)), show: showProvedLink });

const tokenOf = (req: Request): string => String(req.params.token);
const proofOf = (req: Request): string => String(req.params.proof);

async function enterLink(deps: HttpDeps, visit: Visit): Promise<void> {
  const { req, res, visitor } = visit;
  const email = formText(req, 'email');
  if (email === undefined) return join(deps, visit, undefined);
  await requestAddressProof(deps, {
    token: tokenOf(req),
    email: addressFrom(email),
    signedIn: visitor?.signedIn,
    cause: causeOf(res, { kind: 'anonymous' }),
  });
  seeOther(res, `${shownPath(req)}?sent=yes`);
}

function addressFrom(text: string): string {
  const email = canonicalEmail(text.trim());
  if (email !== undefined) return email;
  const detail = 'Give one plain e-mail address, such as ada@example.com.';
  throw new GatehouseError('invalid', detail, { field: 'email' });
}

async function join(deps: HttpDeps, { req, res, visitor }: Visit, proof: string | undefined): Promise<void> {
  const token = tokenOf(req);
  const door = proof === undefined ? undefined : await previewProvedLink(deps, { token, proof });
  const { sessionToken } = await joinByLink(deps, {
    token,
    proof,
    acceptor: acceptorOf(req, visitor, door && { ...door, email: door.address.email }),
    cause: causeOf(res, { kind: 'anonymous' }),
  });
  await enterSession(deps, { req, res }, sessionToken);
  seeOther(res, '/');
}

const offerOf = (deps: HttpDeps, link: ShareableLink) =>
  readJoiningOffer(deps.storage, { ...link, resources: [], invitedBy: link.createdBy });

async function showLink(deps: HttpDeps, visit: Visit): Promise<void> {
  const { req, res, visitor, status = 200, problem } = visit;
  const opened = await previewLink(deps, tokenOf(req));
  if (queryText(req, 'sent') !== undefined && problem === undefined)
    return sendMailSent(res, shownPath(req), visitor);
  const { link } = opened;
  const own = visitor && ownProvedAddress(visitor.signedIn, link.organizationId)?.email;
  const ownEmail = own !== undefined && takesAddress(link, own) ? own : undefined;
  const typedEmail = formText(req, 'email') ?? (visitor && shownAddress(visitor.signedIn)) ?? '';
  const offer = await offerOf(deps, link);
  const view = { ...opened, offer, path: shownPath(req), visitor, ownEmail, typedEmail, problem };
  sendPage(res, { title: 'You are invited', of: view.organization, status, body: linkBody(view) });
}

async function showProvedLink(deps: HttpDeps, visit: Visit): Promise<void> {
  const { req, res, visitor, status = 200, problem } = visit;
  const proof = proofOf(req);
  const { address, ...opened } = await previewProvedLink(deps, { token: tokenOf(req), proof });
  const { email, emailKey, askedBy } = address;
  const path = shownPath(req);
  const typed = typedPerson(req);
  const offer = await offerOf(deps, opened.link);
  const view = { ...opened, offer, email, emailKey, askedBy, path, visitor, problem, typed };
  sendPage(res, { title: 'You are invited', of: view.organization, status, body: provedLinkBody(view) });
}
