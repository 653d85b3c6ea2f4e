/** Holds every decorated engine to the same contract; a file of its own, so that both run side by side. */
import { DECORATED } from './adapters.ts';
import { holdToContract } from './suites.ts';

for (const adapter of DECORATED) holdToContract(adapter);
