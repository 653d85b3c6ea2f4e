/** What may stand in an application's registration: addresses, keys, and which settings fit together. Pure. */
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import type { Application, AuthMethod, PublicJwk } from '../entities/application.ts';

type Settings = Pick<
  Application,
  'redirectUris' | 'postLogoutRedirectUris' | 'backchannelLogoutUri' | 'authMethod' | 'jwks'
>;

/** The parts of `Fetcher` that only look at an address. */
export interface AddressRules {
  readonly checkUrl: (url: string) => void;
  readonly permitsHttpAsWritten: (url: string) => boolean;
}

/** Throws `invalid` with the field's name, `egress_refused` (field `backchannelLogoutUri`) for one that may not be called. */
export function assertSettings(rules: AddressRules, settings: Settings): void {
  const { redirectUris, postLogoutRedirectUris, backchannelLogoutUri, authMethod, jwks } = settings;
  for (const uri of redirectUris) assertBrowserAddress(rules, 'redirectUris', { uri, authMethod });
  for (const uri of postLogoutRedirectUris)
    assertBrowserAddress(rules, 'postLogoutRedirectUris', { uri, authMethod });
  if (backchannelLogoutUri !== null) assertCallable(rules, 'backchannelLogoutUri', backchannelLogoutUri);
  assertKeys(authMethod, jwks);
}

const invalid = (field: string, detail: string) => new GatehouseError('invalid', detail, { field });

/** An address that the gateway calls itself. */
function assertCallable(rules: AddressRules, field: string, url: string): void {
  try {
    rules.checkUrl(url);
  } catch (error) {
    if (!isGatehouseError(error, 'egress_refused')) throw error;
    throw new GatehouseError('egress_refused', error.detail, { field, cause: error });
  }
}

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);
/** RFC 8252 §7.1: a scheme made from a domain name, which nobody else's program has by chance. */
const OWN_SCHEME = /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+:$/;

/** An address that browsers are sent to: whole, without fragment, wildcard or credentials (RFC 6749 §3.1.2, RFC 9700 §2.1). */
function assertBrowserAddress(
  rules: AddressRules,
  field: string,
  { uri, authMethod }: { readonly uri: string; readonly authMethod: AuthMethod },
): void {
  if (!URL.canParse(uri) || !/^[\x21-\x7e]+$/.test(uri))
    throw invalid(field, `${uri} is not an absolute address.`);
  const url = new URL(uri);
  if (uri.includes('#')) throw invalid(field, `${uri}: a fragment is not allowed here.`);
  if (uri.includes('*')) throw invalid(field, `${uri}: give each address in full, wildcards do not work.`);
  if (url.username !== '' || url.password !== '')
    throw invalid(field, `${uri}: a user name or password is not allowed here.`);
  const isHttp = url.protocol === 'http:' && (LOOPBACK.has(url.hostname) || rules.permitsHttpAsWritten(uri));
  const isOwnScheme = authMethod === 'none' && OWN_SCHEME.test(url.protocol);
  if (url.protocol === 'https:' || isHttp || isOwnScheme) return;
  const own =
    authMethod === 'none' ? ', or a scheme of the program with a dot in it (com.example.app:/callback)' : '';
  throw invalid(field, `${uri} must start with https://; http:// only for this machine${own}.`);
}

/** True for the address of a program on a phone or desk instead of a website. */
export const hasOwnScheme = (uri: string): boolean => OWN_SCHEME.test(new URL(uri).protocol);

const KEY_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'x', 'y'],
  RSA: ['n', 'e'],
  OKP: ['crv', 'x'],
};
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

function assertKeys(authMethod: AuthMethod, jwks: readonly PublicJwk[]): void {
  if (authMethod !== 'private_key_jwt') {
    if (jwks.length > 0) throw invalid('jwks', 'Keys belong to private_key_jwt only.');
    return;
  }
  if (jwks.length === 0) throw invalid('jwks', 'private_key_jwt needs at least one public key.');
  for (const jwk of jwks) {
    const members = Object.hasOwn(KEY_MEMBERS, jwk.kty) ? KEY_MEMBERS[jwk.kty] : undefined;
    if (members === undefined) throw invalid('jwks', 'Give EC, RSA or OKP keys.');
    if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(jwk, member)))
      throw invalid('jwks', 'Give the public part only: a private key was sent, replace it.');
    const isWhole = members.every((member) => typeof jwk[member] === 'string' && jwk[member] !== '');
    if (!isWhole) throw invalid('jwks', `A key of type ${jwk.kty} needs ${members.join(', ')}.`);
  }
}

/** Whether an application of this kind shows a secret. */
export const takesSecret = (authMethod: AuthMethod): boolean =>
  authMethod === 'client_secret_basic' || authMethod === 'client_secret_post';
