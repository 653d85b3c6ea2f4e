/** Members with an account of their own beyond the organization: a directory takes them over only when an admin says so (law 3). */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Membership } from '../../../src/core/entities/people.ts';
import { foldKey } from '../../../src/kernel/text.ts';
import { nextText } from '../../support/builders.ts';
import { cutoverStage } from '../../support/cutover-stage.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** Gives the member's person another sign-in address, or none of their own. */
const signsInAs = ({ userId }: Membership, email: string | null) =>
  gateway.storage.transact(async (tx) => {
    const user = await tx.users.find(userId);
    if (user === undefined) throw new Error('no user');
    const emailKey = email === null ? null : foldKey(email);
    await tx.users.update({ ...user, email, emailKey }, user.version);
  });

/** Vic signs in with an address elsewhere, Una with none, Tom with the one the organization knows. */
async function stage() {
  const staged = await cutoverStage(gateway, { adoption: 'adopt' });
  const at = (name: string) => `${name}@${staged.organization.slug}.example`;
  const [vic, una, tom] = [
    await staged.addMember(at('vic')),
    await staged.addMember(at('una')),
    await staged.addMember(at('tom')),
  ];
  await signsInAs(vic, `${nextText('vic')}@home.example`);
  await signsInAs(una, null);
  return { ...staged, at, vic, una, tom };
}

type Item = Readonly<Record<string, unknown>>;

test('S119, law 3: the cut-over adopts whose account is of the organization and of nobody else; the others wait', async () => {
  const { api, push, at, vic, una, tom, organization } = await stage();
  for (const name of ['vic', 'una', 'tom']) await push(at(name));
  const { body } = await api.get('/cutover/people?limit=10');
  expect(body.items.map(({ rule, reason }: Item) => [rule, reason])).toEqual([
    ['waits', 'own_account'],
    ['adopt', 'proved_address'],
    ['adopt', 'proved_address'],
  ]);
  const { reportHash } = (await api.get('/cutover')).body;
  expect((await api.post('/cutover', { reportHash, unmatched: 'keep' })).status).toBe(200);
  const sourceOf = async ({ id }: Membership) =>
    (await gateway.storage.memberships.find(organization.id, id))?.source;
  expect([await sourceOf(vic), await sourceOf(una), await sourceOf(tom)]).toEqual([
    ...['manual', 'directory', 'directory'],
  ]);
  const { items } = (await api.get('/conflicts')).body;
  expect(items).toMatchObject([{ status: 'open', reason: 'own_account', candidateId: vic.id }]);
});

test('S117, law 3: a push does the same, and an admin may confirm it', async () => {
  const { api, push, at, vic, organization } = await stage();
  await push(at('first'));
  const { reportHash } = (await api.get('/cutover')).body;
  expect((await api.post('/cutover', { reportHash, unmatched: 'keep' })).status).toBe(200);
  for (const name of ['vic', 'una']) await push(at(name));
  const members = async (email: string) =>
    (await gateway.storage.memberships.listByEmail(organization.id, email)).map(({ source, status }) => [
      ...[source, status],
    ]);
  expect(await members(at('vic'))).toEqual([
    ['manual', 'active'],
    ['directory', 'suspended'],
  ]);
  expect(await members(at('una'))).toEqual([['directory', 'active']]);
  const [conflict] = (await api.get('/conflicts')).body.items;
  expect(conflict).toMatchObject({ reason: 'own_account', candidateId: vic.id });
  expect((await api.post(`/conflicts/${conflict.id}/resolve`, { action: 'adopt' })).status).toBe(200);
  expect(await members(at('vic'))).toEqual([['directory', 'active']]);
});
