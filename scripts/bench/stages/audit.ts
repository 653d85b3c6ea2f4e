/** Third stage: what audit and recorder cost, Gatehouse beside a Gatehouse whose store drops their rows. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { newStore, startGatehouse } from '../peers/gatehouse.ts';
import { createScenario, patchScenario, userNameHitScenario } from '../scenarios/people.ts';
import { createSubject, fillPeople, type Subject } from '../subject.ts';
import { isWanted, runScenarios, type Stage, withSubjects } from './stage.ts';

export const AUDITED = 'gatehouse, audited';
export const UNAUDITED = 'gatehouse, audit and recorder dropped';

const scenarios = [createScenario, patchScenario, userNameHitScenario].map((scenario) => ({
  ...scenario,
  name: `audit: ${scenario.name}`,
}));

/**
 * There is no switch for audit (a change and its row commit together) nor for the recorder, so triggers in the second store
 * drop their rows as they arrive. Composing them still costs the same there: what is measured is storing and indexing them.
 */
export const auditStage: Stage = {
  name: 'audit',
  async run(folder, options, say) {
    if (!scenarios.some(({ name }) => isWanted(options, name)))
      return { name: 'audit', results: [], facts: {} };
    const starts = [
      async () => {
        const home = join(folder, 'dropping');
        const subject = await startSubject(UNAUDITED, home);
        dropRows(join(home, 'gatehouse.db'));
        return subject;
      },
      () => startSubject(AUDITED, join(folder, 'audited')),
    ];
    return withSubjects(starts, async (subjects) => {
      for (const subject of subjects) await fillPeople(subject, 500);
      return { name: 'audit', results: await runScenarios(scenarios, subjects, { options, say }), facts: {} };
    });
  },
};

async function startSubject(name: string, folder: string): Promise<Subject> {
  return createSubject(name, (await startGatehouse(newStore(folder))).peer);
}

/** Under the running gateway: it would refuse to start over a store with a trigger it does not know. */
function dropRows(file: string): void {
  const db = new Database(file);
  for (const table of ['audit_events', 'recorder_entries'])
    db.exec(`CREATE TRIGGER bench_drops_${table} BEFORE INSERT ON ${table} BEGIN SELECT RAISE(IGNORE); END`);
  db.close();
}
