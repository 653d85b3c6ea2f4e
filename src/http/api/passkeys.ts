/** Somebody's own passkeys over the management API; the page script uses these too. */
import { z } from 'zod';
import { addPasskey, beginPasskey, removePasskey, renamePasskey } from '../../core/credentials/passkeys.ts';
import type { Passkey } from '../../core/entities/credentials.ts';
import { accountInReach } from '../../core/members/own-account.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { PasskeyId } from '../../kernel/ids.ts';
import { parseId } from '../../kernel/ids.ts';
import { registrationAnswer } from '../passkey-answers.ts';
import { PROVING, passwordField, personOf } from './account.ts';
import { passkeyShape } from './account-shapes.ts';
import { lineOf } from './fields.ts';
import { isoTime } from './present.ts';
import type { ApiRoute } from './route.ts';
import { plainRoute } from './route.ts';

const tag = 'account';
const guard = { kind: 'session' } as const;
const nameField = lineOf(60);

const present = (passkey: Passkey): z.infer<typeof passkeyShape> => ({
  id: passkey.id,
  name: passkey.name,
  synced: passkey.isSynced,
  createdAt: isoTime(passkey.createdAt),
  lastUsedAt: passkey.lastUsedAt === null ? null : isoTime(passkey.lastUsedAt),
});

function idOf(params: Readonly<Record<string, string>>): PasskeyId {
  const id = parseId('pky', params.passkey ?? '');
  if (id === undefined) throw new GatehouseError('not_found', 'No such passkey.');
  return id;
}

/** All routes of this resource. */
export const passkeyRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'get',
    path: '/account/passkeys',
    operationId: 'listPasskeys',
    summary:
      'Lists the passkeys of the person signed in, oldest first; none in a session that an identity provider opened.',
    tag,
    guard,
    status: 200,
    response: z.object({ items: z.array(passkeyShape) }),
    errors: [],
    handle: async (context) => {
      const { passkeys } = await accountInReach(context.deps, personOf(context));
      return { items: passkeys.map(present) };
    },
  }),
  plainRoute({
    method: 'post',
    path: '/account/passkeys/options',
    operationId: 'beginPasskey',
    summary: 'Answers the options for navigator.credentials.create, good for five minutes and one passkey.',
    tag,
    guard: { kind: 'session', whoWaits: 'enters' },
    body: z.strictObject({ currentPassword: passwordField }),
    status: 200,
    response: z.looseObject({ challenge: z.string() }),
    errors: [...PROVING, 'forbidden'],
    handle: async (context, { body }) => {
      const { user } = personOf(context);
      return beginPasskey(context.deps, { user, cause: context.cause, password: body.currentPassword });
    },
  }),
  plainRoute({
    method: 'post',
    path: '/account/passkeys',
    operationId: 'addPasskey',
    summary: 'Keeps the passkey a browser has made.',
    tag,
    guard: { kind: 'session', whoWaits: 'enters' },
    body: z.strictObject({ name: nameField, credential: registrationAnswer }),
    status: 201,
    response: passkeyShape,
    errors: ['already_exists'],
    handle: async (context, { body: { name, credential: answer } }) => {
      const { user } = personOf(context);
      const { deps, cause } = context;
      return present(await addPasskey(deps, { user, cause, name, answer }));
    },
  }),
  plainRoute({
    method: 'patch',
    path: '/account/passkeys/:passkey',
    operationId: 'renamePasskey',
    summary: 'Gives a passkey another name; for a session the person opened themselves.',
    tag,
    guard,
    body: z.strictObject({ name: nameField }),
    status: 200,
    response: passkeyShape,
    errors: ['forbidden', 'not_found', 'version_conflict'],
    handle: async (context, { params, body: { name } }) => {
      const signedIn = personOf(context);
      return present(await renamePasskey(context.deps, { signedIn, id: idOf(params), name }));
    },
  }),
  plainRoute({
    method: 'delete',
    path: '/account/passkeys/:passkey',
    operationId: 'removePasskey',
    summary: 'Takes a passkey away; for a session the person opened themselves.',
    tag,
    guard,
    status: 204,
    errors: ['forbidden', 'not_found'],
    handle: async (context, { params }) => {
      const { deps, cause } = context;
      await removePasskey(deps, { signedIn: personOf(context), cause, id: idOf(params) });
    },
  }),
];
