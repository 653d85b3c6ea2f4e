/** Looks up why a sign-in ended, or what it left to be mended. There is an explanation for every reason. */
import type { IdentityProvider } from '../../core/entities/connection.ts';
import type { SignInAttempt } from '../../core/entities/sign-in-attempt.ts';
import { findEntry } from '../errors/error-table.ts';
import type { Cause } from './cause.ts';
import { OIDC_CAUSES } from './oidc-causes.ts';
import { SAML_CAUSES } from './saml-causes.ts';
import { type Screens, screensOf } from './screens.ts';
import { DECISION_CAUSES, FLOW_CAUSES, NOTE_CAUSES } from './sign-in-causes.ts';

export interface Explanation {
  /** What happened and what to do, in plain language. */
  readonly cause: string;
  /** The screen of each identity provider where it is mended; only that of `product` where it is known. */
  readonly where: Screens;
  /** The place in Gatehouse; null when there is nothing to mend here. */
  readonly here: string | null;
}

const CAUSES: ReadonlyMap<string, Cause> = new Map(
  [SAML_CAUSES, OIDC_CAUSES, DECISION_CAUSES, FLOW_CAUSES, NOTE_CAUSES].flatMap((causes) =>
    Object.entries<Cause>(causes),
  ),
);

const UNEXPLAINED: Cause = {
  cause: 'There are no words for this reason yet. Give the reference to the operator of Gatehouse.',
};

/** A code of an error that nobody expects to end a sign-in has at least the words that whoever asked was told. */
function causeOfCode(code: string): Cause | undefined {
  const entry = findEntry(code);
  return entry && { cause: `${entry.title}. ${entry.whatToDo}` };
}

/** Explains a reason of the audit or the recorder; `product` narrows the screens to its own. */
export function explainSignIn(
  reason: string,
  about: { readonly protocol: SignInAttempt['protocol']; readonly product?: IdentityProvider | undefined },
): Explanation {
  const { cause, screen, here = null } = CAUSES.get(reason) ?? causeOfCode(reason) ?? UNEXPLAINED;
  const { protocol, product } = about;
  const isUpstream = protocol === 'saml' || protocol === 'oidc';
  const all = screen === undefined || !isUpstream ? {} : screensOf(protocol, screen);
  const own = product === undefined ? undefined : all[product];
  return {
    cause,
    where: product === undefined ? all : own === undefined ? {} : { [product]: own },
    here,
  };
}
