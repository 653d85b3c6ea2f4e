/** A world: one organization that holds one of everything, so that a test can ask what else sees or changes it. */

import { uniqueValue } from '../../src/core/entities/directory-extension.ts';
import type { Organization } from '../../src/core/entities/organization.ts';
import type { Membership } from '../../src/core/entities/people.ts';
import type { Queries, Repositories } from '../../src/core/ports/storage.ts';
import {
  aDirectoryClient,
  anApplication,
  anApplicationGrant,
  aProviderRecord,
} from './application-builders.ts';
import { anAdoptionConflict, aRemovedUser } from './arrival-builders.ts';
import { aSignInAttempt } from './attempt-builders.ts';
import {
  aConnection,
  aDirectory,
  aDirectoryGroup,
  aDirectoryToken,
  aDirectoryUser,
  aDomain,
  aGrant,
  aGroupMapping,
  aMembership,
  anAuditEvent,
  anIdentity,
  anInvitation,
  anOrganization,
  anOutboxEvent,
  aPendingSignIn,
  aRecorderEntry,
  aSession,
  aTeam,
  aUser,
  BUILT_AT,
  nextId,
  oidcSettings,
  upstreamSession,
} from './builders.ts';
import { aCutover, aCutoverMember } from './cutover-builders.ts';
import { aPastName } from './history-builders.ts';
import { aJob } from './job-builders.ts';
import { aShareableLink } from './link-builders.ts';
import { aMappingDraft, aMappingTest } from './mapping-test-builders.ts';
import { anApiKey, anEmergencyCode, aTestSignIn } from './policy-builders.ts';

import { anAccessReview, aReviewItem } from './review-builders.ts';
import { aWebhook } from './webhook-builders.ts';

export type World = ReturnType<typeof aWorld>;

/** What two worlds have in common: an outsider who guesses names finds the same ones in both (S115). */
export const SHARED = {
  email: 'ada@shared.example',
  userName: 'ada@shared.example',
  externalId: 'external-1',
  groupName: 'staff',
  uniquePath: 'urn:acme:scim:1.0:Badge:badge',
  issuer: 'https://shared.example',
  subject: 'subject-1',
  domain: 'shared.example',
  assertionId: '_assertion-1',
} as const;

function aReviewWorld({ id }: Organization, membership: Membership) {
  const review = anAccessReview(id);
  return { review, reviewItem: aReviewItem(review, membership) };
}

function aPeopleWorld() {
  const user = aUser();
  const organization = anOrganization({ activeOwners: 1, seatsUsed: 2 });
  const membership = aMembership(organization.id, user.id, { email: SHARED.email, emailKey: SHARED.email });
  const team = aTeam(organization.id);
  return {
    user,
    organization,
    membership,
    team,
    grant: aGrant(organization.id, membership.id),
    pastName: aPastName(organization.id, { subjectId: nextId('team') }),
    ...aReviewWorld(organization, membership),
    teamMember: { teamId: team.id, membershipId: membership.id, role: 'member' as const },
    invitation: anInvitation(organization.id, { email: 'invitee@shared.example' }),
    shareableLink: aShareableLink(organization.id),
  };
}

function aDirectoryWorld({ organization, membership }: ReturnType<typeof aPeopleWorld>) {
  const directory = aDirectory(organization.id);
  const { externalId, userName, groupName, email } = SHARED;
  const group = aDirectoryGroup(directory, { displayName: groupName, externalId });
  const directoryUser = aDirectoryUser(directory.id, membership, {
    userName,
    externalId,
    emailKeys: [email],
  });
  return {
    directory,
    group,
    token: aDirectoryToken(directory),
    directoryClient: aDirectoryClient(directory),
    directoryUser,
    uniqueValue: uniqueValue(SHARED.uniquePath, 'B-1'),
    conflict: anAdoptionConflict(directoryUser, membership.id),
    removedUser: aRemovedUser(directory, { userNameKey: userName, externalId }),
    cutover: aCutover(directory),
    cutoverMember: aCutoverMember(directory, membership),
    recorderEntry: aRecorderEntry(directory),
    signInAttempt: aSignInAttempt(organization.id),
    mapping: aGroupMapping(organization.id, { match: { kind: 'group_id', groupId: group.id } }),
    mappingTest: aMappingTest(organization.id),
    mappingDraft: aMappingDraft(organization.id),
  };
}

function aSignInWorld({ organization, membership }: ReturnType<typeof aPeopleWorld>) {
  const connection = aConnection(organization.id, { settings: oidcSettings() });
  const { issuer, subject, domain } = SHARED;
  return {
    connection,
    identity: anIdentity(connection.id, membership, { issuer, subject }),
    domain: aDomain(organization.id, { domain }),
    pending: aPendingSignIn(connection),
    session: aSession(membership, {
      connectionId: connection.id,
      upstream: upstreamSession({ nameId: subject, sid: subject, idToken: 'recoverable-id-token' }),
    }),
    testSignIn: aTestSignIn(connection, { membershipId: membership.id }),
    emergencyCode: anEmergencyCode(membership),
    apiKey: anApiKey(membership),
    job: aJob(organization.id),
    webhook: aWebhook(organization.id),
    auditEvent: anAuditEvent(organization.id),
    outboxEvent: anOutboxEvent(organization.id, { kind: 'mail', payload: '{"link":"recoverable"}' }),
  };
}

function anApplicationWorld({ membership }: ReturnType<typeof aPeopleWorld>) {
  const application = anApplication();
  const applicationGrant = anApplicationGrant(membership, application.id);
  const { organizationId, id } = applicationGrant;
  return { application, applicationGrant, providerRecord: aProviderRecord({ organizationId, id }) };
}

/** Builds a whole organization; nothing is stored yet. Its keys are those of every other world, its ids its own. */
export function aWorld() {
  const people = aPeopleWorld();
  return {
    ...people,
    ...aDirectoryWorld(people),
    ...aSignInWorld(people),
    ...anApplicationWorld(people),
  };
}

const FIRST_LINK = { seq: 1, salt: 'salt', personalDigest: 'digest', hash: 'hash' } as const;

async function plantLedger(tx: Repositories, world: World): Promise<void> {
  const { organization, grant, pastName, review, reviewItem } = world;
  await tx.grants.insert(organization.id, grant);
  await tx.pastValues.append(organization.id, pastName);
  await tx.accessReviews.insert(organization.id, review);
  await tx.reviewItems.append(organization.id, [reviewItem]);
}

/** Stores the world in one given transaction, parents first. */
export async function plantWorld(tx: Repositories, world: World): Promise<void> {
  const id = world.organization.id;
  const { directoryUser, group, connection } = world;
  await tx.organizations.insert(id, world.organization);
  await tx.users.insert(world.user);
  await tx.memberships.insert(id, world.membership);
  await tx.teams.insert(id, world.team);
  await plantLedger(tx, world);
  await tx.teamMembers.replace(id, world.membership.id, [world.teamMember]);
  await tx.invitations.insert(id, world.invitation);
  await plantLink(tx, world);
  await tx.directories.insert(id, world.directory);
  await tx.directoryTokens.insert(id, world.token);
  await tx.directoryClients.insert(id, world.directoryClient);
  await tx.directoryUsers.insert(id, directoryUser);
  await plantArrivals(tx, world);
  await tx.directoryGroups.insert(id, group);
  await tx.groupMembers.insert(id, group.id, [{ memberId: directoryUser.id, memberKind: 'user' }]);
  await plantRules(tx, world);
  await tx.connections.insert(id, connection);
  await tx.identities.insert(id, world.identity);
  await tx.domains.insert(id, world.domain);
  await tx.pendingSignIns.insert(id, world.pending);
  await tx.testSignIns.insert(id, world.testSignIn);
  await tx.emergencyCodes.insert(id, world.emergencyCode);
  await tx.apiKeys.insert(id, world.apiKey);
  await tx.consumedAssertions.claim(id, connection.id, SHARED.assertionId, BUILT_AT + 600_000);
  await tx.sessions.insert(id, world.session);
  await tx.jobs.insert(id, world.job);
  await tx.webhooks.insert(id, world.webhook);
  await tx.auditEvents.append(id, world.auditEvent, FIRST_LINK);
  await tx.outbox.append(id, world.outboxEvent);
  await tx.recorderEntries.append(id, [world.recorderEntry]);
  await tx.signInAttempts.append(id, [world.signInAttempt]);
  await tx.applications.insert(world.application);
  await tx.applicationGrants.insert(id, world.applicationGrant);
  await tx.providerRecords.insert(world.providerRecord);
}

async function plantArrivals(tx: Repositories, world: World): Promise<void> {
  const { id } = world.organization;
  await tx.uniqueValues.replace(id, world.directoryUser, [world.uniqueValue]);
  await tx.adoptionConflicts.insert(id, world.conflict);
  await tx.removedUsers.insert(id, world.removedUser);
  await tx.cutovers.insert(id, world.cutover);
  await tx.cutoverMembers.insert(id, world.cutoverMember);
}

async function plantRules(tx: Repositories, world: World) {
  const { id } = world.organization;
  await tx.groupMappings.insert(id, world.mapping);
  await tx.mappingTests.insert(id, world.mappingTest);
  await tx.mappingDrafts.insert(id, world.mappingDraft);
}

/** With one use, so that what hangs on the link is seen to go with it. */
async function plantLink(tx: Repositories, { organization: { id }, shareableLink, membership }: World) {
  await tx.shareableLinks.insert(id, { ...shareableLink, uses: 0 });
  const use = { membershipId: membership.id, email: SHARED.email, usedAt: BUILT_AT };
  await tx.shareableLinks.claim(id, shareableLink.id, use);
}

const EVERYTHING = { kind: 'all' } as const;
const WHOLE_PAGE = { offset: 0, limit: 1000 } as const;

const readLedger = async (store: Queries, { organization: { id }, membership, pastName, review }: World) => ({
  accessReviews: await store.accessReviews.find(id, review.id),
  reviewItems: await store.reviewItems.find(id, review.id, membership.id),
  grants: await store.grants.listByMembership(id, membership.id),
  pastValues: await store.pastValues.find(id, { kind: 'name', id: pastName.subjectId }, 0),
});

async function readArrivals(store: Queries, world: World) {
  const { directory, organization, directoryUser, conflict, removedUser } = world;
  const { id } = organization;
  return {
    uniqueValues: await store.uniqueValues.list(id, directoryUser),
    adoptionConflicts: await store.adoptionConflicts.find(id, conflict.id),
    removedUsers: await store.removedUsers.find(id, directory.id, removedUser.id),
    cutovers: await store.cutovers.find(id, directory.id),
    cutoverMembers: await store.cutoverMembers.list(id, directory.id, WHOLE_PAGE),
  };
}

const readRules = async (store: Queries, { organization: { id } }: World) => ({
  groupMappings: await store.groupMappings.list(id),
  mappingTests: await store.mappingTests.list(id),
  mappingDrafts: await store.mappingDrafts.list(id, WHOLE_PAGE),
});

/** Reads back everything of the world's organization that the port can show, named by repository. */
export async function readWorld(store: Queries, world: World) {
  const id = world.organization.id;
  const { membership, team, directory, group, connection, providerRecord } = world;
  return {
    organizations: await store.organizations.find(id),
    users: await store.users.find(world.user.id),
    memberships: await store.memberships.list(id, {}, WHOLE_PAGE),
    ...(await readLedger(store, world)),
    teams: await store.teams.list(id),
    teamMembers: await store.teamMembers.listByTeam(id, team.id, WHOLE_PAGE),
    invitations: await store.invitations.list(id, {}, WHOLE_PAGE),
    shareableLinks: await store.shareableLinks.list(id, WHOLE_PAGE),
    directories: await store.directories.list(id),
    directoryTokens: await store.directoryTokens.list(id, directory.id),
    directoryClients: await store.directoryClients.list(id, directory.id),
    directoryUsers: await store.directoryUsers.query(id, directory.id, EVERYTHING, WHOLE_PAGE),
    ...(await readArrivals(store, world)),
    directoryGroups: await store.directoryGroups.query(id, directory.id, EVERYTHING, WHOLE_PAGE),
    groupMembers: await store.groupMembers.list(id, group.id, WHOLE_PAGE),
    ...(await readRules(store, world)),
    connections: await store.connections.list(id),
    identities: await store.identities.listByMembership(id, membership.id),
    domains: await store.domains.list(id),
    pendingSignIns: await store.pendingSignIns.find(id, connection.id, world.pending.handleHash),
    testSignIns: await store.testSignIns.list(id, connection.id, 10),
    emergencyCodes: await store.emergencyCodes.list(id, 10),
    apiKeys: await store.apiKeys.list(id),
    sessions: await store.sessions.listByMembership(id, membership.id),
    jobs: await store.jobs.list(id, WHOLE_PAGE),
    webhooks: await store.webhooks.list(id, WHOLE_PAGE),
    auditEvents: await store.auditEvents.list(id, {}, WHOLE_PAGE),
    outbox: await store.outbox.find(id, world.outboxEvent.id),
    recorderEntries: await store.recorderEntries.list(id, {}, WHOLE_PAGE),
    signInAttempts: await store.signInAttempts.list(id, {}, WHOLE_PAGE),
    applicationGrants: await store.applicationGrants.listByMembership(id, membership.id),
    providerRecords: await store.providerRecords.find(providerRecord.kind, providerRecord.idHash),
  };
}
