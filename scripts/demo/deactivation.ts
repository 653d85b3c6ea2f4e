/** The end of a person's access: the identity provider says so over SCIM, and the clock runs until the session is dead. */
import type { Browser } from '../../test/support/browser.ts';
import { printExchange } from '../simulate/expectations.ts';
import type { Person } from '../simulate/population.ts';
import type { Company } from './companies.ts';
import { readSession, showPages } from './sign-ins.ts';
import type { Stage } from './stage.ts';

const LONGEST_WAIT_MS = 5_000;

/** Deactivates a signed-in person and measures, from the first byte of the SCIM request, until the session answers 401. */
export async function deactivate(
  stage: Stage,
  company: Company,
  leaver: { readonly person: Person; readonly browser: Browser },
) {
  const before = await readSession(stage, leaver.browser);
  if (before.page.status !== 200) throw new Error(`no session to end\n${showPages([before.page])}`);
  const startedAt = performance.now();
  const exchange = await company.simulator.deactivate(company.simulation, leaver.person);
  const answeredMs = performance.now() - startedAt;
  if (exchange.status !== 200 && exchange.status !== 204) throw new Error(printExchange(exchange));
  let asked = 0;
  for (;;) {
    const { page } = await readSession(stage, leaver.browser);
    const deadMs = performance.now() - startedAt;
    asked += 1;
    if (page.status === 401) {
      return {
        result: deadMs,
        facts: [
          `SCIM answered ${exchange.status} after ${Math.round(answeredMs)} ms; the session was dead after ${Math.round(deadMs)} ms, at request ${asked} after that answer`,
        ],
      };
    }
    if (deadMs > LONGEST_WAIT_MS) throw new Error(`the session still lives\n${showPages([page])}`);
  }
}
