/** What a SAML connection does where nobody said otherwise. */
import type { IdpDescription, SamlSettings } from '../entities/connection.ts';

/** Whether requests to this identity provider are signed: the connection says so, or its metadata takes no others. */
export const signsRequests = ({ signRequests, wantsSignedRequests = false }: SamlSettings): boolean =>
  signRequests || wantsSignedRequests;

/** Every setting but those that describe the identity provider, which have no default. */
export const SAML_DEFAULTS: Omit<
  SamlSettings,
  Exclude<keyof IdpDescription, 'ssoPostUrl' | 'sloUrl' | 'sloBinding' | 'sloResponseUrl'>
> = {
  protocol: 'saml',
  ssoPostUrl: null,
  sloUrl: null,
  sloBinding: 'redirect',
  sloResponseUrl: null,
  signatures: 'any',
  spEntityId: null,
  spKeys: [],
  requestBinding: 'redirect',
  signRequests: true,
  forceAuthn: false,
  authnContexts: [],
  nameIdFormat: null,
  metadata: null,
  sha1Until: null,
  expiryWarnings: {},
};
