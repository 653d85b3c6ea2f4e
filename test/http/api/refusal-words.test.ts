/** What a refusal says to whoever is refused: every field at fault, by the name they sent, and what they themselves can do. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { hours } from '../../../src/kernel/clock.ts';
import { nextText } from '../../support/builders.ts';
import { type ApiWorld, type Person, startApiWorld } from './api-world.ts';
import { pushGroup } from './push.ts';

let world: ApiWorld;
let organization: Organization;
let admin: Person;
let base = '';
beforeAll(async () => {
  world = await startApiWorld();
  organization = await world.newOrganization();
  base = `/organizations/${organization.id}`;
});
// A cookie of an hour ago has been renewed by a browser.
beforeEach(async () => {
  admin = await world.newPerson(organization, 'admin');
});
afterAll(() => world.close());

const newInvitation = async () => {
  const email = `${nextText('guest')}@example.com`;
  return (await world.send(admin, `post ${base}/invitations`, { email, delivery: 'link', expiresIn: '1h' }))
    .body;
};

describe('an invitation that is over, for whoever looks after it', () => {
  const ENDS: readonly (readonly [string, string, RegExp, (one: { id: string; url: string }) => unknown])[] =
    [
      [
        'accepted',
        'invitation_used',
        /Change the member/,
        ({ url }) =>
          world.send(world.nobody, `post /invitations/${url.split('/').at(-1)}/accept`, {
            ...{ name: 'Eve', password: 'a sentence nobody guesses' },
          }),
      ],
      [
        'withdrawn',
        'invitation_revoked',
        /Invite the address again/,
        ({ id }) => world.send(admin, `delete ${base}/invitations/${id}`),
      ],
      ['expired', 'invitation_expired', /Send it again/, () => world.gateway.clock.advance(hours(1))],
    ];

  test.each(ENDS)('410 %s: PATCH, resend and link say what an admin can do', async (end, code, way, over) => {
    const one = await newInvitation();
    await over(one);
    admin = await world.newPerson(organization, 'admin');
    const path = `${base}/invitations/${one.id}`;
    const requests = [
      [`patch ${path}`, { role: 'viewer' }],
      [`post ${path}/link`, undefined],
      // What has expired may be sent again.
      ...(end === 'expired' ? [] : [[`post ${path}/resend`, {}] as const]),
    ] as const;
    for (const [request, body] of requests) {
      const answer = await world.send(admin, request, body);
      expect([answer.status, answer.body.code]).toEqual([410, code]);
      expect(answer.body.whatToDo).toMatch(way);
      expect(JSON.stringify(answer.body)).not.toMatch(/ask for/i);
    }
  });
});

test('409: a person of a directory is removed, left and brought back there, and the refusal says so', async () => {
  const directed = await world.newOrganization();
  const { users } = await pushGroup(world.gateway, directed, { count: 1 });
  const path = `/organizations/${directed.id}/members/${users[0]?.membershipId}`;
  const { status, body } = await world.send(world.operator, `delete ${path}`);
  expect([status, body.code, body.title]).toEqual([409, 'role_from_directory', 'The directory decides this']);
  expect(body.whatToDo).toMatch(/in the identity provider/);
  expect(JSON.stringify(body)).not.toMatch(/group|role\b/i);
});

test('401: a key that never was, that was taken back and that has expired: one text, about the key', async () => {
  const make = async (more: object = {}) =>
    (
      await world.send(admin, `post ${base}/api-keys`, {
        ...{ name: nextText('key'), kind: 'personal', scopes: ['members.read'] },
        ...more,
      })
    ).body;
  const ask = async (token: string) => {
    const sender = { headers: { authorization: `Bearer ${token}` } };
    const { status, body } = await world.send(sender, `get ${base}/members`);
    const { instance: _, ...told } = body;
    return { status, told };
  };
  const taken = await make();
  await world.send(admin, `delete ${base}/api-keys/${taken.id}`);
  const ends = new Date(world.gateway.clock.now() + hours(1)).toISOString();
  const expiring = await make({ expiresAt: ends });
  world.gateway.clock.advance(hours(2));
  const unknown = await ask(`gha_${'x'.repeat(43)}`);
  expect([unknown.status, unknown.told.detail]).toEqual([
    401,
    'This key is unknown, has expired or was revoked.',
  ]);
  for (const token of [taken.token, expiring.token, 'a wrong operator key'.replaceAll(' ', '-')])
    expect(await ask(token)).toEqual(unknown);
  const none = await world.send(world.nobody, `get ${base}/members`);
  expect([none.status, none.body.detail]).toEqual([401, 'Send a key as a bearer token, or sign in.']);
});

test('403: a default role above one’s own is refused under the name it was sent with', async () => {
  const { status, body } = await world.send(admin, `patch ${base}`, { defaultRole: 'admin' });
  expect([status, body.code, body.field]).toEqual([403, 'forbidden', 'defaultRole']);
});

describe('422: every field at fault is named, with its rule', () => {
  const BODIES: readonly (readonly [string, object, readonly string[]])[] = [
    [
      'post /invitations',
      { email: 'nobody', expiresIn: '99d', message: 'x'.repeat(1001), colour: 'red', size: 1 },
      ['email', 'message', 'expiresIn', 'colour', 'size'],
    ],
    ['post /roles', { key: 'A B', name: '', permissions: 'all' }, ['key', 'name', 'rank', 'permissions']],
    ['post /teams', { name: '', nome: 'Red' }, ['name', 'nome']],
    ['post /invitations', { email: 'nobody' }, ['email']],
  ];
  test.each(BODIES)('%s', async (request, sent, fields) => {
    const path = request.endsWith('/roles') ? request : request.replace(' ', ` ${base}`);
    const { status, body } = await world.send(world.operator, path, sent);
    const named = body.errors.map(({ field }: { field: string }) => field);
    expect([status, body.field, named.toSorted()]).toEqual([422, named[0], fields.toSorted()]);
    for (const { rule } of body.errors) expect(rule).toMatch(/^[A-Z].*\.$/);
    expect(body.detail).toBe(`${named[0]}: ${body.errors[0].rule}`);
  });

  test('at most twenty', async () => {
    const sent = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`f${at}`, 1]));
    const { body } = await world.send(world.operator, `post ${base}/teams`, { name: 'Red', ...sent });
    expect(body.errors).toHaveLength(20);
  });
});
