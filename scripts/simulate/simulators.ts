/** The identity providers that can be simulated, by the name the command line takes. */
import { entra, entraOptscim } from './idps/entra.ts';
import { google } from './idps/google.ts';
import { jumpcloud } from './idps/jumpcloud.ts';
import { okta, oktaAiw } from './idps/okta.ts';
import { onelogin } from './idps/onelogin.ts';
import { pingone } from './idps/pingone.ts';
import { rippling } from './idps/rippling.ts';
import { sailpoint } from './idps/sailpoint.ts';
import type { Simulator } from './simulation.ts';

export const simulators: Readonly<Record<string, Simulator>> = {
  okta,
  'okta-aiw': oktaAiw,
  entra,
  'entra-optscim': entraOptscim,
  onelogin,
  jumpcloud,
  google,
  pingone,
  sailpoint,
  rippling,
};
