/** Settings of a connection from what an admin said: metadata or single values, each checked before anybody is called. */
import type { OidcSettings, SamlSettings } from '../../core/entities/sign-in.ts';
import type { Fetcher } from '../../core/ports/fetcher.ts';
import { SAML_DEFAULTS } from '../../core/saml-settings.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { pinnedIssuer } from '../../protocols/oidc/settings.ts';
import { checkCertificate } from '../../protocols/saml/certificates.ts';
import { parseIdpMetadata } from '../../protocols/saml/metadata.ts';
import type { OidcInput, SamlInput } from './connection-inputs.ts';

/** The one door for outbound calls. */
export interface SettingsDeps {
  readonly fetcher: Fetcher;
}

const invalid = (field: string, detail: string) => new GatehouseError('invalid', detail, { field });

/** Settings of a new SAML connection. Throws `invalid`, `egress_refused`, `upstream_unreachable`. */
export async function newSaml(deps: SettingsDeps, input: SamlInput): Promise<SamlSettings> {
  const { idpEntityId, ssoUrl, certificates, signatures } = await readSaml(deps, input);
  if (idpEntityId === undefined)
    throw invalid('entityId', 'Give metadataXml, metadataUrl, or entityId with ssoUrl and certificates.');
  if (ssoUrl === undefined) throw invalid('ssoUrl', 'The single sign-on address is missing.');
  if (certificates === undefined)
    throw invalid('certificates', 'At least one signing certificate is needed.');
  return { ...SAML_DEFAULTS, idpEntityId, ssoUrl, certificates, signatures: signatures ?? 'any' };
}

/** The SAML settings that were given, and only those. Metadata, its address and single values exclude each other. */
export async function readSaml(
  deps: SettingsDeps,
  input: SamlInput,
): Promise<Partial<Omit<SamlSettings, 'protocol'>>> {
  const { metadataXml, metadataUrl, entityId, ssoUrl, certificates, signatures } = input;
  const isSingle = (entityId ?? ssoUrl ?? certificates) !== undefined;
  const sources = [metadataXml !== undefined, metadataUrl !== undefined, isSingle].filter(Boolean).length;
  if (sources > 1)
    throw invalid(
      metadataXml === undefined ? 'metadataUrl' : 'metadataXml',
      'Give metadataXml, metadataUrl or single values, not several of them.',
    );
  const trust =
    metadataXml ?? (metadataUrl === undefined ? undefined : await fetchMetadata(deps, metadataUrl));
  const field = metadataUrl === undefined ? 'metadataXml' : 'metadataUrl';
  return {
    ...(trust === undefined ? {} : fromMetadata(deps, trust, field)),
    ...(entityId === undefined ? {} : { idpEntityId: entityId }),
    ...(ssoUrl === undefined ? {} : { ssoUrl: checkAddress(deps, ssoUrl, 'ssoUrl') }),
    ...(certificates === undefined ? {} : { certificates: checkCertificates(certificates) }),
    ...(signatures === undefined ? {} : { signatures }),
  };
}

/** The fetcher keeps to 3 seconds and 512 KB, and to addresses that may be called. */
async function fetchMetadata({ fetcher }: SettingsDeps, url: string): Promise<string> {
  checkAddress({ fetcher }, url, 'metadataUrl');
  const answer = await fetcher.fetch(url, { headers: { accept: 'application/samlmetadata+xml, text/xml' } });
  if (answer.ok) return answer.text();
  throw new GatehouseError('upstream_unreachable', 'The address gave no usable answer.', {
    field: 'metadataUrl',
    context: { status: answer.status },
  });
}

function fromMetadata({ fetcher }: SettingsDeps, xml: string, field: string) {
  try {
    const allowHttpHost = (host: string) => fetcher.permitsHttp(`http://${host}`);
    const { entityId, ssoUrl, certificates } = parseIdpMetadata(xml, { allowHttpHost });
    return { idpEntityId: entityId, ssoUrl: checkAddress({ fetcher }, ssoUrl, field), certificates };
  } catch (error) {
    // The parser names the field it knows; the caller may have given an address instead.
    if (isGatehouseError(error, 'invalid')) throw invalid(field, error.detail);
    throw error;
  }
}

function checkCertificates(texts: readonly string[]): readonly string[] {
  const pems = texts.map((text, index) => {
    try {
      return checkCertificate(text).pem;
    } catch (error) {
      if (isGatehouseError(error, 'invalid')) throw invalid(`certificates[${index}]`, error.detail);
      throw error;
    }
  });
  return [...new Set(pems)];
}

/** Malformed is `invalid`; well-formed but not to be called, plain http included, is `egress_refused`. */
function checkAddress({ fetcher }: SettingsDeps, text: string, field: string): string {
  const url = URL.parse(text);
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === null || !isWeb || url.username !== '' || url.password !== '' || url.hash !== '')
    throw invalid(field, 'Give an https address without user name and fragment.');
  try {
    fetcher.checkUrl(text);
  } catch (error) {
    if (!isGatehouseError(error, 'egress_refused')) throw error;
    throw new GatehouseError('egress_refused', error.detail, { field, cause: error });
  }
  return text;
}

/** What a new OIDC connection starts from. */
export const EMPTY_OIDC: OidcSettings = {
  protocol: 'oidc',
  issuer: '',
  clientId: '',
  clientSecret: null,
  tokenEndpointAuthMethod: 'client_secret_basic',
  scopes: ['openid', 'email', 'profile'],
};

/** OIDC settings with what was given put in. Throws `invalid`, `egress_refused`. */
export function applyOidc(deps: SettingsDeps, current: OidcSettings, input: OidcInput): OidcSettings {
  const { issuer, clientSecret } = input;
  if (issuer !== undefined) checkIssuer(deps, issuer);
  // Whoever changes where the secret is sent must know the secret: it is never shown, and must not be led out either.
  if (issuer !== undefined && issuer !== current.issuer && clientSecret === undefined)
    throw invalid('clientSecret', 'Another issuer needs its own secret: give both together.');
  return {
    ...current,
    issuer: issuer ?? current.issuer,
    clientId: input.clientId ?? current.clientId,
    clientSecret: clientSecret ?? current.clientSecret,
    tokenEndpointAuthMethod: input.tokenEndpointAuthMethod ?? current.tokenEndpointAuthMethod,
    scopes: input.scopes ?? current.scopes,
  };
}

function checkIssuer(deps: SettingsDeps, issuer: string): void {
  checkAddress(deps, issuer, 'issuer');
  if (issuer.includes('?')) throw invalid('issuer', 'An issuer has no query.');
  // S70: an issuer that stands for every tenant would let anybody's directory in.
  if (pinnedIssuer({ issuer }) === undefined)
    throw invalid('issuer', "Give the issuer of your own tenant, not the provider's shared one.");
}
