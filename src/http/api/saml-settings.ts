/** SAML settings from what an admin said: metadata or single values, each checked before anybody is called. */
import type { IdpDescription, SamlSettings } from '../../core/entities/sign-in.ts';
import { SAML_DEFAULTS } from '../../core/saml-settings.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { checkCertificate } from '../../protocols/saml/certificates.ts';
import { parseIdpMetadata } from '../../protocols/saml/metadata.ts';
import type { SamlInput } from './connection-inputs.ts';
import { checkAddress, invalid, type SettingsDeps } from './connection-settings.ts';

/** Settings of a new SAML connection. Throws `invalid`, `egress_refused`, `upstream_unreachable`. */
export async function newSaml(deps: SettingsDeps, input: SamlInput): Promise<SamlSettings> {
  const { idpEntityId, ssoUrl, certificates, ...rest } = await readSaml(deps, input);
  if (idpEntityId === undefined)
    throw invalid('entityId', 'Give metadataXml, metadataUrl, or entityId with ssoUrl and certificates.');
  if (ssoUrl === undefined) throw invalid('ssoUrl', 'The single sign-on address is missing.');
  if (certificates === undefined)
    throw invalid('certificates', 'At least one signing certificate is needed.');
  return { ...SAML_DEFAULTS, idpEntityId, ssoUrl, certificates, ...rest };
}

/** The SAML settings that were given, and only those. Metadata, its address and single values exclude each other. */
export async function readSaml(
  deps: SettingsDeps,
  input: SamlInput,
): Promise<Partial<Omit<SamlSettings, 'protocol'>>> {
  assertOneSource(input);
  const { metadataXml, metadataUrl } = input;
  const { signatures, spEntityId, requestBinding, signRequests, forceAuthn, authnContexts, nameIdFormat } =
    input;
  return {
    ...readSingleValues(deps, input),
    ...(metadataXml === undefined ? {} : fromMetadata(deps, metadataXml, 'metadataXml')),
    ...(metadataUrl === undefined ? {} : await fromAddress(deps, metadataUrl)),
    ...(input.sloUrl === undefined ? {} : singleLogout(deps, input.sloUrl)),
    ...(signatures === undefined ? {} : { signatures }),
    ...(spEntityId === undefined ? {} : { spEntityId }),
    ...(requestBinding === undefined ? {} : { requestBinding }),
    ...(signRequests === undefined ? {} : { signRequests }),
    ...(forceAuthn === undefined ? {} : { forceAuthn }),
    ...(authnContexts === undefined ? {} : { authnContexts }),
    ...(nameIdFormat === undefined ? {} : { nameIdFormat }),
  };
}

function assertOneSource({ metadataXml, metadataUrl, entityId, ssoUrl, certificates }: SamlInput): void {
  const isSingle = (entityId ?? ssoUrl ?? certificates) !== undefined;
  const sources = [metadataXml !== undefined, metadataUrl !== undefined, isSingle].filter(Boolean).length;
  if (sources > 1)
    throw invalid(
      metadataXml === undefined ? 'metadataUrl' : 'metadataXml',
      'Give metadataXml, metadataUrl or single values, not several of them.',
    );
}

function readSingleValues(
  deps: SettingsDeps,
  { entityId, ssoUrl, certificates }: SamlInput,
): Partial<IdpDescription> {
  return {
    ...(entityId === undefined ? {} : { idpEntityId: entityId }),
    // Given by hand it is the one address, for either binding.
    ...(ssoUrl === undefined ? {} : { ssoUrl: checkAddress(deps, ssoUrl, 'ssoUrl'), ssoPostUrl: null }),
    ...(certificates === undefined ? {} : { certificates: checkCertificates(certificates) }),
  };
}

/** Said beside metadata it wins over the metadata; null: the identity provider is not told of sign-outs. */
const singleLogout = (
  deps: SettingsDeps,
  sloUrl: string | null,
): Pick<SamlSettings, 'sloUrl' | 'sloResponseUrl'> => ({
  sloUrl: sloUrl === null ? null : checkAddress(deps, sloUrl, 'sloUrl'),
  sloResponseUrl: null,
});

const fromAddress = async (deps: SettingsDeps, url: string): Promise<Partial<SamlSettings>> =>
  fromMetadata(deps, await fetchMetadata(deps, url), 'metadataUrl');

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

/** What the metadata says, with the binding it leaves us where it offers only one. */
function fromMetadata({ fetcher }: SettingsDeps, xml: string, field: string): Partial<SamlSettings> {
  try {
    const allowHttpHost = (host: string) => fetcher.permitsHttp(`http://${host}`);
    const described = parseIdpMetadata(xml, { allowHttpHost });
    const { entityId, ssoUrl, ssoPostUrl, sloUrl, sloResponseUrl, certificates } = described;
    const address = ssoUrl ?? ssoPostUrl;
    if (address === undefined) throw invalid(field, 'The metadata offers no single sign-on.');
    for (const one of [ssoUrl, ssoPostUrl, sloUrl, sloResponseUrl])
      if (one !== undefined) checkAddress({ fetcher }, one, field);
    return {
      idpEntityId: entityId,
      ssoUrl: address,
      ssoPostUrl: ssoPostUrl ?? null,
      sloUrl: sloUrl ?? null,
      sloResponseUrl: sloResponseUrl ?? null,
      certificates,
      ...(ssoUrl === undefined ? { requestBinding: 'post' } : {}),
    };
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
