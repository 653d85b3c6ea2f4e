/** A connection as core wants it, from a body: what is not said keeps its default or its stored value. */
import type { ConnectionInput } from '../../core/connections/connections.ts';
import type { Connection, SamlSettings } from '../../core/entities/connection.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { ChangeInput, CreateInput } from './connection-inputs.ts';
import { OIDC_PRESETS } from './connection-presets.ts';
import type { SettingsDeps } from './connection-settings.ts';
import { applyOidc, newOidc } from './oidc-settings.ts';
import { SAML_PRESETS } from './saml-presets.ts';
import { newSaml, readSaml, withTrust } from './saml-settings.ts';

/** A new connection as core wants it. Throws `invalid`, `egress_refused`, `upstream_unreachable`. */
export async function connectionFrom(deps: SettingsDeps, input: CreateInput): Promise<ConnectionInput> {
  const settings = input.protocol === 'saml' ? await newSaml(deps, input) : newOidc(deps, input);
  const { preset = null, protocol } = input;
  const presetClaim = preset !== null && protocol === 'oidc' ? OIDC_PRESETS[preset].userNameClaim : null;
  return {
    name: input.name,
    status: input.status ?? 'active',
    preset,
    settings,
    jit: input.jit ?? false,
    idpInitiated: input.idpInitiated ?? false,
    attributes: attributesOf(input.attributes) ?? presetAttributes(input),
    userNameClaim: input.userNameClaim === undefined ? presetClaim : input.userNameClaim,
  };
}

/** Only for a new connection: what its product sends. */
function presetAttributes({ preset, protocol }: CreateInput): ConnectionInput['attributes'] {
  if (preset === undefined) return {};
  return protocol === 'oidc' ? (OIDC_PRESETS[preset].attributes ?? {}) : SAML_PRESETS[preset].attributes;
}

/** What a change makes of a stored connection. Calls a `metadataUrl` now, so it must run before any transaction. */
export async function connectionChangeFrom(
  deps: SettingsDeps,
  protocol: Connection['settings']['protocol'],
  input: ChangeInput,
): Promise<(current: Connection) => ConnectionInput> {
  const foreign = protocol === 'saml' ? OIDC_ONLY : SAML_ONLY;
  const misplaced = foreign.find((key) => input[key] !== undefined && input[key] !== false);
  if (misplaced !== undefined)
    throw new GatehouseError('invalid', `A connection of the protocol ${protocol} has no ${misplaced}.`, {
      field: misplaced,
    });
  const saml = await readSaml(deps, input);
  return ({ settings, ...current }) => ({
    name: input.name ?? current.name,
    status: input.status ?? current.status,
    preset: input.preset === undefined ? current.preset : input.preset,
    settings:
      settings.protocol === 'saml'
        ? withTrust(changedSaml(settings, saml), input.trustMetadata)
        : applyOidc(deps, settings, input),
    jit: input.jit ?? current.jit,
    idpInitiated: input.idpInitiated ?? current.idpInitiated,
    attributes: attributesOf(input.attributes) ?? current.attributes,
    userNameClaim: input.userNameClaim === undefined ? current.userNameClaim : input.userNameClaim,
  });
}

/** What is known of one provider says nothing of another. */
function changedSaml(
  { outage, ...kept }: SamlSettings,
  changes: Awaited<ReturnType<typeof readSaml>>,
): SamlSettings {
  const next = { ...kept, ...changes };
  const isSame = next.idpEntityId === kept.idpEntityId && next.ssoUrl === kept.ssoUrl;
  return outage !== undefined && isSame ? { ...next, outage } : next;
}

const SAML_ONLY = [
  'metadataXml',
  'metadataUrl',
  'trustMetadata',
  'entityId',
  'ssoUrl',
  'sloUrl',
  'sloBinding',
  'certificates',
  'signatures',
  'idpInitiated',
  'spEntityId',
  'requestBinding',
  'signRequests',
  'forceAuthn',
  'acceptSha1Until',
  'authnContexts',
  'nameIdFormat',
] as const;
const OIDC_ONLY = [
  'issuer',
  'clientId',
  'clientSecret',
  'tokenEndpointAuthMethod',
  'scopes',
  'idTokenAlgs',
  'tenantId',
] as const;

function attributesOf(given: ChangeInput['attributes']): ConnectionInput['attributes'] | undefined {
  if (given === undefined) return undefined;
  const { email, name, groups } = given;
  return {
    ...(email === undefined ? {} : { email }),
    ...(name === undefined ? {} : { name }),
    ...(groups === undefined ? {} : { groups }),
  };
}
