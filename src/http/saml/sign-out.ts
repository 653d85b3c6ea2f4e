/** The way to an identity provider's single logout: a signed LogoutRequest for the session that has just ended here. */

import { spKeys } from '../../core/connections/sp-keys.ts';
import type { UpstreamSession } from '../../core/entities/session.ts';
import type { SignOutStart } from '../../core/sign-in/upstream-sign-outs.ts';
import { buildRedirect } from '../../protocols/saml/redirect-binding.ts';
import { writeLogoutRequest } from '../../protocols/saml/write-logout.ts';
import type { HttpDeps } from '../deps.ts';
import type { ConnectionOf } from '../sign-in-answer.ts';
import { newMessageId } from './message-id.ts';
import { postedFields } from './posted-message.ts';
import { samlTrust } from './trust.ts';

export interface SamlSignOut {
  readonly connection: ConnectionOf<'saml'>;
  readonly upstream: UpstreamSession;
  /** Becomes the RelayState. */
  readonly handle: string;
}

/** Answers where to send the browser, or what to post there (SAML profiles §4.4.3.1); undefined when the provider takes no logout. */
export async function samlSignOut(
  deps: HttpDeps,
  { connection, upstream, handle }: SamlSignOut,
): Promise<SignOutStart | undefined> {
  const { sloUrl, sloBinding } = connection.settings;
  const { nameId } = upstream;
  if (sloUrl === null || nameId === null) return undefined;
  const requestId = newMessageId();
  const { spEntityId } = samlTrust(deps, connection);
  const { signing } = await spKeys(deps, connection);
  const head = { id: requestId, spEntityId, destination: sloUrl, now: deps.clock() };
  const xml = writeLogoutRequest({ ...head, ...upstream, nameId });
  const message = { parameter: 'SAMLRequest', xml, relayState: handle } as const;
  if (sloBinding === 'post')
    return { url: sloUrl, fields: postedFields({ ...message, key: signing }), requestId };
  const { privateKey } = signing;
  return { url: buildRedirect({ url: sloUrl, ...message, privateKey }), requestId };
}
