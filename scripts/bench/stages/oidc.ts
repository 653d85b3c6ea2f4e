/** OIDC: sign-ins of a company's people, beside the crypto and the durable writes that no sign-in can do without. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { drive, type Load, type Measured, type Operation } from '../loader.ts';
import { addOidcCompany } from '../oidc-company.ts';
import { openOidcFloor } from '../oidc-floor.ts';
import type { BenchOptions } from '../options.ts';
import { newStore, startGatehouse } from '../peers/gatehouse.ts';
import { condense, type Result } from '../runner.ts';
import type { ServerCost } from '../server-process.ts';
import { createSubject, failOn, fillPeople } from '../subject.ts';
import { isWanted, type Stage, withSubjects } from './stage.ts';

/** Names of the scenario and of what it runs on. */
export const OIDC_SIGN_IN = 'OIDC sign-in';
const GATEWAY = 'gatehouse';
export const FLOOR = 'crypto + durable writes';

interface Runner {
  readonly name: string;
  readonly concurrency: number;
  operate(index: number): Promise<Operation>;
  cost(): ServerCost;
  readonly settle?: Load['settle'];
}

/** Everybody has signed in once before the clock runs, so that what is measured is somebody who comes back. */
export const oidcStage: Stage = {
  name: 'OIDC',
  async run(folder, options, say) {
    if (!isWanted(options, OIDC_SIGN_IN)) return { name: 'OIDC', results: [], facts: {} };
    const { peer, store } = await startGatehouse(newStore(folder), { egressAllow: '127.0.0.1' });
    const results = await withSubjects([async () => createSubject(GATEWAY, peer)], async ([subject]) => {
      if (subject === undefined) return [];
      await fillPeople(subject, 500);
      const place = { origin: new URL(peer.base).origin, operatorKey: store.operatorKey };
      const company = await addOidcCompany(place, 'measured');
      for (const who of subject.people) failOn((await company.signIn(who)).fault);
      await company.begin();
      const floor = openOidcFloor(await copyOfStore(store.folder, join(folder, 'floor.db')));
      try {
        const [nobody] = subject.people;
        if (nobody === undefined) throw new Error('nobody to sign in');
        const operate = (index: number) =>
          company.signIn(subject.people[index % subject.people.length] ?? nobody);
        return await alternate(
          [
            { name: GATEWAY, concurrency: 8, operate, cost: peer.cost, settle: peer.settle },
            { name: FLOOR, concurrency: 1, operate: floor.signIn, cost: ownCost },
          ],
          options,
        );
      } finally {
        floor.close();
        await company.close();
      }
    });
    say(`  ${OIDC_SIGN_IN}`);
    return { name: 'OIDC', results, facts: {} };
  },
};

/** Of the file of a gateway that runs. */
async function copyOfStore(folder: string, file: string): Promise<string> {
  const db = new Database(join(folder, 'gatehouse.db'), { readonly: true });
  try {
    await db.backup(file);
  } finally {
    db.close();
  }
  return file;
}

/** Round by round in turn, the first round thrown away. */
async function alternate(
  runners: readonly Runner[],
  { rounds, budgetMs }: BenchOptions,
): Promise<readonly Result[]> {
  const runs = runners.map((runner) => ({ runner, measured: [] as Measured[] }));
  for (let round = 0; round <= rounds; round += 1)
    for (const { runner, measured } of runs) {
      const found = await drive({ ...runner, count: Number.POSITIVE_INFINITY, budgetMs });
      if (round > 0 || found.faults.length > 0) measured.push(found);
    }
  return runs.map(({ runner, measured }) => {
    const faults = [...new Set(measured.flatMap((found) => found.faults))].slice(0, 3);
    return {
      ...{ scenario: OIDC_SIGN_IN, subject: runner.name, unitsPerOperation: 1, skipped: undefined },
      faults,
      figures: faults.length > 0 ? undefined : condense(measured),
    };
  });
}

/** Of the bench itself, which does nothing else while the floor is measured. */
function ownCost(): ServerCost {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1000, rssMb: 0 };
}
