/** What judging a SAML response costs on this thread: ours, and node-saml by itself with the same settings. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type CacheProvider, SAML, ValidateInResponseTo } from '@node-saml/node-saml';
import { type SamlTrust, verifySamlResponse } from '../../src/http/saml/strategy.ts';
import { createValidatorPool } from '../../src/http/saml/validator-pool.ts';
import { createLogger } from '../../src/kernel/log.ts';
import type { SamlContext } from '../../test/support/saml-builder.ts';
import { fixtureContext, fixtureTrust } from '../../test/support/saml-fixture-context.ts';
import { groupNames } from './saml-company.ts';
import { createResponder } from './saml-responses.ts';
import { median } from './statistics.ts';

/** Judges the same response again and again. */
export interface Judge {
  readonly name: 'gatehouse' | 'node-saml';
  judge(): Promise<unknown>;
}

interface Situation {
  readonly samlResponse: string;
  readonly trust: SamlTrust;
  readonly now: number;
}

function situationWith(groups: number): Situation {
  const context: SamlContext = { ...fixtureContext(), now: Date.now(), groups: groupNames(groups) };
  const samlResponse = createResponder(context)('ada@corp.example', 1);
  return { samlResponse, trust: fixtureTrust(context), now: context.now };
}

const ours = ({ samlResponse, trust, now }: Situation) => ({
  samlResponse,
  connection: trust,
  pending: { requestId: fixtureContext().requestId },
  now,
});

/** Knows every request. */
const cacheProvider: CacheProvider = {
  saveAsync: async () => null,
  getAsync: async () => new Date().toISOString(),
  removeAsync: async () => null,
};

function nodeSaml({ samlResponse, trust }: Situation): () => Promise<unknown> {
  const engine = new SAML({
    ...{ issuer: trust.spEntityId, audience: trust.spEntityId, callbackUrl: trust.acsUrl },
    idpCert: [...trust.certificates],
    wantAuthnResponseSigned: false,
    ...{ acceptedClockSkewMs: 120_000, maxAssertionAgeMs: 300_000 },
    validateInResponseTo: ValidateInResponseTo.always,
    cacheProvider,
  });
  return () => engine.validatePostResponseAsync({ SAMLResponse: samlResponse });
}

/** Judgements per second of CPU, of each judge in turn, for a response that names so many groups. Throws when one is refused. */
export async function judgementsPerSecond(
  groups: number,
  { rounds, budgetMs }: { readonly rounds: number; readonly budgetMs: number },
): Promise<Readonly<Record<Judge['name'], number>>> {
  const situation = situationWith(groups);
  const judges: readonly Judge[] = [
    { name: 'gatehouse', judge: () => verifySamlResponse(ours(situation)) },
    { name: 'node-saml', judge: nodeSaml(situation) },
  ];
  const rates = { gatehouse: [] as number[], 'node-saml': [] as number[] };
  for (let round = 0; round <= rounds; round += 1)
    for (const { name, judge } of judges) {
      const rate = await cpuRate(judge, budgetMs);
      if (round > 0) rates[name].push(rate);
    }
  return { gatehouse: median(rates.gatehouse), 'node-saml': median(rates['node-saml']) };
}

async function cpuRate(judge: () => Promise<unknown>, budgetMs: number): Promise<number> {
  const before = process.cpuUsage();
  const endsAt = performance.now() + budgetMs;
  let count = 0;
  while (performance.now() < endsAt) {
    await judge();
    count += 1;
  }
  const { user, system } = process.cpuUsage(before);
  return (count / (user + system)) * 1e6;
}

/** The longest this thread could not answer, in milliseconds (99th of a hundred), while so heavy responses are judged one after another. */
export async function eventLoopDelays(groups: number, budgetMs: number) {
  const situation = situationWith(groups);
  const pool = createValidatorPool({ workers: 1, logger: createLogger({ level: 'error' }) });
  try {
    await pool.facts(ours(situation));
    const gatehouse = await delayWhile(() => pool.facts(ours(situation)), budgetMs);
    return { gatehouse, nodeSaml: await delayWhile(nodeSaml(situation), budgetMs) };
  } finally {
    await pool.close();
  }
}

async function delayWhile(judge: () => Promise<unknown>, budgetMs: number): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const endsAt = performance.now() + budgetMs;
  await judge();
  delay.enable();
  while (performance.now() < endsAt) {
    await judge();
    // Between two sign-ins a gateway looks at its sockets.
    await new Promise(setImmediate);
  }
  delay.disable();
  return delay.percentile(99) / 1e6;
}
