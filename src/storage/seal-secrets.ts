/** Wraps any storage so that recoverable secrets are sealed before they reach it and opened on the way out (law 7). */
import type { ProviderRecord, SigningKey } from '../core/entities/application.ts';
import type { Connection } from '../core/entities/connection.ts';
import type { SecondFactor } from '../core/entities/credentials.ts';
import type { OutboxEvent } from '../core/entities/journal.ts';
import type { Session } from '../core/entities/session.ts';
import type { PendingSignIn } from '../core/entities/sign-in.ts';
import type { Webhook } from '../core/entities/webhook.ts';
import type { Repositories, Storage } from '../core/ports/storage.ts';
import { rememberingSealer, type Sealer } from '../kernel/sealing.ts';
import {
  changeConnection,
  changeEvent,
  changeFactor,
  changeKey,
  changePending,
  changeRecord,
  changeSession,
  changeWebhook,
} from './secret-fields.ts';
import { type Form, forgiving, formOf, openedOnce, type Tell } from './secret-forms.ts';

/** A sign-in reads its connection three times, with up to three secrets: opening them took 5 % of it. Webhooks are read every second. */
const CONNECTION_SECRETS = 1_000;
/** A start seals them; minutes later an answer finds its row, and takes it out when it is believed: they are asked for twice. */
const PENDING_SECRETS = 200;

async function opened<Entity>(
  found: Promise<Entity | undefined>,
  form: Form<Entity>,
): Promise<Entity | undefined> {
  const entity = await found;
  return entity && form.open(entity);
}

async function openedAll<Entity>(
  found: Promise<readonly Entity[]>,
  form: Form<Entity>,
): Promise<readonly Entity[]> {
  return (await found).map(form.open);
}

type Reads<Name extends keyof Repositories> = Storage[Name];

/** Those that open; of the others it is told, so that one of them holds up no look after all the others. */
const openable = (
  found: readonly Connection[],
  { connection: form, tell }: Pick<Forms, 'connection' | 'tell'>,
): readonly Connection[] =>
  found.flatMap((connection) => {
    try {
      return [form.open(connection)];
    } catch {
      const { organizationId, id } = connection;
      tell({ organizationId, id, field: 'connection' });
      return [];
    }
  });

function readConnections(
  inner: Reads<'connections'>,
  forms: Pick<Forms, 'connection' | 'tell'>,
): Reads<'connections'> {
  const { connection: form } = forms;
  return {
    find: (organizationId, id) => opened(inner.find(organizationId, id), form),
    list: (organizationId) => openedAll(inner.list(organizationId), form),
    findById: (id) => opened(inner.findById(id), form),
    listDue: async (now, limit) => openable(await inner.listDue(now, limit), forms),
  };
}

function readPending(inner: Reads<'pendingSignIns'>, form: Form<PendingSignIn>): Reads<'pendingSignIns'> {
  return {
    find: (organizationId, connectionId, handleHash) =>
      opened(inner.find(organizationId, connectionId, handleHash), form),
    listUnanswered: (organizationId, about) => inner.listUnanswered(organizationId, about),
    listConnections: (after, limit) => inner.listConnections(after, limit),
  };
}

function readSessions(inner: Reads<'sessions'>, form: Form<Session>): Reads<'sessions'> {
  return {
    find: (organizationId, id) => opened(inner.find(organizationId, id), form),
    listByMembership: (organizationId, id) => openedAll(inner.listByMembership(organizationId, id), form),
    listByConnection: (organizationId, id) => openedAll(inner.listByConnection(organizationId, id), form),
    listByUpstream: (organizationId, id, key) =>
      openedAll(inner.listByUpstream(organizationId, id, key), form),
    list: (organizationId, page) => openedAll(inner.list(organizationId, page), form),
    findByHash: (tokenHash) => opened(inner.findByHash(tokenHash), form),
  };
}

function readOutbox(inner: Reads<'outbox'>, form: Form<OutboxEvent>): Reads<'outbox'> {
  return {
    find: (organizationId, id) => opened(inner.find(organizationId, id), form),
    listWaiting: (organizationId, page) => openedAll(inner.listWaiting(organizationId, page), form),
    listDue: (kind, now, limit) => openedAll(inner.listDue(kind, now, limit), form),
    // Events are not sealed.
    listEvents: (filter, afterPosition, limit) => inner.listEvents(filter, afterPosition, limit),
    findPosition: (filter, id) => inner.findPosition(filter, id),
    findLastPosition: () => inner.findLastPosition(),
  };
}

function readFactors(inner: Reads<'secondFactors'>, form: Form<SecondFactor>): Reads<'secondFactors'> {
  return { find: (userId) => opened(inner.find(userId), form) };
}

const sealSessions = (inner: Repositories['sessions'], form: Form<Session>): Repositories['sessions'] => ({
  ...inner,
  ...readSessions(inner, form),
  insert: (organizationId, session) => inner.insert(organizationId, form.seal(session)),
});

function readRecords(inner: Reads<'providerRecords'>, form: Form<ProviderRecord>): Reads<'providerRecords'> {
  return { find: (kind, idHash) => opened(inner.find(kind, idHash), form) };
}

function readKeys(inner: Reads<'signingKeys'>, form: Form<SigningKey>): Reads<'signingKeys'> {
  return { list: () => openedAll(inner.list(), form) };
}

function readWebhooks(inner: Reads<'webhooks'>, form: Form<Webhook>): Reads<'webhooks'> {
  return {
    find: (organizationId, id) => opened(inner.find(organizationId, id), form),
    list: (organizationId, page) => openedAll(inner.list(organizationId, page), form),
    findById: (id) => opened(inner.findById(id), form),
    listAll: (page) => openedAll(inner.listAll(page), form),
    listDue: (now, page) => openedAll(inner.listDue(now, page), form),
  };
}

const sealWebhooks = (inner: Repositories['webhooks'], form: Form<Webhook>): Repositories['webhooks'] => ({
  ...readWebhooks(inner, form),
  insert: (organizationId, webhook) => inner.insert(organizationId, form.seal(webhook)),
  update: (organizationId, next, version) => inner.update(organizationId, form.seal(next), version),
  claim: (organizationId, id, lease) => opened(inner.claim(organizationId, id, lease), form),
  remove: (organizationId, id) => inner.remove(organizationId, id),
});

interface Forms {
  readonly webhook: Form<Webhook>;
  readonly record: Form<ProviderRecord>;
  readonly key: Form<SigningKey>;
  readonly connection: Form<Connection>;
  readonly pending: Form<PendingSignIn>;
  readonly event: Form<OutboxEvent>;
  readonly factor: Form<SecondFactor>;
  readonly session: Form<Session>;
  readonly tell: Tell;
}

function sealRepositories(tx: Repositories, forms: Forms): Repositories {
  const { connections, pendingSignIns, outbox, secondFactors, sessions } = tx;
  const { connection: connectionForm, pending: pendingForm, event: eventForm, factor } = forms;
  return {
    ...tx,
    connections: {
      ...readConnections(connections, forms),
      insert: (organizationId, connection) =>
        connections.insert(organizationId, connectionForm.seal(connection)),
      update: (organizationId, next, version) =>
        connections.update(organizationId, connectionForm.seal(next), version),
      remove: (organizationId, id) => connections.remove(organizationId, id),
    },
    pendingSignIns: {
      ...readPending(pendingSignIns, pendingForm),
      insert: (organizationId, pending) => pendingSignIns.insert(organizationId, pendingForm.seal(pending)),
      consume: (organizationId, connectionId, handleHash) =>
        opened(pendingSignIns.consume(organizationId, connectionId, handleHash), pendingForm),
      removeExpired: (now) => pendingSignIns.removeExpired(now),
    },
    sessions: sealSessions(sessions, forms.session),
    outbox: {
      ...outbox,
      ...readOutbox(outbox, eventForm),
      append: (organizationId, event) => outbox.append(organizationId, eventForm.seal(event)),
      claim: (organizationId, id, now, leaseMs) =>
        opened(outbox.claim(organizationId, id, now, leaseMs), eventForm),
      rewriteMail: (organizationId, next) => outbox.rewriteMail(organizationId, eventForm.seal(next)),
    },
    secondFactors: {
      ...readFactors(secondFactors, factor),
      insert: (next) => secondFactors.insert(factor.seal(next)),
      update: (next, version) => secondFactors.update(factor.seal(next), version),
      claim: (userId, step) => secondFactors.claim(userId, step),
      remove: (userId) => secondFactors.remove(userId),
    },
    ...sealProvider(tx, forms),
  };
}

/** What the OpenID Provider keeps: codes, tokens, sign-ins under way, and its keys. What webhooks are signed with. */
function sealProvider(
  { providerRecords, signingKeys, webhooks }: Repositories,
  forms: Forms,
): Pick<Repositories, 'providerRecords' | 'signingKeys' | 'webhooks'> {
  return {
    webhooks: sealWebhooks(webhooks, forms.webhook),
    providerRecords: {
      ...readRecords(providerRecords, forms.record),
      insert: (record) => providerRecords.insert(forms.record.seal(record)),
      replace: (record) => providerRecords.replace(forms.record.seal(record)),
      consume: (kind, idHash, now) => providerRecords.consume(kind, idHash, now),
      remove: (kind, idHash) => providerRecords.remove(kind, idHash),
      removeExpired: (now) => providerRecords.removeExpired(now),
    },
    signingKeys: {
      ...readKeys(signingKeys, forms.key),
      insert: (key) => signingKeys.insert(forms.key.seal(key)),
      update: (next, version) => signingKeys.update(forms.key.seal(next), version),
      remove: (id) => signingKeys.remove(id),
    },
  };
}

/**
 * Answers a storage that seals, each for its organization and field: the client secret of an OIDC connection, the private
 * keys of a SAML one, nonce and code verifier of a pending sign-in, the ID token kept with a session, the payload of a mail,
 * what webhooks are signed with, what the OpenID Provider keeps of codes and tokens, and its keys; and for its person the secret of a second factor. Null
 * stays null. Reads throw `internal` when a stored secret does not open: a wrong key, or a value moved to another place. Not so where
 * one of them would stop everybody's: a mail comes with an empty payload then, a webhook with an empty secret, a connection is
 * left out of those that are due, and `tell` hears of it.
 */
export function sealSecrets(storage: Storage, sealer: Sealer, tell: Tell = () => undefined): Storage {
  const webhook = formOf(rememberingSealer(sealer, CONNECTION_SECRETS), changeWebhook);
  const forms: Forms = {
    connection: openedOnce(formOf(rememberingSealer(sealer, CONNECTION_SECRETS), changeConnection)),
    pending: formOf(rememberingSealer(sealer, PENDING_SECRETS), changePending),
    event: forgiving(formOf(sealer, changeEvent), {
      field: 'outbox.payload',
      without: (event) => ({ ...event, payload: '' }),
      tell,
    }),
    factor: formOf(sealer, changeFactor),
    session: formOf(sealer, changeSession),
    record: formOf(sealer, changeRecord),
    key: formOf(sealer, changeKey),
    webhook: forgiving(webhook, {
      field: 'webhook.secret',
      without: (stored) =>
        // The one before may be what does not open: the present one signs alone.
        forgiving(webhook, {
          field: 'webhook.secret',
          without: (bare) => ({ ...bare, secret: '' }),
          tell: () => undefined,
        }).open({ ...stored, previousSecret: null }),
      tell,
    }),
    tell,
  };
  // An adapter may hand the same repositories to every transaction: they are wrapped once.
  const wrapped = new WeakMap<Repositories, Repositories>();
  const sealing = (tx: Repositories): Repositories => {
    const known = wrapped.get(tx) ?? sealRepositories(tx, forms);
    wrapped.set(tx, known);
    return known;
  };
  return {
    ...storage,
    connections: readConnections(storage.connections, forms),
    pendingSignIns: readPending(storage.pendingSignIns, forms.pending),
    sessions: readSessions(storage.sessions, forms.session),
    outbox: readOutbox(storage.outbox, forms.event),
    secondFactors: readFactors(storage.secondFactors, forms.factor),
    providerRecords: readRecords(storage.providerRecords, forms.record),
    signingKeys: readKeys(storage.signingKeys, forms.key),
    webhooks: readWebhooks(storage.webhooks, forms.webhook),
    transact: (fn, durability) => storage.transact((tx) => fn(sealing(tx)), durability),
  };
}
