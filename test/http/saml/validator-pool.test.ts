/** Judging responses in other threads: the same verdicts, and what a thread that dies, hangs or is overrun costs. */
import { once } from 'node:events';
import { BroadcastChannel } from 'node:worker_threads';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { SamlResponseInput } from '../../../src/http/saml/strategy.ts';
import type { SamlValidator } from '../../../src/http/saml/validator.ts';
import { createValidatorPool } from '../../../src/http/saml/validator-pool.ts';
import type { Logger } from '../../../src/kernel/log.ts';
import { PATIENT_MS } from '../../support/in-time.ts';
import { goodResponse, oktaLike } from '../../support/saml-builder.ts';
import { FIXTURE_NOW, fixtureContext, fixtureTrust } from '../../support/saml-fixture-context.ts';
import { inProcessValidator } from '../../support/saml-validator.ts';

const MISBEHAVING = new URL('../../support/misbehaving-validator.ts', import.meta.url);

const silent: Logger = {
  ...{ debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  writes: () => false,
  child: () => silent,
};

const open: SamlValidator[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all(open.splice(0).map((validator) => validator.close()));
});

/** No limit is met by a slow machine. Settings may be accessors: what they say counts for the responses from then on. */
const usual = { workers: 1, logger: silent, timeLimitMs: PATIENT_MS, waitLimitMs: PATIENT_MS };

function aPool(settings: Partial<Parameters<typeof createValidatorPool>[0]> = {}): SamlValidator {
  const pool = createValidatorPool(
    Object.defineProperties({ ...usual }, Object.getOwnPropertyDescriptors(settings)),
  );
  open.push(pool);
  return pool;
}

const asked = (samlResponse: unknown, connectionId = 'con_1'): SamlResponseInput => ({
  samlResponse,
  connection: { ...fixtureTrust(), connectionId },
  pending: { requestId: '_request1' },
  now: FIXTURE_NOW,
});

const reasonOf = (answer: Promise<unknown>): Promise<unknown> =>
  answer.then(
    () => 'accepted',
    (error) => error.context?.reason ?? error,
  );

const UNSIGNED = Buffer.from(oktaLike(fixtureContext())).toString('base64');

describe('verdicts are those of this thread', () => {
  test('facts, attributes included', async () => {
    const input = asked(goodResponse(fixtureContext()));
    expect(await aPool().facts(input)).toEqual(await inProcessValidator.facts(input));
  });

  test('of the bytes of the form as of the text they encode', async () => {
    const text = goodResponse(fixtureContext());
    const bytes = new Uint8Array(Buffer.from(encodeURIComponent(text)));
    expect(await aPool().facts(asked(bytes))).toEqual(await inProcessValidator.facts(asked(text)));
  });

  test.each([
    ['S26: bytes that are no percent-encoding', new Uint8Array(Buffer.from('%zz'.repeat(500)))],
    ['S1: no signature', UNSIGNED],
    ['S27: a list', [UNSIGNED, UNSIGNED]],
    ['S26: no XML', 'bm90IHhtbA=='],
    ['S43: the answer to another request', goodResponse({ ...fixtureContext(), requestId: '_other' })],
  ])('%s: the refusal, its reason and its words', async (_title, samlResponse) => {
    const wanted = await inProcessValidator.facts(asked(samlResponse)).catch((error) => error);
    const found = await aPool()
      .facts(asked(samlResponse))
      .catch((error) => error);
    expect([found.code, found.detail, found.context]).toEqual([wanted.code, wanted.detail, wanted.context]);
    expect(found.context.reason).toMatch(/^saml\./);
  });

  test('hints of what was refused', async () => {
    const hints = await aPool().hints(UNSIGNED);
    expect(hints).toEqual(await inProcessValidator.hints(UNSIGNED));
    expect(hints).toContainEqual(['NameID', ['ada@corp.example']]);
  });
});

describe('a thread that fails costs one sign-in', () => {
  test.each(['die', 'throw', 'hang', 'hog'])(
    '%s: refused, and those that wait behind it are judged',
    async (how) => {
      let timeLimitMs = PATIENT_MS;
      const pool = aPool({
        module: MISBEHAVING,
        get timeLimitMs() {
          return timeLimitMs;
        },
      });
      expect(await pool.facts(asked('first'))).toEqual({ nameId: 'first' });
      if (how === 'hang') timeLimitMs = 1;
      const bad = reasonOf(pool.facts(asked(how)));
      timeLimitMs = PATIENT_MS;
      expect(await bad).toBe('saml.validator');
      expect(await pool.facts(asked('next'))).toEqual({ nameId: 'next' });
    },
  );

  test('what waits behind the death of a thread is not lost', async () => {
    const pool = aPool({ module: MISBEHAVING });
    const answers = ['die', 'second', 'third'].map((what) => reasonOf(pool.facts(asked(what))));
    expect(await Promise.all(answers)).toEqual(['saml.validator', 'accepted', 'accepted']);
  });
});

describe('the clock of a response', () => {
  const LATE = new URL('../../support/late-validator.ts', import.meta.url);

  test('does not run while its thread starts', async () => {
    const channel = new BroadcastChannel('late-validator');
    const due = timersOf(1);
    const starting = once(channel, 'message');
    const answer = aPool({ module: LATE, timeLimitMs: 1 }).facts(asked('first'));
    await starting;
    // The limit has passed, again and again, and nobody has taken the response.
    for (let time = 0; time < 3; time += 1) due();
    channel.postMessage('go on');
    expect(await answer).toEqual({ nameId: 'first' });
    channel.close();
  });

  test('a response that no thread takes is refused in the end', async () => {
    const pool = aPool({ module: LATE, waitLimitMs: 1 });
    expect(await reasonOf(pool.facts(asked('never taken')))).toBe('saml.validator');
  });
});

/** Keeps timers of so many milliseconds back until the test is over; what it answers runs those that were set by then. */
function timersOf(ms: number): () => void {
  const { setTimeout } = globalThis;
  const held: (() => void)[] = [];
  jest.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void, after?: number) => {
    if (after !== ms) return setTimeout(work, after);
    held.push(work);
    return setTimeout(() => undefined, PATIENT_MS);
  }) as typeof setTimeout);
  return () => {
    for (const work of held.splice(0)) work();
  };
}

describe('too many at once', () => {
  const crowd = (pool: SamlValidator, connectionId: string, size: number) =>
    Array.from({ length: size }, () => reasonOf(pool.facts(asked('one of many', connectionId))));

  test('one connection takes half of the places, the other half is there for others', async () => {
    const pool = aPool({ module: MISBEHAVING, limit: 8 });
    const mine = crowd(pool, 'con_1', 6);
    const others = ['con_2', 'con_3'].flatMap((id) => crowd(pool, id, 3));
    const refused = 'saml.too_many_waiting';
    expect(await Promise.all(mine)).toEqual([...Array(4).fill('accepted'), refused, refused]);
    expect(await Promise.all(others)).toEqual([...Array(4).fill('accepted'), refused, refused]);
    expect(await reasonOf(pool.facts(asked('later')))).toBe('accepted');
  });

  test('the refusal says when to come back, and hints are left out', async () => {
    const pool = aPool({ module: MISBEHAVING, limit: 0 });
    await expect(pool.facts(asked('x'))).rejects.toMatchObject({
      code: 'too_many_requests',
      context: { retryAfterSeconds: 2 },
    });
    expect(await pool.hints('x')).toEqual([]);
  });
});

test('closing refuses what is being judged, and ends the threads', async () => {
  const pool = aPool({ module: MISBEHAVING });
  expect(await pool.facts(asked('first'))).toEqual({ nameId: 'first' });
  const hanging = reasonOf(pool.facts(asked('hang')));
  await pool.close();
  expect(await hanging).toBe('saml.validator');
});
