/** Third stage: what the audit row costs, Gatehouse beside a Gatehouse whose store drops it. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { newStore, startGatehouse } from '../peers/gatehouse.ts';
import { createScenario, patchScenario } from '../scenarios/people.ts';
import { createSubject, fillPeople, type Subject } from '../subject.ts';
import { isWanted, runScenarios, type Stage, withSubjects } from './stage.ts';

export const AUDITED = 'gatehouse, audited';
export const UNAUDITED = 'gatehouse, audit dropped';

const scenarios = [createScenario, patchScenario].map((scenario) => ({
  ...scenario,
  name: `audit: ${scenario.name}`,
}));

/**
 * There is no switch for audit (a change and its row commit together), so a trigger in the second store drops the row as it
 * arrives. Composing it still costs the same there: what is measured is storing and indexing it.
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
        dropAuditRows(join(home, 'gatehouse.db'));
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
function dropAuditRows(file: string): void {
  const db = new Database(file);
  db.exec('CREATE TRIGGER bench_drops BEFORE INSERT ON audit_events BEGIN SELECT RAISE(IGNORE); END');
  db.close();
}
