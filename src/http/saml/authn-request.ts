/** The question we send: an AuthnRequest as an address (HTTP-Redirect) or as a form (HTTP-POST), signed with our own key. */
import { SAML, type SamlConfig, ValidateInResponseTo } from '@node-saml/passport-saml';
import type { SamlSettings, SpKey } from '../../core/entities/connection.ts';
import { fixedOptions } from './engine.ts';
import type { SamlTrust } from './strategy.ts';

export interface AuthnRequestInput {
  readonly connection: Pick<SamlTrust, 'spEntityId' | 'acsUrl' | 'idpEntityId' | 'certificates'>;
  readonly settings: Pick<
    SamlSettings,
    'ssoUrl' | 'ssoPostUrl' | 'requestBinding' | 'authnContexts' | 'nameIdFormat'
  >;
  /** Absent: the request is not signed. */
  readonly signingKey?: Pick<SpKey, 'privateKey' | 'certificate'> | undefined;
  /** Becomes the AuthnRequest's ID; must be an XML name (`_` and random characters). */
  readonly requestId: string;
  readonly relayState: string;
  /** True asks the identity provider to authenticate again; absent: it may use its session. */
  readonly forceAuthn?: boolean;
}

/** Where the browser goes: with a GET, or with a POST of these fields. */
export interface AuthnRequest {
  readonly url: string;
  /** Absent: a GET. */
  readonly fields?: Readonly<Record<string, string>>;
}

const NAME_ID_FORMATS = {
  emailAddress: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
  persistent: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  unspecified: 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
};

/**
 * Builds the request and remembers nothing (SAML core §3.4.1; bindings §3.4.4 and §3.5.4: the redirect binding signs the
 * query, the POST binding the XML).
 */
export async function buildAuthnRequest(input: AuthnRequestInput): Promise<AuthnRequest> {
  const { settings, relayState } = input;
  const isPost = settings.requestBinding === 'post';
  const url = isPost ? (settings.ssoPostUrl ?? settings.ssoUrl) : settings.ssoUrl;
  const saml = new SAML(requestOptions(input, url));
  if (!isPost) return { url: await saml.getAuthorizeUrlAsync(relayState, undefined, {}) };
  const { SAMLRequest } = await saml.getAuthorizeMessageAsync(relayState, undefined, {});
  return { url, fields: { SAMLRequest: String(SAMLRequest), RelayState: relayState } };
}

function requestOptions(input: AuthnRequestInput, entryPoint: string): SamlConfig {
  const { connection, settings, signingKey, requestId, forceAuthn = false } = input;
  const { authnContexts, nameIdFormat, requestBinding } = settings;
  return {
    ...fixedOptions(connection),
    idpCert: [...connection.certificates],
    entryPoint,
    generateUniqueId: () => requestId,
    forceAuthn,
    identifierFormat: nameIdFormat === null ? null : NAME_ID_FORMATS[nameIdFormat],
    disableRequestedAuthnContext: authnContexts.length === 0,
    authnContext: [...authnContexts],
    racComparison: 'exact',
    // The form carries the XML itself, only the address carries it deflated (SAML bindings §3.5.4).
    skipRequestCompression: requestBinding === 'post',
    // The pending sign-in is stored by the caller.
    validateInResponseTo: ValidateInResponseTo.never,
    ...(signingKey === undefined
      ? {}
      : { privateKey: signingKey.privateKey, publicCert: signingKey.certificate }),
  };
}
