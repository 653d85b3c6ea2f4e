/** Tokens: how many are refreshed in a second of CPU, and how soon after a deactivation everything of a person is dead. */
import * as client from 'openid-client';
import { request } from 'undici';
import type { BenchOptions } from '../options.ts';
import { newStore, startGatehouse } from '../peers/gatehouse.ts';
import { patchBody } from '../people.ts';
import { addSamlCompany } from '../saml-company.ts';
import { registerApplication, type SignedIn, signInTo } from '../signed-in.ts';
import { median, quantile } from '../statistics.ts';
import { changedFault, createSubject, failOn, fillPeople, type Subject } from '../subject.ts';
import { type Facts, isWanted, type Stage, withSubjects } from './stage.ts';

/** Names of the facts. */
export const DEAD_P99 = 'ms p99 from the answer to a deactivation to the last thing dead';
const REFRESHED = 'token refreshes per CPU second';
const CHAINS = 8;

interface Scene {
  readonly subject: Subject;
  readonly origin: string;
  readonly configuration: client.Configuration;
  signIn(index: number): Promise<SignedIn>;
}

export const tokenStage: Stage = {
  name: 'tokens',
  async run(folder, options, say) {
    if (!isWanted(options, 'tokens')) return { name: 'tokens', results: [], facts: {} };
    const { peer, store } = await startGatehouse(newStore(folder));
    const facts = await withSubjects([async () => createSubject('gatehouse', peer)], async ([subject]) => {
      if (subject === undefined) return {};
      const place = { origin: new URL(peer.base).origin, operatorKey: store.operatorKey };
      const scene = await aScene(subject, place);
      const refreshed = await refreshFacts(scene, options);
      say('  token refresh');
      return { ...refreshed, ...(await deathFacts(scene, options)) };
    });
    say('  deactivation');
    return { name: 'tokens', results: [], facts };
  },
};

async function aScene(
  subject: Subject,
  place: { readonly origin: string; readonly operatorKey: string },
): Promise<Scene> {
  await fillPeople(subject, 500);
  const { origin } = place;
  const company = await addSamlCompany(place, 'measured');
  const configuration = await registerApplication(place);
  return {
    ...{ subject, origin, configuration },
    signIn: (index) =>
      signInTo({ origin, company, configuration }, subject.people[index]?.userName ?? 'nobody'),
  };
}

/** Eight people whose application refreshes again and again, each time with the newest token. */
async function refreshFacts(
  { subject, configuration, signIn }: Scene,
  { rounds, budgetMs }: BenchOptions,
): Promise<Facts> {
  const newest = (await Promise.all(Array.from({ length: CHAINS }, (_, index) => signIn(index)))).map(
    ({ refreshToken }) => refreshToken,
  );
  const rates: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const before = subject.peer.cost();
    const endsAt = performance.now() + budgetMs;
    const counts = await Promise.all(
      newest.map(async (_, chain) => {
        let count = 0;
        for (; performance.now() < endsAt; count += 1) {
          const tokens = await client.refreshTokenGrant(configuration, newest[chain] ?? '');
          newest[chain] = tokens.refresh_token ?? '';
        }
        return count;
      }),
    );
    const cpuMs = subject.peer.cost().cpuMs - before.cpuMs;
    if (round > 0) rates.push((counts.reduce((sum, count) => sum + count, 0) / cpuMs) * 1000);
  }
  return { [REFRESHED]: median(rates) };
}

/** Asks, from the answer to the deactivation on, until session, refresh token and access token are dead. */
async function deathFacts(scene: Scene, { isQuick }: BenchOptions): Promise<Facts> {
  const people = isQuick ? 40 : 200;
  const times: number[] = [];
  for (let index = CHAINS; index < CHAINS + people; index += 1) {
    const signedIn = await scene.signIn(index);
    failOn((await isAlive(scene, signedIn)) ? undefined : 'somebody who is signed in is not');
    const { subject } = scene;
    const operation = { op: 'replace', path: 'active', value: false };
    const answer = await subject.loader.call(
      'PATCH',
      `/Users/${subject.people[index]?.id}`,
      patchBody(operation),
    );
    failOn(changedFault(answer));
    const answeredAt = performance.now();
    while (await isAlive(scene, signedIn));
    await refusedRefresh(scene, signedIn);
    times.push(performance.now() - answeredAt);
  }
  return { [DEAD_P99]: quantile(times, 0.99), 'deactivations measured': people };
}

/** Whether the session or the access token still opens anything. */
async function isAlive({ origin, configuration }: Scene, signedIn: SignedIn): Promise<boolean> {
  const [session, introspection] = await Promise.all([
    request(`${origin}/api/v1/session`, { headers: { cookie: signedIn.cookie } }),
    client.tokenIntrospection(configuration, signedIn.accessToken),
  ]);
  await session.body.dump();
  return session.statusCode === 200 || introspection.active;
}

/** A refresh token cannot be asked about without being used: one try, which must fail. */
async function refusedRefresh({ configuration }: Scene, { refreshToken }: SignedIn): Promise<void> {
  const error = await client.refreshTokenGrant(configuration, refreshToken).then(
    () => 'a refresh token outlived a deactivation',
    (refusal: unknown) => (refusal instanceof client.ResponseBodyError ? undefined : String(refusal)),
  );
  failOn(error);
}
