/** What the recorder is told of a response: everything that was verified, or the hints of one that was not. */
import type { Response } from 'express';
import type { SamlFacts } from '../../protocols/saml/read-assertion.ts';
import type { HttpDeps } from '../deps.ts';
import { factsFrom, hasVerifiedFacts, noteAttempt } from '../sign-in-recording.ts';
import { GROUPS_LINK } from './identity.ts';

/** The response is verified: what it says, and that the decision comes next. */
export function noteFacts(res: Response, facts: SamlFacts): void {
  const { issuer, nameId, nameIdFormat, authnContext, attributes } = facts;
  const own = Object.entries({
    ...{ Issuer: issuer, NameID: nameId, 'NameID Format': nameIdFormat, AuthnContextClassRef: authnContext },
  });
  noteAttempt(res, {
    step: 'decision',
    facts: [...factsFrom(own, true), ...factsFrom(attributes, true)],
    notes: attributes.has(GROUPS_LINK) ? ['saml.groups_overage'] : [],
  });
}

/** The response was refused: what it seems to say. Nothing for one that was verified and refused later. */
export async function noteHints(
  { samlValidator }: Pick<HttpDeps, 'samlValidator'>,
  res: Response,
  samlResponse: unknown,
): Promise<void> {
  if (hasVerifiedFacts(res)) return;
  noteAttempt(res, { facts: factsFrom(await samlValidator.hints(samlResponse), false) });
}
