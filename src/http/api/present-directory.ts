/** Directories, connections, group mappings and domains as JSON; what a customer's IdP must be told is spelled out. */

import type { z } from 'zod';
import type { RoleChange } from '../../core/access/role-differences.ts';
import { connectionUrls } from '../../core/connections/connections.ts';
import { unansweredSince } from '../../core/connections/domain-checks.ts';
import { challengeRecord } from '../../core/connections/domains.ts';
import { stagedId } from '../../core/connections/metadata-watch.ts';
import { signsRequests } from '../../core/connections/saml-settings.ts';
import type { Connection, OidcSettings, SamlSettings, SpKey } from '../../core/entities/connection.ts';
import type { Directory, DirectoryToken, GroupMapping, MappingMatch } from '../../core/entities/directory.ts';
import type { Domain } from '../../core/entities/domain.ts';
import type { DraftedRule } from '../../core/entities/mapping-draft.ts';
import { certificateProblem, checkCertificate } from '../../protocols/saml/certificates.ts';
import type { HttpDeps } from '../deps.ts';
import type {
  certificateShape,
  connectionShape,
  directoryShape,
  directoryTokenShape,
  domainShape,
  groupMappingShape,
  matchShape,
} from './directory-shapes.ts';
import { oidcSetup } from './oidc-setup.ts';
import { isoTime, isoTimeOrNull } from './present.ts';
import { samlSetup } from './saml-presets.ts';

export const presentDirectory = (directory: Directory, baseUrl: string): z.infer<typeof directoryShape> => ({
  id: directory.id,
  kind: directory.kind,
  name: directory.name,
  status: directory.status,
  adoption: directory.adoption,
  shadow: directory.isShadow,
  scimBaseUrl: `${baseUrl}/scim/v2/${directory.id}`,
  createdAt: isoTime(directory.createdAt),
  updatedAt: isoTime(directory.updatedAt),
});

export const presentDirectoryToken = (row: DirectoryToken): z.infer<typeof directoryTokenShape> => ({
  id: row.id,
  name: row.name,
  createdAt: isoTime(row.createdAt),
  expiresAt: isoTimeOrNull(row.expiresAt),
  lastUsedAt: isoTimeOrNull(row.lastUsedAt),
});

const presentCertificate = (pem: string): z.infer<typeof certificateShape> => {
  const { fingerprint, notAfter } = checkCertificate(pem);
  return { fingerprint, expiresAt: isoTime(notAfter), pem };
};

export const presentConnection = (
  connection: Connection,
  { baseUrl, clock }: Pick<HttpDeps, 'baseUrl' | 'clock'>,
): z.infer<typeof connectionShape> => {
  const { settings, id } = connection;
  const common = {
    id,
    name: connection.name,
    status: connection.status,
    preset: connection.preset,
    jit: connection.jit,
    idpInitiated: connection.idpInitiated,
    attributes: connection.attributes,
    userNameClaim: connection.userNameClaim,
    createdAt: isoTime(connection.createdAt),
    updatedAt: isoTime(connection.updatedAt),
  };
  const urls = connectionUrls(baseUrl, id);
  return settings.protocol === 'saml'
    ? {
        ...common,
        ...presentSaml(settings, urls),
        ...presentProblem(settings, clock()),
        idpSetup: samlSetup(connection.preset, {
          ...urls,
          spEntityId: settings.spEntityId ?? urls.spEntityId,
        }),
      }
    : {
        ...common,
        ...presentOidc(settings, urls),
        idpSetup: oidcSetup(connection.preset, settings, urls),
      };
};

/** A certificate that has ended explains why nobody would come in; silence explains nothing, it is all that is known. */
function presentProblem({ certificates, outage }: SamlSettings, now: number) {
  const ended = certificateProblem(certificates, now);
  const isSilent = ended === null && outage !== undefined;
  return {
    problem: isSilent ? outage.reason : ended,
    problemSince: isSilent ? isoTime(outage.since) : null,
    unanswered: outage?.sent ?? null,
  };
}

type Urls = ReturnType<typeof connectionUrls>;

const presentSaml = (settings: SamlSettings, { acsUrl, spEntityId, metadataUrl, logoutUrl }: Urls) => ({
  protocol: settings.protocol,
  entityId: settings.idpEntityId,
  ssoUrl: settings.ssoUrl,
  sloUrl: settings.sloUrl,
  sloBinding: settings.sloBinding,
  certificates: settings.certificates.map(presentCertificate),
  signatures: settings.signatures,
  ...presentWatch(settings),
  requestBinding: settings.requestBinding,
  signRequests: signsRequests(settings),
  acceptSha1Until: isoTimeOrNull(settings.sha1Until),
  forceAuthn: settings.forceAuthn,
  authnContexts: [...settings.authnContexts],
  nameIdFormat: settings.nameIdFormat,
  spCertificates: settings.spKeys.map(presentSpKey),
  acsUrl,
  spEntityId: settings.spEntityId ?? spEntityId,
  metadataUrl,
  logoutUrl,
});

const presentSpKey = ({ id, use, certificate }: SpKey) => ({ id, use, ...presentCertificate(certificate) });

/** The address that is read, and how what it says now differs from what is pinned. */
function presentWatch({ metadata, certificates }: SamlSettings) {
  if (metadata === null) return { metadataSource: null, stagedMetadata: null };
  const { url, isTrusted, checkedAt, problem, staged } = metadata;
  const metadataSource = { url, trusted: isTrusted, checkedAt: isoTime(checkedAt), problem };
  if (staged === null) return { metadataSource, stagedMetadata: null };
  const fingerprintsOf = (texts: readonly string[]) =>
    texts.map((text) => checkCertificate(text).fingerprint);
  const [pinned, next] = [fingerprintsOf(certificates), fingerprintsOf(staged.certificates)];
  return {
    metadataSource,
    stagedMetadata: {
      id: stagedId(staged),
      ssoUrl: staged.ssoUrl,
      certificates: staged.certificates.map(presentCertificate),
      addedCertificates: next.filter((one) => !pinned.includes(one)),
      removedCertificates: pinned.filter((one) => !next.includes(one)),
    },
  };
}

const presentOidc = (
  settings: OidcSettings,
  { redirectUri, backchannelLogoutUri, postLogoutRedirectUri, jwksUri }: Urls,
) => ({
  protocol: settings.protocol,
  issuer: settings.issuer,
  clientId: settings.clientId,
  tokenEndpointAuthMethod: settings.tokenEndpointAuthMethod,
  idTokenAlgs: [...settings.idTokenAlgs],
  tenantId: settings.tenantId,
  problem: settings.outage?.reason ?? null,
  problemSince: isoTimeOrNull(settings.outage?.since ?? null),
  scopes: [...settings.scopes],
  jwksUri: settings.tokenEndpointAuthMethod === 'private_key_jwt' ? jwksUri : null,
  spCertificates: (settings.spKeys ?? []).map(presentSpKey),
  redirectUri,
  backchannelLogoutUri,
  postLogoutRedirectUri,
});

const presentMatch = (match: MappingMatch): z.infer<typeof matchShape> => {
  switch (match.kind) {
    case 'group_id':
      return { groupId: match.groupId };
    case 'group_name':
      return { groupName: match.groupName };
    case 'group_pattern':
      return { groupPattern: match.groupPattern };
    case 'claim':
      return { claim: match.claim, value: match.value };
  }
};

/** What a rule says. */
export const presentRule = ({ id, match, grants, rank }: DraftedRule) => ({
  id,
  match: presentMatch(match),
  grants: grants.map((grant) =>
    grant.scope === 'team' ? { scope: grant.scope, team: grant.teamId, role: grant.role } : grant,
  ),
  rank,
});

export const presentGroupMapping = (mapping: GroupMapping): z.infer<typeof groupMappingShape> => ({
  ...presentRule(mapping),
  createdAt: isoTime(mapping.createdAt),
  updatedAt: isoTime(mapping.updatedAt),
});

/** A role that comes or goes. */
export const presentRoleChange = ({ scope, teamId, resource, before, after }: RoleChange) => ({
  scope,
  ...(teamId === undefined ? {} : { team: teamId }),
  ...(resource === undefined ? {} : { resource }),
  before,
  after,
});

export const presentDomain = (domain: Domain): z.infer<typeof domainShape> => ({
  id: domain.id,
  domain: domain.domain,
  status: domain.status,
  proof: domain.proof,
  connection: domain.connectionId,
  record: challengeRecord(domain),
  verifiedAt: isoTimeOrNull(domain.verifiedAt),
  checkedAt: isoTimeOrNull(domain.checkedAt),
  missingSince: isoTimeOrNull(domain.missingSince),
  unansweredSince: isoTimeOrNull(unansweredSince(domain)),
  createdAt: isoTime(domain.createdAt),
});
