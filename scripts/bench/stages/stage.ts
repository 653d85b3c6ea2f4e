/** What a stage of the bench is given and what it gives back. */
import type { BenchOptions } from '../options.ts';
import { type Result, runScenario } from '../runner.ts';
import type { Scenario } from '../scenario.ts';
import { closeSubject, type Subject } from '../subject.ts';

/** Single figures that are no scenario, such as memory; each named by what it is and in what unit. */
export type Facts = Readonly<Record<string, number>>;

export interface StageResult {
  readonly name: string;
  readonly results: readonly Result[];
  readonly facts: Facts;
}

export interface Stage {
  readonly name: string;
  run(folder: string, options: BenchOptions, say: (line: string) => void): Promise<StageResult>;
}

/** Whether the person asked for this scenario. */
export const isWanted = ({ only }: BenchOptions, name: string): boolean =>
  only.length === 0 || only.some((part) => name.toLowerCase().includes(part.toLowerCase()));

/** Runs the wanted ones of these scenarios in order. */
export async function runScenarios(
  scenarios: readonly Scenario[],
  subjects: readonly Subject[],
  { options, say }: { readonly options: BenchOptions; readonly say: (line: string) => void },
): Promise<Result[]> {
  const results: Result[] = [];
  for (const scenario of scenarios) {
    if (!isWanted(options, scenario.name)) continue;
    const startedAt = performance.now();
    results.push(...(await runScenario(scenario, subjects, options)));
    say(`  ${scenario.name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
  }
  return results;
}

/** Runs `work` with subjects that are closed afterwards, whatever happens; those started before a failure included. */
export async function withSubjects<T>(
  starts: readonly (() => Promise<Subject>)[],
  work: (subjects: readonly Subject[]) => Promise<T>,
): Promise<T> {
  const subjects: Subject[] = [];
  try {
    for (const start of starts) subjects.push(await start());
    return await work(subjects);
  } finally {
    await Promise.all(subjects.map(closeSubject));
  }
}
