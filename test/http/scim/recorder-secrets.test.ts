/** S210: nothing that authenticates anybody reaches the recorder's rows, whichever way it was sent. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { newToken } from '../../../src/kernel/tokens.ts';
import { aScimUser, patchOf } from '../../support/scim.ts';
import { type ScimWorld, scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();
const CANARY = 'Canary-Sentence-7f3a';
const ESCAPED = '\\u0043anary-Sentence-7f3a';

type Send = (world: ScimWorld, id: string) => Promise<unknown>;

/** Every way in which a password or another secret was seen, or could be made, to come over SCIM. */
const WAYS: Readonly<Record<string, Send>> = {
  'a create, as Okta does it': ({ scim }) =>
    scim.post('/Users', aScimUser({ userName: 'b', password: CANARY })),
  'another letter case': ({ scim }) => scim.post('/Users', aScimUser({ userName: 'c', PassWord: CANARY })),
  'a name of escapes': ({ scim }) => scim.post('/Users', `{"userName":"d","p\\u0061ssword":"${CANARY}"}`),
  'a value of escapes': ({ scim }) => scim.post('/Users', `{"userName":"e","password":"${ESCAPED}"}`),
  'a replace': ({ scim }, id) => scim.put(`/Users/${id}`, aScimUser({ password: CANARY })),
  'a PATCH by path': ({ scim }, id) =>
    scim.patch(`/Users/${id}`, patchOf({ op: 'replace', path: 'password', value: CANARY })),
  'a PATCH whose value comes first': ({ scim }, id) =>
    scim.patch(`/Users/${id}`, patchOf({ value: CANARY, path: 'password', op: 'replace' })),
  'a PATCH by URN': ({ scim }, id) =>
    scim.patch(
      `/Users/${id}`,
      patchOf({ op: 'add', path: 'urn:ietf:params:scim:schemas:core:2.0:User:password', value: CANARY }),
    ),
  'a PATCH without path': ({ scim }, id) =>
    scim.patch(`/Users/${id}`, patchOf({ op: 'replace', value: { password: CANARY } })),
  'a PATCH with a filtered key': ({ scim }, id) =>
    scim.patch(
      `/Users/${id}`,
      patchOf({ op: 'replace', value: { [`password[value eq "${CANARY}"]`]: 'x' } }),
    ),
  'a PATCH with a filtered path': ({ scim }, id) =>
    scim.patch(`/Users/${id}`, patchOf({ op: 'remove', path: `password[value eq "${CANARY}"]` })),
  'a list and an object': ({ scim }) =>
    scim.post(
      '/Users',
      aScimUser({ userName: 'f', password: [{ value: CANARY }], clientSecret: { a: CANARY } }),
    ),
  'a body that is not JSON': ({ scim }) => scim.post('/Users', `{"userName":"g","password":"${CANARY}`),
  'a body too long to keep': ({ scim }) =>
    scim.post('/Users', aScimUser({ userName: 'h', password: CANARY, title: 'x'.repeat(20_000) })),
  'the part that was cut off': ({ scim }, id) =>
    scim.patch(
      `/Users/${id}`,
      patchOf({ value: CANARY, note: 'x'.repeat(20_000), path: 'password', op: 'add' }),
    ),
  'a body deeper than anything': ({ scim }) =>
    scim.post('/Users', `{"password":${'['.repeat(500)}"${CANARY}"${']'.repeat(500)}}`),
  'a filter': ({ scim }) => scim.get(`/Users?filter=${encodeURIComponent(`password eq "${CANARY}"`)}`),
  'an escaped filter': ({ scim }) => scim.get(`/Users?filter=%70assword%20eq%20%22${CANARY}%22`),
  'a search': ({ scim }) => scim.post('/Users/.search', { filter: `password eq "${CANARY}"` }),
  'a parameter of the address': ({ scim }) => scim.get(`/Users?access_token=${CANARY}`),
  'a path of an unknown attribute': ({ scim }, id) =>
    scim.patch(`/Users/${id}`, patchOf({ op: 'add', path: `apiToken[value eq "${CANARY}"]`, value: CANARY })),
};

/** All bytes of the store: the file and what is still in its log. */
const bytesOfStore = () =>
  ['', '-wal'].map((ending) => readFileSync(`${suite.gateway.path}${ending}`).toString('latin1')).join('');

async function recordedText(world: ScimWorld): Promise<string> {
  await suite.gateway.deps.recorder.flush();
  const entries = await suite.gateway.storage.recorderEntries.list(world.organizationId, {}, { limit: 100 });
  return JSON.stringify(entries);
}

describe('S210', () => {
  test.each(Object.entries(WAYS))('a password in %s is not kept', async (_title, send) => {
    const world = await suite.world();
    const id = await world.addUser();
    await send(world, id);
    const text = await recordedText(world);
    expect(text).not.toContain(CANARY);
    expect(text).not.toContain('anary-Sentence');
    expect(text.match(/"requestId"/g)).toHaveLength(2);
  });

  test('after all of them the store’s file holds no canary and no live token', async () => {
    const world = await suite.world();
    const id = await world.addUser();
    for (const send of Object.values(WAYS)) await send(world, id);
    const bearer = newToken('ghd');
    await world.scim.post(
      '/Users',
      aScimUser({ userName: 'i', title: `Bearer ${bearer}`, nickName: world.token }),
    );
    const text = await recordedText(world);
    expect(text.length).toBeGreaterThan(5000);
    for (const secret of [CANARY, world.token, bearer]) expect(text).not.toContain(secret);
    const bytes = bytesOfStore();
    expect(bytes.includes(world.directoryId)).toBe(true);
    expect(bytes.includes('anary-Sentence')).toBe(false);
  });

  test('logs of all levels hold no canary', async () => {
    const world = await suite.world();
    const id = await world.addUser();
    for (const send of Object.values(WAYS)) await send(world, id);
    expect(suite.gateway.logLines.length).toBeGreaterThan(Object.keys(WAYS).length);
    const { createLogger } = await import('../../../src/kernel/log.ts');
    let written = '';
    const logger = createLogger({ level: 'trace', destination: { write: (line) => (written += line) } });
    for (const { level, message, fields } of suite.gateway.logLines) logger[level](message, fields);
    expect(written.length).toBeGreaterThan(5000);
    expect(written.split('\n').filter((line) => line.includes('anary-Sentence'))).toEqual([]);
  });
});
