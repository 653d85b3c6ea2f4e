/** Replays the conversations of test/fixtures/scim: every identity provider says things in its own way, all are understood. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { Response } from 'supertest';
import { z } from 'zod';
import { DIRECTORY_KINDS, type DirectoryKind } from '../../../src/core/entities/directory.ts';
import { scimSuite } from '../../support/scim-suite.ts';

const suite = scimSuite();
const ROOT = new URL('../../fixtures/scim/', import.meta.url);

const headers = z.record(z.string(), z.string());
const stepForm = z.strictObject({
  note: z.string(),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: z.string().startsWith('/'),
  headers: headers.optional(),
  body: z.unknown().optional(),
  status: z.int(),
  expect: z.record(z.string(), z.unknown()).optional(),
  absent: z.array(z.string()).optional(),
  answerHeaders: headers.optional(),
  save: z.record(z.string(), z.string()).optional(),
});
const conversationForm = z.strictObject({
  title: z.string(),
  source: z.string(),
  headers,
  steps: z.array(stepForm).min(1),
});

/** Identity providers without a preset of their own come to a generic directory. */
const kindOf = (idp: string): DirectoryKind => DIRECTORY_KINDS.find((kind) => kind === idp) ?? 'generic';

const folders = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const conversations = folders.flatMap(({ name: idp }) =>
  readdirSync(new URL(`${idp}/`, ROOT)).map((file) => ({
    idp,
    file,
    ...conversationForm.parse(JSON.parse(readFileSync(new URL(`${idp}/${file}`, ROOT), 'utf8'))),
  })),
);

type Step = z.infer<typeof stepForm>;

/** `{{name}}` in any text of the step becomes the value saved under that name. */
function filledIn(step: Step, saved: ReadonlyMap<string, string>): Step {
  const text = JSON.stringify(step).replace(/\{\{(\w+)\}\}/g, (_all, name: string) => {
    const known = saved.get(name);
    if (known === undefined) throw new Error(`nothing was saved as ${name}`);
    return known;
  });
  return stepForm.parse(JSON.parse(text));
}

const methodNames = { GET: 'get', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' } as const;

function play(step: Step, scimPath: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  const { method, path, body } = step;
  const request = suite.gateway.request()[methodNames[method]](`${scimPath}${path}`);
  request.set({ ...headers, ...step.headers });
  return Promise.resolve(body === undefined ? request : request.send(JSON.stringify(body)));
}

function check(step: Step, answer: Response): void {
  const where = `${step.method} ${step.path}, ${step.note}`;
  const isRight = answer.status === step.status;
  expect([where, answer.status, isRight ? '' : answer.text]).toEqual([where, step.status, '']);
  expect({ where, ...answer.body }).toMatchObject({ where, ...step.expect });
  for (const [name, start] of Object.entries(step.answerHeaders ?? {})) {
    expect([where, String(answer.headers[name]).startsWith(start)]).toEqual([where, true]);
  }
  for (const name of step.absent ?? []) expect(answer.body).not.toHaveProperty([name]);
}

test('the folders hold conversations', () => {
  expect(conversations.length).toBeGreaterThanOrEqual(29);
});

test.each(conversations)('$idp/$file: $title', async ({ idp, headers: usual, steps }) => {
  const { scimPath, token } = await suite.world(kindOf(idp));
  const saved = new Map<string, string>();
  for (const unfilled of steps) {
    const step = filledIn(unfilled, saved);
    const answer = await play(step, scimPath, { ...usual, Authorization: `Bearer ${token}` });
    check(step, answer);
    for (const [name, key] of Object.entries(step.save ?? {})) saved.set(name, String(answer.body[key]));
  }
});
