/** SAML settings from what an admin said: metadata or single values, each checked before anybody is called. */

import { SAML_DEFAULTS } from '../../core/connections/saml-settings.ts';
import type { IdpDescription, SamlSettings } from '../../core/entities/connection.ts';
import { days } from '../../kernel/clock.ts';
import { GatehouseError, isGatehouseError } from '../../kernel/errors.ts';
import { checkCertificate } from '../../protocols/saml/certificates.ts';
import { describeIdp, fetchMetadata } from '../saml/metadata-reader.ts';
import type { SamlInput } from './connection-inputs.ts';
import {
  checkAddress,
  checkPageAddress,
  invalid,
  ofField,
  type SettingsDeps,
} from './connection-settings.ts';

/** Settings of a new SAML connection. Throws `invalid`, `egress_refused`, `upstream_unreachable`. */
export async function newSaml(deps: SettingsDeps, input: SamlInput): Promise<SamlSettings> {
  const { idpEntityId, ssoUrl, certificates, ...rest } = await readSaml(deps, input);
  if (idpEntityId === undefined)
    throw invalid('entityId', 'Give metadataXml, metadataUrl, or entityId with ssoUrl and certificates.');
  if (ssoUrl === undefined) throw invalid('ssoUrl', 'The single sign-on address is missing.');
  if (certificates === undefined)
    throw invalid('certificates', 'At least one signing certificate is needed.');
  return withTrust({ ...SAML_DEFAULTS, idpEntityId, ssoUrl, certificates, ...rest }, input.trustMetadata);
}

/** The SAML settings that were given, and only those. Metadata, its address and single values exclude each other. */
export async function readSaml(
  deps: SettingsDeps,
  input: SamlInput,
): Promise<Partial<Omit<SamlSettings, 'protocol'>>> {
  assertOneSource(input);
  const { metadataXml, metadataUrl, entityId, trustMetadata } = input;
  const { signatures, spEntityId, requestBinding, signRequests, forceAuthn, authnContexts, nameIdFormat } =
    input;
  return {
    // Another source, or none: the address that was read until now speaks of somebody else.
    ...(metadataXml !== undefined || entityId !== undefined || metadataUrl === null
      ? { metadata: null }
      : {}),
    ...readSingleValues(deps, input),
    ...(metadataXml === undefined ? {} : fromMetadata(deps, metadataXml, 'metadataXml')),
    ...(typeof metadataUrl === 'string' ? await fromAddress(deps, metadataUrl, trustMetadata ?? false) : {}),
    ...(input.sloUrl === undefined ? {} : singleLogout(deps, input.sloUrl)),
    ...(input.sloBinding === undefined ? {} : { sloBinding: input.sloBinding }),
    ...(signatures === undefined ? {} : { signatures }),
    ...(spEntityId === undefined ? {} : { spEntityId }),
    ...(requestBinding === undefined ? {} : { requestBinding }),
    ...(signRequests === undefined ? {} : { signRequests }),
    ...(input.acceptSha1Until === undefined ? {} : { sha1Until: sha1Until(deps, input.acceptSha1Until) }),
    ...(forceAuthn === undefined ? {} : { forceAuthn }),
    ...(authnContexts === undefined ? {} : { authnContexts }),
    ...(nameIdFormat === undefined ? {} : { nameIdFormat }),
  };
}

/** S20: an old algorithm is a matter of weeks, until the identity provider has been changed. Throws `invalid`. */
function sha1Until({ clock }: SettingsDeps, at: number | null): number | null {
  if (at === null || (at > clock() && at <= clock() + days(90))) return at;
  throw invalid('acceptSha1Until', 'Give a time in the next 90 days.');
}

/** Whether the address of the metadata is believed from now on, whatever it says; undefined: as before. Throws `invalid`. */
export function withTrust(settings: SamlSettings, isTrusted: boolean | undefined): SamlSettings {
  const { metadata } = settings;
  if (isTrusted === undefined || metadata?.isTrusted === isTrusted) return settings;
  if (metadata !== null) return { ...settings, metadata: { ...metadata, isTrusted } };
  if (!isTrusted) return settings;
  throw invalid('trustMetadata', 'There is no metadataUrl that could be trusted.');
}

function assertOneSource({ metadataXml, metadataUrl, entityId, ssoUrl, certificates }: SamlInput): void {
  const isSingle = (entityId ?? ssoUrl ?? certificates) !== undefined;
  const sources = [metadataXml !== undefined, typeof metadataUrl === 'string', isSingle].filter(
    Boolean,
  ).length;
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
    ...(entityId === undefined ? {} : { idpEntityId: entityId, wantsSignedRequests: false }),
    // Given by hand it is the one address, for either binding.
    ...(ssoUrl === undefined ? {} : { ssoUrl: checkPageAddress(deps, ssoUrl, 'ssoUrl'), ssoPostUrl: null }),
    ...(certificates === undefined ? {} : { certificates: checkCertificates(certificates) }),
  };
}

/** Said beside metadata it wins over the metadata; null: the identity provider is not told of sign-outs. */
const singleLogout = (
  deps: SettingsDeps,
  sloUrl: string | null,
): Pick<SamlSettings, 'sloUrl' | 'sloBinding' | 'sloResponseUrl'> => ({
  sloUrl: sloUrl === null ? null : checkPageAddress(deps, sloUrl, 'sloUrl'),
  sloBinding: 'redirect',
  sloResponseUrl: null,
});

/** From now on read again and again; trusted blindly only where the admin says so (S64). */
async function fromAddress(
  deps: SettingsDeps,
  url: string,
  isTrusted: boolean,
): Promise<Partial<SamlSettings>> {
  checkAddress(deps, url, 'metadataUrl');
  const described = fromMetadata(deps, await textAt(deps, url), 'metadataUrl');
  const checkedAt = deps.clock();
  return { ...described, metadata: { url, isTrusted, checkedAt, problem: null, staged: null } };
}

/** A name over plain http is forbidden unless it leads where the operator allows; one that leads nowhere is no outage. */
async function textAt({ fetcher }: SettingsDeps, url: string): Promise<string> {
  const field = 'metadataUrl';
  try {
    return await fetchMetadata(fetcher, url);
  } catch (error) {
    const mayBeHttp = new URL(url).protocol === 'https:' || fetcher.permitsHttpAsWritten(url);
    if (mayBeHttp || !isGatehouseError(error, 'upstream_unreachable')) throw ofField(error, field);
    const detail =
      'Nothing the operator allows answers here over plain http. The address must start with https://.';
    throw new GatehouseError('egress_refused', detail, { field, cause: error });
  }
}

/** What the metadata says, with the binding it leaves us where it offers only one. */
function fromMetadata({ fetcher }: SettingsDeps, xml: string, field: string): Partial<SamlSettings> {
  try {
    const { description, takesPostsOnly } = describeIdp(fetcher, xml);
    return takesPostsOnly ? { ...description, requestBinding: 'post' } : description;
  } catch (error) {
    // The reader names the field it knows; the caller may have given an address instead.
    if (isGatehouseError(error, 'invalid')) throw invalid(field, error.detail);
    throw ofField(error, field);
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
