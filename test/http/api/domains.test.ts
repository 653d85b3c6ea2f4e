/** /organizations/{org}/domains: claimed, proved, given up. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { addSamlConnection } from '../../support/sign-in-stage.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.close());

async function newBase(): Promise<string> {
  const { id } = await world.newOrganization();
  return `/organizations/${id}/domains`;
}

describe('domains', () => {
  test('201: pending, with the record that proves it; 200: verified once DNS has it', async () => {
    const base = await newBase();
    const { status, body } = await world.send(world.operator, `post ${base}`, {
      domain: ' Münster.Example ',
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^dom_/),
      domain: 'xn--mnster-3ya.example',
      status: 'pending',
      record: { type: 'TXT', name: '_gatehouse-challenge.xn--mnster-3ya.example' },
      verifiedAt: null,
    });
    const verify = `post ${base}/${body.id}/verify`;
    expect((await world.send(world.operator, verify)).body).toMatchObject({
      ...{ status: 'pending', record: body.record },
      problem: { code: 'record_missing', detail: expect.stringContaining(body.record.name) },
    });
    world.gateway.txtRecords.set(body.record.name, ['v=spf1', body.record.value]);
    const verified = await world.send(world.operator, verify);
    expect(verified.body).toMatchObject({ status: 'verified', verifiedAt: '2026-03-01T12:00:00.000Z' });
    const { problem, ...seen } = verified.body;
    expect(problem).toBeNull();
    expect((await world.send(world.operator, `get ${base}/${body.id}`)).body).toEqual(seen);
    expect((await world.send(world.operator, `get ${base}`)).body.items).toEqual([seen]);
  });

  test('201: the operator vouches; 403: an owner does not', async () => {
    const organization = await world.newOrganization();
    const owner = await world.newPerson(organization, 'owner');
    const base = `/organizations/${organization.id}/domains`;
    const claim = { domain: 'vouched.example', verified: true };
    const refused = await world.send(owner, `post ${base}`, claim);
    expect([refused.status, refused.body.code, refused.body.field]).toEqual([403, 'forbidden', 'verified']);
    expect((await world.send(owner, `get ${base}`)).body.items).toEqual([]);
    expect((await world.send(world.operator, `post ${base}`, claim)).body.status).toBe('verified');
    expect((await world.send(owner, `post ${base}`, { domain: 'own.example', verified: false })).status).toBe(
      201,
    );
  });

  const vouches: readonly (readonly [string, (base: string, id: string) => [string, object]])[] = [
    ['by its name', (base) => [`post ${base}`, { domain: 'Waiting.example', verified: true }]],
    ['by its id', (base, id) => [`post ${base}/${id}/verify`, { verified: true }]],
  ];
  test.each(vouches)(
    'S153: what an owner has claimed the operator vouches for %s, in the audit; 403: an owner does not',
    async (_how, ask) => {
      const organization = await world.newOrganization();
      const owner = await world.newPerson(organization, 'owner');
      const base = `/organizations/${organization.id}/domains`;
      const { body } = await world.send(owner, `post ${base}`, { domain: 'waiting.example' });
      const [request, claim] = ask(base, body.id);
      const refused = await world.send(owner, request, claim);
      expect([refused.status, refused.body.field]).toEqual([403, 'verified']);
      expect((await world.send(owner, `get ${base}/${body.id}`)).body.status).toBe('pending');
      const { status, body: vouched } = await world.send(world.operator, request, claim);
      expect([status < 300, vouched.id, vouched.status, vouched.proof]).toEqual([
        ...[true, body.id],
        ...['verified', 'operator'],
      ]);
      const audit = await world.send(
        world.operator,
        `get /organizations/${organization.id}/audit-events?type=domain.verified`,
      );
      expect(audit.body.items).toMatchObject([{ actor: { kind: 'operator' }, details: { by: 'operator' } }]);
      expect((await world.send(world.operator, `delete ${base}/${body.id}`)).status).toBe(204);
    },
  );

  test('409 (S154): a claim that another organization has proved meanwhile is not vouched for', async () => {
    const [one, other] = [await newBase(), await newBase()];
    const { body } = await world.send(world.operator, `post ${one}`, { domain: 'meanwhile.example' });
    const claim = { domain: 'meanwhile.example', verified: true };
    expect((await world.send(world.operator, `post ${other}`, claim)).status).toBe(201);
    for (const [request, input] of [
      [`post ${one}`, claim],
      [`post ${one}/${body.id}/verify`, { verified: true }],
    ] as const)
      expect((await world.send(world.operator, request, input)).body).toMatchObject({
        ...{ status: 409, code: 'already_exists', field: 'domain' },
      });
    expect((await world.send(world.operator, `get ${one}/${body.id}`)).body.status).toBe('pending');
  });

  test('409: claimed twice here, or proved elsewhere first', async () => {
    const [one, other] = [await newBase(), await newBase()];
    expect((await world.send(world.operator, `post ${one}`, { domain: 'fought.example' })).status).toBe(201);
    const again = await world.send(world.operator, `post ${one}`, { domain: 'FOUGHT.example' });
    expect([again.status, again.body.code, again.body.field]).toEqual([409, 'already_exists', 'domain']);
    const { body } = await world.send(world.operator, `post ${other}`, { domain: 'fought.example' });
    const vouch = { domain: 'third.example', verified: true };
    expect((await world.send(world.operator, `post ${one}`, vouch)).status).toBe(201);
    expect((await world.send(world.operator, `post ${other}`, vouch)).status).toBe(409);
    world.gateway.txtRecords.set(body.record.name, [body.record.value]);
    expect((await world.send(world.operator, `post ${other}/${body.id}/verify`)).body.status).toBe(
      'verified',
    );
  });

  test.each([
    [{}, 'domain'],
    [{ domain: '' }, 'domain'],
    [{ domain: 'localhost' }, 'domain'],
    [{ domain: 'gmail.com' }, 'domain'],
    [{ domain: 'a@b.example' }, 'domain'],
    [{ domain: '127.0.0.1' }, 'domain'],
    [{ domain: 'example.com/path' }, 'domain'],
    [{ domain: 'https://example.com' }, 'domain'],
    [{ domain: '*.example.com' }, 'domain'],
    [{ domain: 'exa mple.com' }, 'domain'],
    [{ domain: 'x'.repeat(400) }, 'domain'],
    [{ domain: 'a.example', verified: 'yes' }, 'verified'],
    [{ domain: 'a.example', status: 'verified' }, 'status'],
  ])('422 invalid: %j', async (input, field) => {
    const { status, body } = await world.send(world.operator, `post ${await newBase()}`, input);
    expect([status, body.code, body.field]).toEqual([422, 'invalid', field]);
  });

  test('200: tied to a connection and untied; 422: one of another organization; untied when the connection goes', async () => {
    const organization = await world.newOrganization();
    const [own, other] = [organization, await world.newOrganization()];
    const [mine, theirs] = [
      await addSamlConnection(world.gateway, own),
      await addSamlConnection(world.gateway, other),
    ];
    const base = `/organizations/${own.id}/domains`;
    const { body } = await world.send(world.operator, `post ${base}`, {
      domain: 'tied.example',
      connection: mine.id,
    });
    expect(body.connection).toBe(mine.id);
    const patch = (connection: unknown) =>
      world.send(world.operator, `patch ${base}/${body.id}`, { connection });
    expect((await patch(null)).body.connection).toBeNull();
    for (const wrong of [theirs.id, 'con_00000000000000000000000000', 'nonsense', 5]) {
      const answer = await patch(wrong);
      expect([answer.status, answer.body.code, answer.body.field]).toEqual([422, 'invalid', 'connection']);
    }
    expect((await patch(mine.id)).body.connection).toBe(mine.id);
    await world.send(world.operator, `delete /organizations/${own.id}/connections/${mine.id}`);
    expect((await world.send(world.operator, `get ${base}/${body.id}`)).body.connection).toBeNull();
  });

  test('S154 409: two organizations prove one domain in the same moment, one wins', async () => {
    const bases = [await newBase(), await newBase()];
    const claims = await Promise.all(
      bases.map((base) => world.send(world.operator, `post ${base}`, { domain: 'raced.example' })),
    );
    const values = claims.map(({ body }) => body.record.value);
    expect(new Set(values).size).toBe(2);
    world.gateway.txtRecords.set('_gatehouse-challenge.raced.example', values);
    const answers = await Promise.all(
      bases.map((base, index) => world.send(world.operator, `post ${base}/${claims[index]?.body.id}/verify`)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('already_exists');
  });

  test('204: given up; then 404, and free for another', async () => {
    const [one, other] = [await newBase(), await newBase()];
    const claim = { domain: 'given.example', verified: true };
    const { body } = await world.send(world.operator, `post ${one}`, claim);
    expect((await world.send(world.operator, `delete ${one}/${body.id}`)).status).toBe(204);
    for (const request of [
      `get ${one}/${body.id}`,
      `delete ${one}/${body.id}`,
      `post ${one}/${body.id}/verify`,
    ])
      expect((await world.send(world.operator, request)).status).toBe(404);
    expect((await world.send(world.operator, `post ${other}`, claim)).status).toBe(201);
  });
});
