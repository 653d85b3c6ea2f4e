/** Whether an organization fits a smaller plan: what is in use is not taken away behind anybody's back, it is named. */
import { GatehouseError } from '../../kernel/errors.ts';
import type { Organization } from '../entities/organization.ts';
import type { Repositories } from '../ports/storage.ts';

/**
 * Throws `seats_exhausted` when more people hold a seat than the plan has, `plan_in_use` when something is on that it does
 * not include (fields `plan`); both say what to do first. `organization` has the new plan already.
 */
export async function assertPlanFits(tx: Repositories, organization: Organization): Promise<void> {
  const { plan, seatsUsed, id } = organization;
  if (plan.seats !== null && seatsUsed > plan.seats) {
    const over = seatsUsed - plan.seats;
    const detail = `${seatsUsed} people hold a seat; a plan with ${plan.seats} is too small. Suspend or remove ${over} first.`;
    throw new GatehouseError('seats_exhausted', detail, { field: 'plan' });
  }
  const isActive = ({ status }: { readonly status: string }) => status === 'active';
  const directories = plan.scim ? [] : (await tx.directories.list(id)).filter(isActive);
  const connections = plan.sso ? [] : (await tx.connections.list(id)).filter(isActive);
  const teams = plan.teams === 'many' ? [] : (await tx.teams.list(id)).filter(({ isDefault }) => !isDefault);
  const steps = [
    ...stepFor(directories, 'directory provisioning (SCIM): switch off or remove'),
    ...stepFor(connections, 'single sign-on: disable or remove'),
    ...stepFor(teams, 'several teams: remove'),
  ];
  if (steps.length === 0) return;
  const detail = `The plan ${plan.preset} does not include what is in use here. ${steps.join(' ')}`;
  throw new GatehouseError('plan_in_use', detail, { field: 'plan' });
}

const SHOWN = 5;

function stepFor(used: readonly { readonly name: string }[], what: string): readonly string[] {
  if (used.length === 0) return [];
  const names = used.slice(0, SHOWN).map(({ name }) => name);
  const more = used.length > SHOWN ? ` and ${used.length - SHOWN} more` : '';
  return [`It has no ${what} ${names.join(', ')}${more}.`];
}
