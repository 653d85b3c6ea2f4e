/** The cut-over of a live organization: what switching a shadow directory on would do, shown before anybody says yes. */
import { GatehouseError } from '../kernel/errors.ts';
import type { DirectoryId, OrganizationId } from '../kernel/ids.ts';
import { loadCutoverPlan } from './cutover-facts.ts';
import type { CutoverPlan } from './cutover-plan.ts';
import type { Deps } from './deps.ts';
import { getDirectory } from './directories.ts';

/** A directory of an organization. */
export interface CutoverPlace {
  readonly organizationId: OrganizationId;
  readonly directoryId: DirectoryId;
}

/** What the switch would do as things are now. Throws `not_found` for a directory that is no shadow. */
export async function reportCutover(
  deps: Pick<Deps, 'storage' | 'clock'>,
  { organizationId, directoryId }: CutoverPlace,
): Promise<CutoverPlan> {
  const directory = await getDirectory(deps.storage, organizationId, directoryId);
  if (!directory.isShadow) {
    const detail = 'This directory is no shadow: there is nothing to switch.';
    throw new GatehouseError('not_found', detail);
  }
  return loadCutoverPlan(deps.storage, { organizationId, now: deps.clock() }, directory);
}
