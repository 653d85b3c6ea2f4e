/** Holds every storage engine to the contract. */
import { ENGINES } from './adapters.ts';
import { holdToContract } from './suites.ts';

for (const adapter of ENGINES) holdToContract(adapter);
