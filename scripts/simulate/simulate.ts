/** A whole run of one simulator: from switching the integration on to the last deletion. */
import type { SimulationWish } from './arguments.ts';
import type { ScoreRow } from './expectations.ts';
import { makePopulation } from './population.ts';
import { beginSimulation, type PhaseReport, runPhases, type Simulator } from './simulation.ts';

/** Runs every phase and answers the scorecard. `report` hears of each phase as it ends. */
export async function simulate(
  simulator: Simulator,
  wish: Omit<SimulationWish, 'idp'>,
  report?: (phase: PhaseReport) => void,
): Promise<readonly ScoreRow[]> {
  const simulation = beginSimulation({ simulator, endpoint: wish, population: makePopulation(wish) });
  await runPhases(simulation, [...simulator.onboarding, ...simulator.afterwards], report);
  return simulation.score.rows();
}
