/** Between an application and the sign-in pages: who must sign in goes there and comes back here; then the application is answered. */
import type { Request, RequestHandler, Response } from 'express';
import { decodeJwt } from 'jose';
import type Provider from 'oidc-provider';
import type { Interaction } from 'oidc-provider';
import { servesOrganization } from '../../core/applications/application-grants.ts';
import type { Application } from '../../core/entities/application.ts';
import type { Session } from '../../core/entities/session.ts';
import { findOrganization } from '../../core/organization/organization-lookup.ts';
import { switchOrganization } from '../../core/sign-in/organization-switch.ts';
import { findSignedIn, type SignedIn } from '../../core/sign-in/sessions.ts';
import { isProvedSince } from '../../core/sign-in/sign-in-freshness.ts';
import type { SignInHints } from '../../core/sign-in/sign-in-routing.ts';
import { findSignInRoute } from '../../core/sign-in/sign-in-routing.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { parseId } from '../../kernel/ids.ts';
import type { HttpDeps } from '../deps.ts';
import { actorOf, callerFrom, visitingOf } from '../guards.ts';
import { seeOther } from '../pages/layout.ts';
import { plainHint } from '../pages/organization-sign-in.ts';
import { passwordPath, signInPage, signInPath } from '../pages/sign-in-paths.ts';
import { causeOf } from '../request-facts.ts';
import { setSessionCookie } from '../session-cookie.ts';
import { startSignIn } from '../sign-in-start.ts';
import { askedProofOf } from './asked-freshness.ts';
import { INTERACTION_COOKIE } from './configuration.ts';
import type { InteractionDecision, InteractionFacts } from './interaction-decision.ts';
import { decideInteraction } from './interaction-decision.ts';
import { interactionPath } from './interaction-paths.ts';
import { startOf } from './interaction-start.ts';
import type { RunningProvider } from './source.ts';

/** `GET /oidc/interaction/{uid}`: 303 to the sign-in or back to the application. Throws `not_found` in another browser (S100). */
export const getInteraction =
  (deps: HttpDeps, source: () => Promise<RunningProvider>): RequestHandler =>
  async (req, res) => {
    const { provider } = await source();
    const interaction = await ownInteraction(provider, req, res);
    const signedIn = await visitorFor(deps, { req, res }, interaction);
    const application = await applicationOf(deps, interaction);
    const facts = await loadFacts(deps, interaction, signedIn);
    const decision = decideInteraction(facts);
    const visit = { interaction, application, signedIn, facts };
    if (decision.kind === 'sign_in') return sendToSignIn(deps, res, visit);
    await resume(res, visit, decision);
  };

/**
 * Who is here. Somebody who has just signed in for this, with a proof of their own, in another organization than the one the
 * application named goes on to that one, as far as its policy allows: a password opens the organization used last.
 */
async function visitorFor(
  deps: HttpDeps,
  { req, res }: { readonly req: Request; readonly res: Response },
  interaction: Interaction,
): Promise<SignedIn | undefined> {
  const signedIn = await visitingOf(deps, req);
  const named = textOf(interaction, 'organization');
  if (signedIn === undefined || named === undefined) return signedIn;
  const { session } = await loadFacts(deps, interaction, signedIn);
  if (session === undefined || session.since === 'nothing' || session.isOfNamedOrganization) return signedIn;
  try {
    const cause = causeOf(res, actorOf(callerFrom(signedIn)));
    const { sessionToken } = await switchOrganization(deps, { signedIn, reference: named, cause });
    setSessionCookie(res, sessionToken, signedIn.session.expiresAt - deps.clock());
    return await findSignedIn(deps, sessionToken);
  } catch (error) {
    // Not theirs, or it asks for a sign-in of its own: then the application is told that they are elsewhere.
    if (isGatehouseError(error, 'not_found') || isGatehouseError(error, 'sso_required')) return signedIn;
    throw error;
  }
}

/** S100: the address alone opens nothing; the cookie of the browser that began must name the same sign-in. */
async function ownInteraction(provider: Provider, req: Request, res: Response): Promise<Interaction> {
  const uid = String(req.params.uid);
  const shown = provider.createContext(req, res).cookies.get(INTERACTION_COOKIE, { signed: true });
  const interaction = shown === uid ? await provider.Interaction.find(uid) : undefined;
  if (interaction !== undefined) return interaction;
  const detail = 'This sign-in has expired or began in another browser. Go back to the application.';
  throw new GatehouseError('not_found', detail);
}

const textOf = (interaction: Interaction, name: string): string | undefined => {
  const value = interaction.params[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

async function applicationOf(deps: HttpDeps, interaction: Interaction): Promise<Application> {
  const id = parseId('app', textOf(interaction, 'client_id') ?? '');
  const application = id && (await deps.storage.applications.find(id));
  if (application === undefined) throw new GatehouseError('not_found', 'This application is gone.');
  return application;
}

async function loadFacts(
  deps: HttpDeps,
  interaction: Interaction,
  signedIn: SignedIn | undefined,
): Promise<InteractionFacts> {
  const wishes = askedProofOf(interaction);
  if (signedIn === undefined) return wishes;
  const { session, organization, user } = signedIn;
  const named = textOf(interaction, 'organization');
  return {
    ...wishes,
    session: {
      since: sinceOf(interaction, session),
      ageMs: deps.clock() - session.authTime,
      isOfNamedOrganization:
        named === undefined || (await findOrganization(deps.storage, named))?.id === organization.id,
      isHintedPerson: isHinted(interaction, user.id),
    },
  };
}

/** Whoever carries an earlier sign-in over, to another organization or past an invitation, has not signed in since. */
function sinceOf(interaction: Interaction, session: Session) {
  const { startedAt, sessionId } = startOf(interaction);
  if (sessionId === session.id || session.authenticatedAt < startedAt) return 'nothing';
  return isProvedSince(session, startedAt) ? 'proof' : 'session';
}

/** The library has verified the token before it sent the person here. */
function isHinted(interaction: Interaction, userId: string): boolean {
  const hint = textOf(interaction, 'id_token_hint');
  return hint === undefined || decodeJwt(hint).sub === userId;
}

/**
 * The library answers the refusal to the application, or goes on with the request in the session that was judged, and in no other
 * (S100). What was asked stays in the request: another session that comes by is judged by all of it (S54, S84).
 */
async function settle(
  { interaction, signedIn, facts }: Visit,
  decision: Exclude<InteractionDecision, { kind: 'sign_in' }>,
): Promise<void> {
  if (decision.kind === 'refuse') {
    // The session the request began with may have made room for a new one.
    interaction.session = undefined;
    interaction.result = { error: decision.error, error_description: decision.why };
  } else if (signedIn !== undefined) {
    const isProved = facts.session?.since === 'proof';
    interaction.session = librarySession(signedIn);
    // By their names, the prompts that have been seen to.
    interaction.result = { login: { accountId: signedIn.user.id }, select_account: {}, isProved };
  }
  await interaction.persist();
}

/** As the library names it; its cookie is the gateway's session (session-seam.ts). */
const librarySession = ({ session: { id }, user }: SignedIn) => ({ accountId: user.id, uid: id, cookie: id });

async function resume(
  res: Response,
  visit: Visit,
  decision: Exclude<InteractionDecision, { kind: 'sign_in' }>,
): Promise<void> {
  await settle(visit, decision);
  seeOther(res, visit.interaction.returnTo);
}

interface Visit {
  readonly interaction: Interaction;
  readonly application: Application;
  readonly signedIn: SignedIn | undefined;
  readonly facts: InteractionFacts;
}

/** What the application asks of the proof is read where the sign-in starts, whichever page the person passes before. */
async function sendToSignIn(deps: HttpDeps, res: Response, visit: Visit): Promise<void> {
  const { interaction } = visit;
  const returnTo = interactionPath(interaction.uid);
  const loginHint = plainHint(textOf(interaction, 'login_hint'));
  const hints = hintsOf(visit);
  const route = await findSignInRoute(deps, hints);
  switch (route.kind) {
    case 'start':
      return startSignIn(deps, res, { connection: route.connection, returnTo, loginHint });
    case 'choose':
      return seeOther(res, signInPath(route.organization.slug, { returnTo, loginHint }));
    case 'password': {
      // Whoever was told which organization it is about need not say it again; members end up there.
      const { organization } = hints;
      return seeOther(
        res,
        organization === undefined ? signInPage(returnTo) : passwordPath(returnTo, organization),
      );
    }
    case 'unknown_connection':
      return resume(res, visit, {
        kind: 'refuse',
        error: 'invalid_request',
        why: 'the connection hint names no connection of this organization',
      });
  }
}

/**
 * What the application said; an application for one organization alone need not say which. Whoever is to prove anew who they are does so
 * at the identity provider that brought them.
 */
function hintsOf(visit: Visit): SignInHints {
  const { interaction, application } = visit;
  const loginHint = plainHint(textOf(interaction, 'login_hint'));
  const isAddress = loginHint?.includes('@') === true;
  const [only, ...others] = application.organizationIds ?? [];
  const hints: SignInHints = {
    organization: textOf(interaction, 'organization'),
    connection: textOf(interaction, 'connection'),
    email: isAddress ? loginHint : undefined,
    domain: isAddress ? undefined : loginHint,
  };
  const known = connectionOfPerson(visit, hints);
  if (known !== undefined) return { connection: known };
  const isTold = Object.values(hints).some((hint) => hint !== undefined);
  return isTold || only === undefined || others.length > 0 ? hints : { organization: only };
}

/** Undefined where another person may be meant, another organization, or another way in. */
function connectionOfPerson({ application, signedIn, facts }: Visit, hints: SignInHints): string | undefined {
  const { session, prompts } = facts;
  if (session === undefined || signedIn === undefined || prompts.includes('select_account')) return undefined;
  if (hints.connection !== undefined || hints.email !== undefined || hints.domain !== undefined)
    return undefined;
  const isHere = session.isOfNamedOrganization && session.isHintedPerson;
  if (!isHere || !servesOrganization(application, signedIn.organization.id)) return undefined;
  return signedIn.session.connectionId ?? undefined;
}
