/** Runs a scenario on several servers in turn, round by round, and condenses the rounds into medians. */
import { drive, type Measured } from './loader.ts';
import type { Scenario } from './scenario.ts';
import { median, quantile, spread } from './statistics.ts';
import type { Subject } from './subject.ts';

/** What a scenario gave on one server. Figures are there only if every answer was right. */
export interface Result {
  readonly scenario: string;
  readonly subject: string;
  readonly unitsPerOperation: number;
  readonly figures: Figures | undefined;
  /** Different faults, the first few. */
  readonly faults: readonly string[];
  /** Why it was not run. */
  readonly skipped: string | undefined;
}

/** Medians over the rounds. */
export interface Figures {
  readonly rounds: number;
  /** Operations in all rounds together. */
  readonly operations: number;
  /** Operations per second. */
  readonly rate: number;
  readonly rates: { readonly lowest: number; readonly highest: number };
  /** Server CPU milliseconds per operation. */
  readonly cpuMs: number;
  readonly cpus: { readonly lowest: number; readonly highest: number };
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Pace {
  readonly rounds: number;
  readonly budgetMs: number;
  readonly scale: number;
  /** For so long rounds are run first and thrown away: code that is not compiled yet is nobody's speed. */
  readonly warmUpMs: number;
}

/** However short they are: some scenarios leave more people behind with each round. */
const WARM_UP_ROUNDS = 4;

/** Runs the scenario on every subject it names: warm first, then `rounds` measured, each begun by another server. */
export async function runScenario(
  scenario: Scenario,
  subjects: readonly Subject[],
  pace: Pace,
): Promise<Result[]> {
  const runs = subjects
    .filter(({ name }) => scenario.subjects?.includes(name) ?? true)
    .map((subject) => ({ subject, measured: [] as Measured[], faults: new Set<string>(), skipped: '' }));
  for (const run of runs) run.skipped = (await scenario.prepare?.(run.subject)) ?? '';
  for (const run of runs) if (run.skipped === '') run.faults = await warmUp(scenario, run.subject, pace);
  for (let round = 0; round < pace.rounds; round += 1) {
    for (let turn = 0; turn < runs.length; turn += 1) {
      const run = runs[(round + turn) % runs.length];
      if (run === undefined || run.skipped !== '' || run.faults.size > 0 || isEnough(run.measured, pace))
        continue;
      const measured = await runRound(scenario, run.subject, pace);
      for (const fault of measured.faults) run.faults.add(fault);
      run.measured.push(measured);
    }
  }
  return runs.map(({ subject, measured, faults, skipped }) => ({
    scenario: scenario.name,
    subject: subject.name,
    unitsPerOperation: scenario.unitsPerOperation ?? 1,
    figures: faults.size > 0 || skipped !== '' ? undefined : condense(measured),
    faults: [...faults].slice(0, 3),
    skipped: skipped === '' ? undefined : skipped,
  }));
}

/** One round is all that a server gets whose rounds take many times what they should. */
const isEnough = (measured: readonly Measured[], { budgetMs }: Pace) =>
  measured.some(({ wallMs }) => wallMs > 5 * budgetMs);

/** Answers the faults it met. */
async function warmUp(scenario: Scenario, subject: Subject, pace: Pace): Promise<Set<string>> {
  const startedAt = performance.now();
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) {
    const { faults } = await runRound(scenario, subject, pace);
    if (faults.length > 0) return new Set(faults);
    if (performance.now() - startedAt >= pace.warmUpMs) break;
  }
  return new Set();
}

async function runRound(scenario: Scenario, subject: Subject, pace: Pace): Promise<Measured> {
  const { count, operate, verify } = await scenario.round(subject, pace.scale);
  const { concurrency } = scenario;
  const { cost, settle } = subject.peer;
  const load = { count, concurrency, budgetMs: pace.budgetMs, operate, cost, settle };
  const measured = await drive(load);
  const fault = await verify?.(measured.operations);
  return fault === undefined ? measured : { ...measured, faults: [...measured.faults, fault] };
}

/** Medians of what was measured. */
export function condense(rounds: readonly Measured[]): Figures {
  const rates = rounds.map(({ operations, wallMs }) => (operations / wallMs) * 1000);
  const cpus = rounds.map(({ operations, cpuMs }) => cpuMs / operations);
  return {
    rounds: rounds.length,
    operations: rounds.reduce((sum, { operations }) => sum + operations, 0),
    rate: median(rates),
    rates: spread(rates),
    cpuMs: median(cpus),
    cpus: spread(cpus),
    p50Ms: median(rounds.map(({ latenciesMs }) => quantile(latenciesMs, 0.5))),
    p99Ms: median(rounds.map(({ latenciesMs }) => quantile(latenciesMs, 0.99))),
  };
}
