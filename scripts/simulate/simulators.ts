/** The identity providers that can be simulated, by the name the command line takes. */
import { entra, entraOptscim } from './idps/entra.ts';
import { okta, oktaAiw } from './idps/okta.ts';
import type { Simulator } from './simulation.ts';

export const simulators: Readonly<Record<string, Simulator>> = {
  okta,
  'okta-aiw': oktaAiw,
  entra,
  'entra-optscim': entraOptscim,
};
