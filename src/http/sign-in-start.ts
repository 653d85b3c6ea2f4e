/** The first half of a sign-in, the same for every protocol: the browser gets its binding cookie and goes to the identity provider. */
import type { Request, Response } from 'express';
import { noteAnswerOfProvider } from '../core/connections/connection-outages.ts';
import type { Connection } from '../core/entities/connection.ts';
import type { SessionName } from '../core/entities/session.ts';
import type { SignInPurpose } from '../core/entities/sign-in.ts';
import { signInRefusal } from '../core/sign-in/refused-sign-ins.ts';
import type { Freshness } from '../core/sign-in/sign-in-freshness.ts';
import { strictestOf } from '../core/sign-in/sign-in-freshness.ts';
import type { BegunSignIn } from '../core/sign-in/sign-ins.ts';
import { SIGN_IN_TTL_MS } from '../core/sign-in/sign-ins.ts';
import { isGatehouseError } from '../kernel/errors.ts';
import { bindingCookie, setCookie, showsOpenSignIn } from './cookies.ts';
import type { HttpDeps } from './deps.ts';
import { signedInOf } from './guards.ts';
import { startOidcSignIn } from './oidc/start.ts';
import { sendForwarding } from './pages/forwarding.ts';
import { seeOther } from './pages/layout.ts';
import { sendMovingOn } from './pages/moving-on.ts';
import { freshnessAskedAt } from './provider/asked-freshness.ts';
import { causeOf } from './request-facts.ts';
import { startSaml } from './saml/start.ts';
import { isUsable, speaks } from './sign-in-answer.ts';
import { factsFrom, noteAttempt, openConnectionAttempt } from './sign-in-recording.ts';
import { refuseSignIn } from './sign-in-refusal.ts';

export interface SignInStart {
  readonly connection: Connection;
  /** From `ownPath`. */
  readonly returnTo: string | null;
  readonly loginHint: string | undefined;
  /** Besides what the application wants to which `returnTo` leads; absent: whatever the identity provider thinks enough. */
  readonly freshness?: Freshness | undefined;
  /** The request is a posted form, after which browsers follow no redirect to another site. False if absent. */
  readonly followsForm?: boolean | undefined;
  /** A sign-in if absent. */
  readonly purpose?: SignInPurpose | undefined;
}

/**
 * Sends the browser to the identity provider of this connection. Throws `sign_in_refused`, recorded, when the start cannot
 * work: connection not active, provider down, settings that do not work.
 */
export async function startSignIn(deps: HttpDeps, res: Response, start: SignInStart): Promise<void> {
  const { connection, loginHint } = start;
  openConnectionAttempt(deps, res, { connection, step: 'start' });
  if (loginHint !== undefined) noteAttempt(res, { facts: factsFrom([['login_hint', loginHint]], false) });
  try {
    const asked = start.purpose ?? { kind: 'sign_in' };
    if (!isUsable(connection, asked)) throw signInRefusal('sign_in.connection_inactive');
    const replaces = asked.kind === 'test' ? undefined : await shownSession(deps, res.req);
    const purpose = purposeOf(asked, { replaces, isRepeated: showsOpenSignIn(res.req) });
    if (connection.settings.protocol === 'saml' && connection.settings.outage !== undefined)
      noteAttempt(res, { notes: [connection.settings.outage.reason] });
    const freshness = strictestOf(start.freshness ?? {}, await freshnessAskedAt(deps, start.returnTo));
    const { begun, url, fields } = await begin(deps, { ...start, purpose, freshness });
    noteAttempt(res, { signInId: begun.pending.id });
    setCookie(res, bindingCookie(begun.pending.id), {
      value: begun.binding,
      maxAgeMs: SIGN_IN_TTL_MS,
      sameSite: 'none',
    });
    await noteAnswer(deps, res, { connection, reason: null });
    if (fields === undefined && start.followsForm === true) sendMovingOn(res, url);
    else if (fields === undefined) seeOther(res, url);
    else sendForwarding(res, { title: 'Signing in', url, fields });
  } catch (error) {
    const reason = isGatehouseError(error, 'sign_in_refused') ? error.context.reason : undefined;
    await noteAnswer(deps, res, { connection, reason });
    await refuseSignIn(deps, res, { connection, error });
  }
}

/** What is asked for, with what the browser shows: a test leaves everything as it is, whatever else comes back takes the place of its session. */
function purposeOf(
  asked: SignInPurpose,
  { replaces, isRepeated }: { readonly replaces: SessionName | undefined; readonly isRepeated: boolean },
): SignInPurpose {
  if (asked.kind === 'test') return asked;
  if (asked.kind === 'sign_in' && isRepeated) return { ...asked, replaces, isRepeated };
  const shown = { ...asked, replaces };
  return shown;
}

/** For the admin: whether the provider could be asked for its description. */
const noteAnswer = (
  deps: HttpDeps,
  res: Response,
  { connection, reason }: { readonly connection: Connection; readonly reason: unknown },
): Promise<void> =>
  noteAnswerOfProvider(deps, {
    ...{ connection, reason },
    cause: causeOf(res, { kind: 'connection', connectionId: connection.id }),
  });

/** The session this browser shows now. */
async function shownSession(deps: HttpDeps, req: Request): Promise<SessionName | undefined> {
  const signedIn = await signedInOf(deps, req);
  return signedIn && { organizationId: signedIn.organization.id, id: signedIn.session.id };
}

/** To the identity provider: a GET, or a POST where there are fields. */
interface Departure {
  readonly begun: BegunSignIn;
  readonly url: string;
  readonly fields?: Readonly<Record<string, string>>;
}

async function begin(
  deps: HttpDeps,
  { connection, ...rest }: SignInStart & { readonly purpose: SignInPurpose },
): Promise<Departure> {
  if (speaks(connection, 'saml')) return startSaml(deps, { connection, ...rest });
  if (speaks(connection, 'oidc')) return startOidcSignIn(deps, { connection, ...rest });
  throw signInRefusal('sign_in.unknown_protocol');
}
