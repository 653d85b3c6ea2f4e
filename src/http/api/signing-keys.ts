/** The keys that sign ID tokens over the management API: what is published, and the drill for the day when one has leaked. */
import { z } from 'zod';
import {
  currentKey,
  removeSigningKey,
  rotateSigningKeys,
  settleSigningKeys,
} from '../../core/applications/signing-keys.ts';
import { ID_TOKEN_ALGORITHMS, type SigningKey } from '../../core/entities/application.ts';
import { wholeList, wholeListOf } from './paging.ts';
import { pathId } from './path-ids.ts';
import { isoTime, isoTimeOrNull } from './present.ts';
import type { ApiRoute } from './route.ts';
import { plainRoute } from './route.ts';
import { timeShape } from './shapes.ts';

const tag = 'signing keys';
const guard = { kind: 'operator' } as const;

const keyShape = z.object({
  id: z.string().describe('Its kid.'),
  algorithm: z.enum(ID_TOKEN_ALGORITHMS),
  status: z.enum(['next', 'current', 'retired']).describe('All of them are published; one signs.'),
  createdAt: timeShape,
  signsFrom: timeShape,
  expiresAt: timeShape.nullable().describe('When a retired one is no longer published.'),
});

function presentKeys(keys: readonly SigningKey[], now: number) {
  const signing = keys.flatMap((key) =>
    key.algorithm === 'HS256' ? [] : [{ ...key, algorithm: key.algorithm }],
  );
  return wholeList(signing, (key): z.infer<typeof keyShape> => {
    const isCurrent = currentKey(keys, key, now)?.id === key.id;
    return {
      id: key.id,
      algorithm: key.algorithm,
      status: isCurrent ? 'current' : key.signsFrom > now ? 'next' : 'retired',
      createdAt: isoTime(key.createdAt),
      signsFrom: isoTime(key.signsFrom),
      expiresAt: isoTimeOrNull(key.expiresAt),
    };
  });
}

/** All routes of this resource. */
export const signingKeyRoutes: readonly ApiRoute[] = [
  plainRoute({
    method: 'get',
    path: '/signing-keys',
    operationId: 'listSigningKeys',
    summary: 'Lists the keys that ID tokens are, were and will be signed with; never their private part.',
    tag,
    guard,
    status: 200,
    response: wholeListOf(keyShape),
    errors: [],
    handle: async ({ deps }) => presentKeys(await settleSigningKeys(deps), deps.clock()),
  }),
  plainRoute({
    method: 'post',
    path: '/signing-keys/rotate',
    operationId: 'rotateSigningKeys',
    summary:
      'Makes the next key of an algorithm: published now, signing in a day; or at once, when one may have leaked.',
    tag,
    guard,
    body: z.strictObject({
      algorithm: z.enum(ID_TOKEN_ALGORITHMS),
      mode: z.enum(['planned', 'at_once']).optional(),
    }),
    status: 200,
    response: wholeListOf(keyShape),
    errors: ['version_conflict'],
    handle: async ({ deps, cause }, { body }) => {
      const { algorithm, mode = 'planned' } = body;
      return presentKeys(await rotateSigningKeys(deps, { algorithm, mode, cause }), deps.clock());
    },
  }),
  plainRoute({
    method: 'delete',
    path: '/signing-keys/:signingKey',
    operationId: 'removeSigningKey',
    summary:
      'Takes a next or retired key out of what is published; the one that signs is rotated at once instead.',
    tag,
    guard,
    status: 204,
    errors: ['not_found', 'invalid'],
    handle: async ({ deps, cause }, { params }) =>
      removeSigningKey(deps, { id: pathId('key', params, 'signingKey'), cause }),
  }),
];
