/**
 * Fourth stage: whether one organization feels the initial cycle that another one runs as fast as it is answered, with the rate
 * limits that users have. At fifty times its quota (S222) is the limiter's own test: no loader here sends that much.
 */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createLoader, type Loader } from '../loader.ts';
import { createDirectory, newStore, startGatehouse } from '../peers/gatehouse.ts';
import { personBody } from '../people.ts';
import { userNameHitScenario } from '../scenarios/people.ts';
import { median, quantile } from '../statistics.ts';
import { createSubject, failOn, fillPeople, type Subject } from '../subject.ts';
import { isWanted, type Stage, withSubjects } from './stage.ts';

/** Names of the facts. */
export const ALONE_P99 = 'p99 ms of a quiet organization, alone';
export const NEIGHBOUR_P99 = 'p99 ms of a quiet organization beside a flooding one';
const FLOOD_RATE = 'requests a second that the flooding organization sent';

const QUIET = 'gatehouse, quiet organization';
const PEOPLE = 150;
/** Between the look-ups of the quiet organization, so that it stays within its own limit. */
const PAUSE_MS = 12;
const FLOODERS = 16;

export const neighbourStage: Stage = {
  name: 'neighbour',
  async run(folder, options, say) {
    if (!isWanted(options, 'neighbour')) return { name: 'neighbour', results: [], facts: {} };
    const started = await startGatehouse(newStore(join(folder, 'neighbour')), { rateLimits: 'on' });
    const { peer, store } = started;
    return withSubjects([async () => createSubject(QUIET, peer)], async ([quiet]) => {
      if (quiet === undefined) return { name: 'neighbour', results: [], facts: {} };
      const { origin } = new URL(peer.base);
      const { path, bearer } = await createDirectory({ origin }, store, 'flooding');
      await fillPeople(quiet, PEOPLE);
      const samples = options.isQuick ? 150 : 400;
      const alone: number[] = [];
      const beside: number[] = [];
      const rates: number[] = [];
      for (let round = 0; round < options.rounds; round += 1) {
        alone.push(await p99Of(quiet, samples));
        const flood = startFlood(createLoader(origin + path, bearer));
        beside.push(await p99Of(quiet, samples));
        rates.push(await flood.stop());
        say(
          `  round ${round + 1}: p99 ${alone.at(-1)?.toFixed(1)} ms alone, ${beside.at(-1)?.toFixed(1)} ms beside`,
        );
      }
      const facts = {
        [ALONE_P99]: median(alone),
        [NEIGHBOUR_P99]: median(beside),
        [FLOOD_RATE]: median(rates),
      };
      return { name: 'neighbour', results: [], facts };
    });
  },
};

/** One look-up after the other, each checked. Throws on a wrong answer. */
async function p99Of(quiet: Subject, samples: number): Promise<number> {
  const { operate } = await userNameHitScenario.round(quiet, 1);
  const latencies: number[] = [];
  for (let index = 0; index < samples; index += 1) {
    const { ms, fault } = await operate(index);
    failOn(fault);
    latencies.push(ms);
    await wait(PAUSE_MS);
  }
  return quantile(latencies, 0.99);
}

/** Sends an initial cycle as fast as it is answered, refusals included. `stop` answers the requests a second. */
function startFlood(loader: Loader): { stop(): Promise<number> } {
  let isOver = false;
  let sent = 0;
  const startedAt = performance.now();
  const work = async () => {
    while (!isOver) {
      const number = sent;
      sent += 2;
      await loader.call('GET', `/Users?filter=${encodeURIComponent(`userName eq "f${number}"`)}`);
      await loader.call('POST', '/Users', personBody(number, `flood${Math.round(startedAt)}-`));
    }
  };
  const all = Promise.all(Array.from({ length: FLOODERS }, work));
  return {
    async stop() {
      isOver = true;
      await all;
      await loader.close();
      return (sent / (performance.now() - startedAt)) * 1000;
    },
  };
}
