/** A logout message of ours as a form: signed as XML, because this binding has no signature of its own (SAML bindings §3.5). */
import type { SpKey } from '../../core/entities/sign-in.ts';

export interface PostedMessage {
  readonly parameter: 'SAMLRequest' | 'SAMLResponse';
  /** One logout message with an Issuer, unsigned. */
  readonly xml: string;
  readonly relayState: string | undefined;
  readonly key: Pick<SpKey, 'privateKey' | 'certificate'>;
}

/** Answers the fields that the browser posts; the signature stands behind the Issuer, where the schema wants it. */
export async function postedFields({
  parameter,
  xml,
  relayState,
  key,
}: PostedMessage): Promise<Readonly<Record<string, string>>> {
  const { signSamlPost } = await import('@node-saml/node-saml/lib/saml-post-signing.js');
  const signed = signSamlPost(xml, '/*', {
    privateKey: key.privateKey,
    publicCert: key.certificate,
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
  });
  return {
    [parameter]: Buffer.from(signed).toString('base64'),
    ...(relayState === undefined ? {} : { RelayState: relayState }),
  };
}
