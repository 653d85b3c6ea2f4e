/** Why a directory's request failed, in words for an admin, and the screen of their identity provider where it is mended. */
import type { ErrorCode } from '../../kernel/errors.ts';
import type { DirectoryKind } from '../entities/directory.ts';
import type { RecordedFailure } from '../entities/recorder.ts';

type KnownKind = Exclude<DirectoryKind, 'generic'>;

export interface FailureExplanation {
  /** What happened and what to do, in plain language. */
  readonly cause: string;
  /** Path to the screen in each provider's admin console; empty when nothing is to be mended there. */
  readonly where: Readonly<Partial<Record<KnownKind, string>>>;
}

type Screen = 'connection' | 'mapping' | 'assignment' | 'groups' | 'logs' | 'nowhere';

const SCREENS: Readonly<Record<Screen, FailureExplanation['where']>> = {
  connection: {
    okta: 'Applications > the app > Provisioning > Integration > Edit: base URL and API token',
    entra:
      'Enterprise applications > the app > Provisioning > Admin credentials: tenant URL and secret token',
    google: 'Apps > Web and mobile apps > the app > Autoprovisioning > Edit: access token and endpoint URL',
    onelogin: 'Applications > the app > Configuration > API connection: SCIM base URL and bearer token',
    jumpcloud:
      'SSO applications > the app > Identity management > Configuration settings: base URL and token key',
    ping: 'Integrations > Provisioning > Connections > the connection > Configuration: SCIM base URL and token',
  },
  mapping: {
    okta: 'Applications > the app > Provisioning > To App > Attribute mappings',
    entra: 'Enterprise applications > the app > Provisioning > Mappings > Provision users: Attribute mapping',
    google: 'Apps > Web and mobile apps > the app > Autoprovisioning > Attribute mapping',
    onelogin: 'Applications > the app > Parameters, and Configuration > SCIM JSON template',
    jumpcloud: 'SSO applications > the app > Identity management > User attribute mapping',
    ping: 'Integrations > Provisioning > Rules > the rule > Attribute mapping',
  },
  assignment: {
    okta: 'Applications > the app > Assignments',
    entra: 'Enterprise applications > the app > Users and groups',
    google: 'Apps > Web and mobile apps > the app > Autoprovisioning > Provisioning scope',
    onelogin: 'Applications > the app > Users, and Provisioning for held entries',
    jumpcloud: 'SSO applications > the app > User groups',
    ping: 'Integrations > Provisioning > Rules > the rule > User filter',
  },
  groups: {
    okta: 'Applications > the app > Push Groups',
    entra: 'Enterprise applications > the app > Provisioning > Mappings > Provision groups',
    google: 'Apps > Web and mobile apps > the app > Autoprovisioning > Provisioning scope',
    onelogin: 'Applications > the app > Rules, and Parameters > Groups',
    jumpcloud: 'SSO applications > the app > Identity management > Manage user groups and group membership',
    ping: 'Integrations > Provisioning > Rules > the rule > Group provisioning',
  },
  logs: {
    okta: 'Applications > the app > Provisioning > retry under Dashboard > Tasks',
    entra: 'Enterprise applications > the app > Provisioning > Provision on demand; see Provisioning logs',
    google: 'Apps > Web and mobile apps > the app > Autoprovisioning > log events',
    onelogin: 'Activity > Events, then Applications > the app > Provisioning > retry',
    jumpcloud: 'Insights > Directory insights; SSO applications > the app > Identity management > Reactivate',
    ping: 'Integrations > Provisioning > Connections > the connection > Sync status',
  },
  nowhere: {},
};

interface Cause {
  readonly cause: string;
  readonly screen: Screen;
}

const UNEXPECTED: Cause = {
  cause: 'SCIM requests are not expected to end this way. Give the request id to the operator of Gatehouse.',
  screen: 'nowhere',
};

const CAUSES: Readonly<Record<ErrorCode, Cause>> = {
  last_connection: UNEXPECTED,
  sso_test_required: UNEXPECTED,
  role_in_use: UNEXPECTED,
  invalid: {
    cause: 'A parameter or value is not one that this address takes. The detail names it.',
    screen: 'mapping',
  },
  unauthenticated: {
    cause:
      'The token is expired, revoked, or belongs to another directory. Make a new token in Gatehouse and paste it into the identity provider.',
    screen: 'connection',
  },
  forbidden: {
    cause: 'The directory is still a draft in Gatehouse. Activate it there, then test the connection again.',
    screen: 'connection',
  },
  not_found: {
    cause:
      'The identity provider speaks of a person or group that is not here: it was removed, or it was linked with another system before. Unassign and assign it again, so that it is looked up or created anew.',
    screen: 'assignment',
  },
  method_not_allowed: {
    cause: 'This address does not take that operation. The base URL in the identity provider may be wrong.',
    screen: 'connection',
  },
  payload_too_large: {
    cause:
      'One request carried more than Gatehouse reads. Let the identity provider send groups in smaller steps.',
    screen: 'groups',
  },
  unsupported_media_type: {
    cause: 'The body was not labelled as JSON. Choose SCIM 2.0 with JSON in the identity provider.',
    screen: 'connection',
  },
  too_many_requests: {
    cause:
      'This directory sent faster than its limit for longer than Gatehouse would hold the answers. Nothing is lost: the identity provider repeats what was refused.',
    screen: 'logs',
  },
  already_exists: {
    cause:
      'Somebody in this directory has the same user name already. Either the identity provider sends one person twice, or an older entry must be renamed or removed first.',
    screen: 'mapping',
  },
  version_conflict: {
    cause:
      'Two changes met. The identity provider repeats the later one by itself, or it can be replayed here.',
    screen: 'logs',
  },
  precondition_failed: {
    cause:
      'The identity provider changed a version that is no longer the current one. It has to read it again.',
    screen: 'logs',
  },
  already_member: {
    cause: 'The person is a member of this organization already.',
    screen: 'assignment',
  },
  step_up_required: UNEXPECTED,
  sso_required: UNEXPECTED,
  second_factor_setup_required: UNEXPECTED,
  already_invited: UNEXPECTED,
  seats_exhausted: {
    cause:
      'All seats of the plan are taken. Raise the number of seats or deactivate somebody in Gatehouse, or assign fewer people.',
    screen: 'assignment',
  },
  plan_lacks: {
    cause: 'The plan of this organization does not include provisioning by a directory.',
    screen: 'nowhere',
  },
  last_owner: {
    cause:
      'This would leave the organization without an active owner. Make somebody else owner in Gatehouse, then retry.',
    screen: 'logs',
  },
  plan_in_use: UNEXPECTED,
  role_from_directory: UNEXPECTED,
  mapping_test_failed: UNEXPECTED,
  plan_outdated: UNEXPECTED,
  draft_state: UNEXPECTED,
  cutover_required: {
    cause:
      'The directory is a shadow in Gatehouse: its people become members by the cut-over there, not before.',
    screen: 'connection',
  },
  review_not_open: UNEXPECTED,
  cutover_moved: UNEXPECTED,
  cutover_blocked: UNEXPECTED,
  rollback_over: UNEXPECTED,
  invitations_disabled: UNEXPECTED,
  invitation_expired: UNEXPECTED,
  invitation_revoked: UNEXPECTED,
  invitation_used: UNEXPECTED,
  egress_refused: UNEXPECTED,
  upstream_unreachable: UNEXPECTED,
  invalid_syntax: {
    cause:
      'The body is not the JSON that SCIM asks for. A hand-edited template or expression is the usual reason.',
    screen: 'mapping',
  },
  invalid_filter: {
    cause:
      'The look-up asks for an attribute or an operator that is not known here. Match people by userName or externalId.',
    screen: 'mapping',
  },
  invalid_path: {
    cause: 'An attribute mapping writes to an attribute that does not exist here. The detail names it.',
    screen: 'mapping',
  },
  invalid_value: {
    cause:
      'A value is missing or has the wrong form, such as text for a list. Correct what the mapping sends for the attribute that the detail names.',
    screen: 'mapping',
  },
  no_target: {
    cause:
      'A mapping changes an element that the person does not have. Map the whole attribute, or send the element first.',
    screen: 'mapping',
  },
  mutability: {
    cause: 'A mapping writes to an attribute that Gatehouse sets by itself. Take it out of the mapping.',
    screen: 'mapping',
  },
  too_many: {
    cause:
      'The request asks for more than one answer may hold. Narrow the filter, or send less in one request.',
    screen: 'groups',
  },
  sensitive: {
    cause:
      'The look-up names something that must not stand in an address, such as a password. Match by userName.',
    screen: 'mapping',
  },
  invalid_cursor: {
    cause: 'A page was asked for with a cursor of another list. Start the import again.',
    screen: 'logs',
  },
  expired_cursor: {
    cause: 'The import paused for more than an hour between two pages. Start the import again.',
    screen: 'logs',
  },
  invalid_count: {
    cause: 'The size of the page changed in the middle of an import. Start the import again.',
    screen: 'logs',
  },
  not_implemented: {
    cause: 'The identity provider uses a part of SCIM that is not offered here. Switch it off there.',
    screen: 'connection',
  },
  second_factor_required: UNEXPECTED,
  sign_in_refused: UNEXPECTED,
  sign_out_refused: UNEXPECTED,
  internal: {
    cause:
      'This was our fault, not yours. Give the request id to the operator of Gatehouse; then it can be replayed.',
    screen: 'nowhere',
  },
  storage_unavailable: {
    cause: 'Gatehouse could not reach its store for a moment. The identity provider tries again by itself.',
    screen: 'logs',
  },
};

/** What another field or place says more exactly than the code alone. The first one that fits counts. */
const SPECIAL_CAUSES: readonly (Cause & {
  readonly code: ErrorCode;
  readonly fits: (failure: RecordedFailure, path: string) => boolean;
})[] = [
  {
    code: 'already_exists',
    fits: ({ field }) => field === 'emails',
    cause:
      'A member with this e-mail address exists already, and this directory may not take members over. Change its adoption policy in Gatehouse, or remove the member there.',
    screen: 'assignment',
  },
  {
    code: 'not_found',
    fits: (_failure, path) => !/^\/(Users|Groups)(\/|\?|$)/.test(path),
    cause:
      'There is nothing at this address. The base URL in the identity provider may have a part too much.',
    screen: 'connection',
  },
  {
    code: 'not_found',
    fits: (_failure, path) => path.startsWith('/Groups'),
    cause:
      'The identity provider speaks of a group that is not here any more. Remove the group from the push and add it again.',
    screen: 'groups',
  },
  {
    code: 'invalid_value',
    fits: (_failure, path) => path.startsWith('/Groups'),
    cause:
      'The group names a member that this directory has not pushed, or a value has the wrong form. Assign the people of the group to the app as well.',
    screen: 'groups',
  },
];

/** Explains a failure; `path` is that of the recorded request. There is an explanation for every code. */
export function explainFailure(failure: RecordedFailure, path: string): FailureExplanation {
  const special = SPECIAL_CAUSES.find(({ code, fits }) => code === failure.code && fits(failure, path));
  const { cause, screen } = special ?? CAUSES[failure.code];
  return { cause, where: SCREENS[screen] };
}
