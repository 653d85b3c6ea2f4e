/** A logout message of ours as the fields of a form (SAML bindings §3.5): signed as XML, because a form is not signed. */
import type { SpKey } from '../../core/entities/connection.ts';
import { signMessage } from '../../protocols/saml/sign-message.ts';

export interface PostedMessage {
  readonly parameter: 'SAMLRequest' | 'SAMLResponse';
  /** One logout message, unsigned. */
  readonly xml: string;
  readonly relayState: string | undefined;
  readonly key: Pick<SpKey, 'privateKey' | 'certificate'>;
}

/** What the browser posts. */
export const postedFields = ({
  parameter,
  xml,
  relayState,
  key,
}: PostedMessage): Readonly<Record<string, string>> => ({
  [parameter]: Buffer.from(signMessage(xml, key)).toString('base64'),
  ...(relayState === undefined ? {} : { RelayState: relayState }),
});
