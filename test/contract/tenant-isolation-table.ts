/** For every method of every repository: how to call it for organization `b` with what belongs to organization `a`. */
import type { Repositories } from '../../src/core/ports/storage.ts';
import { BUILT_AT, nextId, nextText } from '../support/builders.ts';
import { anEnding } from '../support/history-builders.ts';
import { SHARED } from '../support/world.ts';
import { applications } from './tenant-isolation-applications.ts';
import { arrivals } from './tenant-isolation-arrivals.ts';
import { credentials } from './tenant-isolation-credentials.ts';
import { cutovers } from './tenant-isolation-cutovers.ts';
import {
  absent,
  type Bounded,
  bug,
  claimedBy,
  conflict,
  global,
  type IsolationTable,
  noneWritten,
  noRows,
  notFound,
  nothing,
  onEveryPage,
  PAGE,
  untouched,
} from './tenant-isolation-entries.ts';
import { history } from './tenant-isolation-history.ts';
import { drafts, jobs } from './tenant-isolation-jobs.ts';
import { journal } from './tenant-isolation-journal.ts';
import { links } from './tenant-isolation-links.ts';
import { policy } from './tenant-isolation-policy.ts';
import { reviews } from './tenant-isolation-reviews.ts';
import { underWay } from './tenant-isolation-under-way.ts';
import { webhooks } from './tenant-isolation-webhooks.ts';

const people: Pick<
  IsolationTable,
  'organizations' | 'users' | 'memberships' | 'grants' | 'teams' | 'teamMembers' | 'invitations'
> = {
  organizations: {
    insert: { ...bug, call: (tx, b, a) => tx.organizations.insert(b, a.organization) },
    find: { answersOwn: 1, call: (store, b) => store.organizations.find(b) },
    update: { ...bug, call: (tx, b, a) => tx.organizations.update(b, a.organization, 1) },
    remove: { answers: true, call: (tx, b) => tx.organizations.remove(b) },
    moveCounts: {
      answers: 'moved',
      call: (tx, b) => tx.organizations.moveCounts(b, { seats: 5, owners: 5 }),
    },
    findBySlug: global,
    list: global,
  },
  users: { insert: global, find: global, findByEmail: global, update: global, remove: global },
  memberships: {
    insert: { ...bug, call: (tx, b, a) => tx.memberships.insert(b, { ...a.membership, id: nextId('mem') }) },
    find: { ...absent, call: (store, b, a) => store.memberships.find(b, a.membership.id) },
    findByUser: { ...absent, call: (store, b, a) => store.memberships.findByUser(b, a.user.id) },
    listByEmail: { answersOwn: 1, call: (store, b) => store.memberships.listByEmail(b, SHARED.email) },
    list: { answersOwn: 1, call: (store, b) => store.memberships.list(b, {}, PAGE) },
    listByEmailStart: {
      answersOwn: 1,
      call: (store, b) =>
        store.memberships.listByEmailStart(b, { text: SHARED.email.slice(0, 3) }, { limit: 9 }),
    },
    findNth: {
      ...absent,
      call: (store, b, a) => store.memberships.findNth(b, a.membership.id, 2),
    },
    update: { ...conflict, call: (tx, b, a) => tx.memberships.update(b, claimedBy(b, a.membership), 1) },
    updateLastActive: {
      ...absent,
      call: (tx, b, a) => tx.memberships.updateLastActive(b, a.membership.id, { at: 9, ifUpTo: 9 }),
    },
    holdsWaysIn: {
      answers: false,
      call: (store, b, a) => store.memberships.holdsWaysIn(b, { id: a.membership.id, userId: nextId('usr') }),
    },
    remove: { ...untouched, call: (tx, b, a) => tx.memberships.remove(b, a.membership.id) },
    listByUser: global,
  },
  grants: {
    insert: {
      ...notFound,
      call: (tx, b, a) => tx.grants.insert(b, { ...claimedBy(b, a.grant), id: nextId('grt') }),
    },
    listByMembership: {
      ...nothing,
      call: (store, b, a) => store.grants.listByMembership(b, a.membership.id),
    },
    end: { ...untouched, call: (tx, b, a) => tx.grants.end(b, a.grant, anEnding()) },
    rerank: { ...untouched, call: (tx, b, a) => tx.grants.rerank(b, a.grant, 7) },
    endByMembership: {
      ...absent,
      call: (tx, b, a) => tx.grants.endByMembership(b, a.membership.id, anEnding()),
    },
    listAsOf: { ...nothing, call: (store, b, a) => store.grants.listAsOf(b, a.membership.id, BUILT_AT) },
    prune: { answers: 0, call: (tx, b) => tx.grants.prune(b, BUILT_AT * 2, 10) },
  },
  teams: {
    insert: { ...bug, call: (tx, b, a) => tx.teams.insert(b, { ...a.team, id: nextId('team') }) },
    find: { ...absent, call: (store, b, a) => store.teams.find(b, a.team.id) },
    list: { answersOwn: 1, call: (store, b) => store.teams.list(b) },
    update: { ...conflict, call: (tx, b, a) => tx.teams.update(b, claimedBy(b, a.team), 1) },
    remove: { ...untouched, call: (tx, b, a) => tx.teams.remove(b, a.team.id) },
  },
  teamMembers: {
    listByMemberships: {
      ...nothing,
      call: (store, b, a) => store.teamMembers.listByMemberships(b, [a.membership.id]),
    },
    listByTeam: { ...nothing, call: (store, b, a) => store.teamMembers.listByTeam(b, a.team.id, PAGE) },
    replace: {
      ...notFound,
      call: (tx, b, a) => tx.teamMembers.replace(b, a.membership.id, [{ teamId: a.team.id, role: 'owner' }]),
    },
  },
  invitations: {
    insert: { ...bug, call: (tx, b, a) => tx.invitations.insert(b, { ...a.invitation, id: nextId('inv') }) },
    find: { ...absent, call: (store, b, a) => store.invitations.find(b, a.invitation.id) },
    findPendingByEmail: {
      answersOwn: 1,
      call: (store, b, a) => store.invitations.findPendingByEmail(b, a.invitation.emailKey),
    },
    list: { answersOwn: 1, call: (store, b) => store.invitations.list(b, {}, PAGE) },
    findNth: {
      ...absent,
      call: (store, b, a) => store.invitations.findNth(b, { after: a.invitation.id }, 2),
    },
    listPending: { answersOwn: 1, call: (store, b) => store.invitations.listPending(b) },
    countOpen: { answers: 1, call: (store, b) => store.invitations.countOpen(b, 1) },
    update: { ...conflict, call: (tx, b, a) => tx.invitations.update(b, claimedBy(b, a.invitation), 1) },
    erase: { ...conflict, call: (tx, b, a) => tx.invitations.erase(b, claimedBy(b, a.invitation), 1) },
    claim: {
      ...untouched,
      call: (tx, b, a) => tx.invitations.claim(b, a.invitation.id, { membershipId: a.membership.id, now: 1 }),
    },
    findByTokenHash: global,
  },
};

const directories: Pick<
  IsolationTable,
  'directories' | 'directoryTokens' | 'groupMappings' | 'groupMembers' | 'mappingTests'
> = {
  directories: {
    insert: { ...bug, call: (tx, b, a) => tx.directories.insert(b, { ...a.directory, id: nextId('dir') }) },
    find: { ...absent, call: (store, b, a) => store.directories.find(b, a.directory.id) },
    findVersion: { ...absent, call: (store, b, a) => store.directories.findVersion(b, a.directory.id) },
    list: { answersOwn: 1, call: (store, b) => store.directories.list(b) },
    update: { ...conflict, call: (tx, b, a) => tx.directories.update(b, claimedBy(b, a.directory), 1) },
    remove: { ...untouched, call: (tx, b, a) => tx.directories.remove(b, a.directory.id) },
  },
  directoryTokens: {
    insert: {
      ...notFound,
      call: (tx, b, a) =>
        tx.directoryTokens.insert(b, {
          ...claimedBy(b, a.token),
          id: nextId('dtk'),
          tokenHash: nextText('hash'),
        }),
    },
    list: { ...nothing, call: (store, b, a) => store.directoryTokens.list(b, a.directory.id) },
    remove: { ...untouched, call: (tx, b, a) => tx.directoryTokens.remove(b, a.directory.id, a.token.id) },
    updateLastUsed: { ...absent, call: (tx, b, a) => tx.directoryTokens.updateLastUsed(b, a.token.id, 9) },
    claimWarning: { ...untouched, call: (tx, b, a) => tx.directoryTokens.claimWarning(b, a.token.id, 30) },
    listExpiring: global,
    findByHash: global,
  },
  groupMembers: {
    listCandidates: {
      ...nothing,
      call: (store, b, a) =>
        store.groupMembers.listCandidates(b, a.directory.id, [a.directoryUser.id, a.group.id]),
    },
    insert: {
      ...notFound,
      call: (tx, b, a) =>
        tx.groupMembers.insert(b, a.group.id, [{ memberId: nextId('du'), memberKind: 'user' }]),
    },
    remove: { ...nothing, call: (tx, b, a) => tx.groupMembers.remove(b, a.group.id, [a.directoryUser.id]) },
    list: { ...nothing, call: (store, b, a) => store.groupMembers.list(b, a.group.id, PAGE) },
    listWritten: noneWritten,
    listNamed: { ...nothing, call: (store, b, a) => store.groupMembers.listNamed(b, a.group.id, PAGE) },
    listContaining: {
      ...nothing,
      call: async (store, b, a) => [
        ...(await store.groupMembers.listContaining(b, [a.directoryUser.id, a.group.id])),
        ...(await store.groupMembers.listContaining(b, [a.directoryUser.id])),
      ],
    },
    listGroupsOf: {
      ...nothing,
      call: (store, b, a) => store.groupMembers.listGroupsOf(b, a.directoryUser.id),
    },
    removeEverywhere: {
      ...nothing,
      call: (tx, b, a) => tx.groupMembers.removeEverywhere(b, a.directoryUser.id),
    },
  },
  groupMappings: {
    insert: { ...bug, call: (tx, b, a) => tx.groupMappings.insert(b, { ...a.mapping, id: nextId('map') }) },
    find: { ...absent, call: (store, b, a) => store.groupMappings.find(b, a.mapping.id) },
    list: { answersOwn: 1, call: (store, b) => store.groupMappings.list(b) },
    update: { ...conflict, call: (tx, b, a) => tx.groupMappings.update(b, claimedBy(b, a.mapping), 1) },
    remove: { ...untouched, call: (tx, b, a) => tx.groupMappings.remove(b, a.mapping.id) },
  },
  mappingTests: {
    insert: {
      ...bug,
      call: (tx, b, a) => tx.mappingTests.insert(b, { ...a.mappingTest, id: nextId('mpt') }),
    },
    find: { ...absent, call: (store, b, a) => store.mappingTests.find(b, a.mappingTest.id) },
    list: { answersOwn: 1, call: (store, b) => store.mappingTests.list(b) },
    update: { ...conflict, call: (tx, b, a) => tx.mappingTests.update(b, claimedBy(b, a.mappingTest), 1) },
    remove: { ...untouched, call: (tx, b, a) => tx.mappingTests.remove(b, a.mappingTest.id) },
  },
};

const resources: Pick<IsolationTable, 'directoryUsers' | 'directoryGroups'> = {
  directoryUsers: {
    insert: {
      ...notFound,
      call: (tx, b, a) =>
        tx.directoryUsers.insert(b, {
          ...claimedBy(b, a.directoryUser),
          id: nextId('du'),
          userNameKey: nextText('name'),
        }),
    },
    find: {
      ...absent,
      call: (store, b, a) => store.directoryUsers.find(b, a.directory.id, a.directoryUser.id),
    },
    findByMembership: {
      ...absent,
      call: (store, b, a) => store.directoryUsers.findByMembership(b, a.membership.id),
    },
    findHold: {
      ...absent,
      call: (store, b, a) => store.directoryUsers.findHold(b, a.membership.id),
    },
    listByUserName: {
      answersOwn: 1,
      call: (store, b) => store.directoryUsers.listByUserName(b, SHARED.userName),
    },
    listByExternalId: {
      answersOwn: 1,
      call: (store, b) => store.directoryUsers.listByExternalId(b, SHARED.externalId),
    },
    query: {
      ...noRows,
      call: (store, b, a) =>
        onEveryPage((page) => store.directoryUsers.query(b, a.directory.id, { kind: 'all' }, page)),
    },
    queryShown: {
      ...noRows,
      call: (store, b, a) =>
        onEveryPage((page) => store.directoryUsers.queryShown(b, a.directory.id, { kind: 'all' }, page)),
    },
    scan: {
      ...nothing,
      call: (store, b, a) => store.directoryUsers.scan(b, a.directory.id, { kind: 'all' }, PAGE),
    },
    update: {
      ...conflict,
      call: (tx, b, a) => tx.directoryUsers.update(b, claimedBy(b, a.directoryUser), 1),
    },
    remove: {
      ...untouched,
      call: (tx, b, a) => tx.directoryUsers.remove(b, a.directory.id, a.directoryUser.id),
    },
  },
  directoryGroups: {
    insert: {
      ...notFound,
      call: (tx, b, a) => tx.directoryGroups.insert(b, { ...claimedBy(b, a.group), id: nextId('dg') }),
    },
    find: { ...absent, call: (store, b, a) => store.directoryGroups.find(b, a.directory.id, a.group.id) },
    findInOrganization: {
      ...absent,
      call: (store, b, a) => store.directoryGroups.findInOrganization(b, a.group.id),
    },
    listByName: { answersOwn: 1, call: (store, b) => store.directoryGroups.listByName(b, SHARED.groupName) },
    query: {
      ...noRows,
      call: (store, b, a) =>
        onEveryPage((page) => store.directoryGroups.query(b, a.directory.id, { kind: 'all' }, page)),
    },
    scan: {
      ...nothing,
      call: (store, b, a) => store.directoryGroups.scan(b, a.directory.id, { kind: 'all' }, PAGE),
    },
    update: { ...conflict, call: (tx, b, a) => tx.directoryGroups.update(b, claimedBy(b, a.group), 1) },
    remove: { ...untouched, call: (tx, b, a) => tx.directoryGroups.remove(b, a.directory.id, a.group.id) },
  },
};

const signIns: Pick<IsolationTable, 'connections' | 'identities' | 'domains' | 'sessions'> = {
  connections: {
    insert: { ...bug, call: (tx, b, a) => tx.connections.insert(b, { ...a.connection, id: nextId('con') }) },
    find: { ...absent, call: (store, b, a) => store.connections.find(b, a.connection.id) },
    list: { answersOwn: 1, call: (store, b) => store.connections.list(b) },
    update: { ...conflict, call: (tx, b, a) => tx.connections.update(b, claimedBy(b, a.connection), 1) },
    remove: { ...untouched, call: (tx, b, a) => tx.connections.remove(b, a.connection.id) },
    findById: global,
    listDue: global,
  },
  identities: {
    insert: {
      ...notFound,
      call: (tx, b, a) =>
        tx.identities.insert(b, { ...claimedBy(b, a.identity), subject: nextText('subject') }),
    },
    find: {
      ...absent,
      call: (store, b, a) => store.identities.find(b, a.connection.id, SHARED.issuer, SHARED.subject),
    },
    findByMembership: {
      ...absent,
      call: (store, b, a) => store.identities.findByMembership(b, a.connection.id, a.membership.id),
    },
    listByMembership: {
      ...nothing,
      call: (store, b, a) => store.identities.listByMembership(b, a.membership.id),
    },
    removeByMembership: {
      ...absent,
      call: (tx, b, a) => tx.identities.removeByMembership(b, a.membership.id),
    },
  },
  domains: {
    insert: { ...bug, call: (tx, b, a) => tx.domains.insert(b, { ...a.domain, id: nextId('dom') }) },
    find: { ...absent, call: (store, b, a) => store.domains.find(b, a.domain.id) },
    list: { answersOwn: 1, call: (store, b) => store.domains.list(b) },
    update: { ...conflict, call: (tx, b, a) => tx.domains.update(b, claimedBy(b, a.domain), 1) },
    remove: { ...untouched, call: (tx, b, a) => tx.domains.remove(b, a.domain.id) },
    listToCheck: global,
    findVerified: global,
  },
  sessions: {
    insert: {
      ...notFound,
      call: (tx, b, a) => tx.sessions.insert(b, { ...claimedBy(b, a.session), tokenHash: nextText('hash') }),
    },
    find: { ...absent, call: (store, b, a) => store.sessions.find(b, a.session.id) },
    updateLastSeen: { ...absent, call: (tx, b, a) => tx.sessions.updateLastSeen(b, a.session.id, 9) },
    rotate: {
      ...untouched,
      call: (tx, b, { session: { id, tokenHash } }) =>
        tx.sessions.rotate(b, id, {
          ...{ tokenHash, previous: tokenHash, next: nextText('hash'), orgRole: 'owner', at: 9 },
        }),
    },
    confirm: { ...absent, call: (tx, b, a) => tx.sessions.confirm(b, a.session.id, a.session.tokenHash, 9) },
    listByMembership: {
      ...nothing,
      call: (store, b, a) => store.sessions.listByMembership(b, a.membership.id),
    },
    listByConnection: {
      ...nothing,
      call: (store, b, a) => store.sessions.listByConnection(b, a.connection.id),
    },
    listByUpstream: {
      ...nothing,
      call: (store, b, a) =>
        store.sessions.listByUpstream(b, a.connection.id, { kind: 'nameId', value: SHARED.subject }),
    },
    list: { answersOwn: 1, call: (store, b) => store.sessions.list(b, { limit: 1000 }) },
    remove: { ...untouched, call: (tx, b, a) => tx.sessions.remove(b, a.session.id) },
    findByHash: global,
    removeExpired: global,
  },
};

/** The whole port. A method missing here fails the type check, and at run time the suite. */
export const ISOLATION_TABLE: IsolationTable = {
  ...people,
  ...credentials,
  ...jobs,
  ...webhooks,
  mailCounts: { list: global, claim: global, remove: global, removeExpired: global },
  mailSuppressions: { insert: global, findByAddress: global, list: global, remove: global },
  ...history,
  ...reviews,
  ...cutovers,
  ...drafts,
  ...policy,
  ...links,
  ...directories,
  ...arrivals,
  ...applications,
  ...resources,
  ...signIns,
  ...underWay,
  ...journal,
};

/** Methods that take another way through an adapter when they are asked differently. */
export const FURTHER_CALLS: readonly {
  readonly title: string;
  readonly method: string;
  readonly entry: Bounded<Repositories>;
}[] = [
  {
    title: 'uniqueValues.replace by nothing',
    method: 'replace',
    entry: { ...absent, call: (tx, b, a) => tx.uniqueValues.replace(b, a.directoryUser, []) },
  },
  {
    title: 'adoptionConflicts.list by status',
    method: 'list',
    entry: {
      ...nothing,
      call: (tx, b, a) => tx.adoptionConflicts.list(b, { directoryId: a.directory.id, status: 'open' }, PAGE),
    },
  },
  {
    title: 'teamMembers.replace by nothing',
    method: 'replace',
    entry: { ...absent, call: (tx, b, a) => tx.teamMembers.replace(b, a.membership.id, []) },
  },
  {
    title: 'invitations.list by status',
    method: 'list',
    entry: { answersOwn: 1, call: (tx, b) => tx.invitations.list(b, { status: 'pending' }, PAGE) },
  },
  {
    title: 'memberships.list by team',
    method: 'list',
    entry: { ...nothing, call: (tx, b, a) => tx.memberships.list(b, { teamId: a.team.id }, PAGE) },
  },
  {
    title: 'memberships.list by text',
    method: 'list',
    entry: { answersOwn: 1, call: (tx, b) => tx.memberships.list(b, { text: SHARED.email }, PAGE) },
  },
  {
    title: 'auditEvents.list by target',
    method: 'list',
    entry: {
      ...nothing,
      call: (tx, b, a) => tx.auditEvents.list(b, { targetId: a.auditEvent.target.id }, PAGE),
    },
  },
  {
    title: 'recorderEntries.list by directory',
    method: 'list',
    entry: {
      ...nothing,
      call: (tx, b, a) => tx.recorderEntries.list(b, { directoryId: a.directory.id }, PAGE),
    },
  },
  {
    title: 'signInAttempts.list by connection',
    method: 'list',
    entry: {
      ...nothing,
      call: (tx, b, a) =>
        tx.signInAttempts.list(b, { connectionId: a.signInAttempt.connectionId ?? undefined }, PAGE),
    },
  },
  {
    title: 'signInAttempts.trim to nothing',
    method: 'trim',
    entry: { answers: 1, call: (tx, b) => tx.signInAttempts.trim(b, { ok: 0, failed: 0, strangers: 0 }) },
  },
  {
    title: 'recorderEntries.trim to nothing',
    method: 'trim',
    entry: { answers: 1, call: (tx, b) => tx.recorderEntries.trim(b, { newest: 0, failed: 0 }) },
  },
  {
    title: 'recorderEntries.list by text',
    method: 'list',
    entry: { answersOwn: 1, call: (tx, b) => tx.recorderEntries.list(b, { text: 'startIndex' }, PAGE) },
  },
];
