/** Which fields of each entity are secret, and where each belongs: the one list that sealing and opening go by (law 7). */
import type { ProviderRecord, SigningKey } from '../core/entities/application.ts';
import type { Connection, SpKey } from '../core/entities/connection.ts';
import type { SecondFactor } from '../core/entities/credentials.ts';
import type { OutboxEvent } from '../core/entities/journal.ts';
import type { Session } from '../core/entities/session.ts';
import type { PendingSignIn } from '../core/entities/sign-in.ts';
import type { Webhook } from '../core/entities/webhook.ts';
import type { SealPlace } from '../kernel/sealing.ts';

/** Seals or opens one value. */
export type Turn = (value: string, place: SealPlace) => string;

/** The client secret of an OpenID connection, and the private keys we have for it. */
export function changeConnection(connection: Connection, turn: Turn): Connection {
  const { organizationId, settings } = connection;
  const place = { organizationId, field: 'connection.spKey' };
  const turned = (key: SpKey): SpKey => ({ ...key, privateKey: turn(key.privateKey, place) });
  if (settings.protocol === 'saml')
    return { ...connection, settings: { ...settings, spKeys: settings.spKeys.map(turned) } };
  const { clientSecret, spKeys } = settings;
  if (clientSecret === null && spKeys === undefined) return connection;
  const secret = clientSecret && turn(clientSecret, { organizationId, field: 'connection.clientSecret' });
  const keys = spKeys === undefined ? {} : { spKeys: spKeys.map(turned) };
  return { ...connection, settings: { ...settings, clientSecret: secret, ...keys } };
}

/** What only the answer to this sign-in may be held against. */
export function changePending(pending: PendingSignIn, turn: Turn): PendingSignIn {
  const { organizationId, nonce, codeVerifier, held } = pending;
  return {
    ...pending,
    held: held === null ? null : turn(held, { organizationId, field: 'pendingSignIn.held' }),
    nonce: nonce === null ? null : turn(nonce, { organizationId, field: 'pendingSignIn.nonce' }),
    codeVerifier:
      codeVerifier === null
        ? null
        : turn(codeVerifier, { organizationId, field: 'pendingSignIn.codeVerifier' }),
  };
}

/** People belong to no organization: the secret is bound to the person instead. */
export function changeFactor(factor: SecondFactor, turn: Turn): SecondFactor {
  const place = { organizationId: factor.userId, field: 'secondFactor.secret' };
  return { ...factor, secret: turn(factor.secret, place) };
}

/** An ID token tells who somebody is to whoever reads it; it is kept only to be handed back at sign-out. */
export function changeSession(session: Session, turn: Turn): Session {
  const { organizationId, upstream } = session;
  if (upstream === null || upstream.idToken === null) return session;
  const idToken = turn(upstream.idToken, { organizationId, field: 'session.idToken' });
  return { ...session, upstream: { ...upstream, idToken } };
}

/** Only mails are sealed: they carry links that let people in. */
export function changeEvent(event: OutboxEvent, turn: Turn): OutboxEvent {
  // One that was sent has none any more.
  if (event.kind !== 'mail' || event.payload === '') return event;
  const place = { organizationId: event.organizationId, field: 'outbox.payload' };
  return { ...event, payload: turn(event.payload, place) };
}

/** Codes and tokens are found by their hash; what the library keeps of them says more than anybody needs to read. */
export function changeRecord(record: ProviderRecord, turn: Turn): ProviderRecord {
  const place = { organizationId: record.grant?.organizationId ?? '', field: 'providerRecord.payload' };
  return { ...record, payload: turn(record.payload, place) };
}

/** A key that tokens are signed with, as JSON. */
export function changeKey(key: SigningKey, turn: Turn): SigningKey {
  return { ...key, secret: turn(key.secret, { organizationId: '', field: 'signingKey.secret' }) };
}

/** What its requests are signed with; one that could not be opened stays the empty text it became. */
export function changeWebhook(webhook: Webhook, turn: Turn): Webhook {
  const { organizationId, secret, previousSecret } = webhook;
  const turned = (value: string) =>
    value === '' ? value : turn(value, { organizationId, field: 'webhook.secret' });
  const previous = previousSecret && { ...previousSecret, value: turned(previousSecret.value) };
  return { ...webhook, secret: turned(secret), previousSecret: previous };
}
