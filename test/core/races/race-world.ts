/** What the races have in common: a place of their own for each seed, and the ways into an organization as single steps. */

import { type CutoverDeps, reportCutover, switchCutover } from '../../../src/core/directory/cutover.ts';
import { createDirectory } from '../../../src/core/directory/directories.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { mailAddressProof } from '../../../src/core/joining/address-proofs.ts';
import { createInvitation } from '../../../src/core/joining/invitations.ts';
import type { Acceptor } from '../../../src/core/joining/joining-people.ts';
import { createShareableLink } from '../../../src/core/joining/shareable-links.ts';
import type { PlanChoice } from '../../../src/core/organization/plans.ts';
import { days } from '../../../src/kernel/clock.ts';
import { isGatehouseError } from '../../../src/kernel/errors.ts';
import { newOrganization, PASSWORD, pushUser } from '../../support/core-people.ts';
import type { CoreWorld } from '../../support/core-world.ts';
import { OPERATOR } from '../../support/core-world.ts';
import { randomOf, type Schedule, scheduleOf } from '../../support/schedule.ts';

export const operator = { kind: 'operator' } as const;
export const acceptor: Acceptor = { kind: 'new', name: 'Ada', password: PASSWORD };

export interface Place {
  readonly organization: Organization;
  readonly id: Organization['id'];
  /** The use cases' dependencies with a store whose turns the seed decides. */
  readonly deps: CoreWorld['deps'];
  readonly schedule: Schedule;
  readonly random: () => number;
  /** An address of nobody else's. */
  address(name: string, domain?: string): string;
}

/** An organization with `seats`, and everything one race needs. */
export async function newPlace(world: CoreWorld, seed: number, plan?: PlanChoice): Promise<Place> {
  const organization = await newOrganization(world, plan === undefined ? {} : { plan });
  const schedule = scheduleOf(world.deps.storage, seed);
  return {
    ...{ organization, id: organization.id, schedule },
    deps: { ...world.deps, storage: schedule.storage },
    // Not the schedule's own numbers: what is raced and in which order are two choices.
    random: randomOf(seed ^ 0x5eed),
    address: (name, domain = `${organization.id.slice(4)}.example`) => `${name}@${domain}`,
  };
}

/** Invites before the race begins; answers the token of the link. */
export async function invited(world: CoreWorld, { id }: Place, email: string) {
  const { invitation, url } = await createInvitation(world.deps, {
    ...{ organizationId: id, cause: OPERATOR, caller: operator },
    invitation: { email, role: 'member', teams: [], delivery: 'link' },
  });
  return { invitation, token: url.split('/').at(-1) ?? '' };
}

/** A link to pass on, made before the race begins. */
export async function passedOn(world: CoreWorld, { id }: Place, maxUses: number) {
  const { link, url } = await createShareableLink(world.deps, {
    ...{ organizationId: id, cause: OPERATOR, caller: operator },
    link: { role: 'member', teams: [], domains: [], maxUses, ttlMs: days(7) },
  });
  return { link, token: url.split('/').at(-1) ?? '' };
}

/** The proof of an address for that link, as if its mail had been read before the race begins. */
export async function proved(
  world: CoreWorld,
  { organization, id }: Place,
  wanted: { readonly door: Awaited<ReturnType<typeof passedOn>>['link']; readonly email: string },
): Promise<string> {
  const { door, email } = wanted;
  const context = { organizationId: id, cause: OPERATOR, now: world.time.now };
  const mail = { context, organization, door, email, askedBy: null, path: '/links/token' };
  const { id: mailId } = await world.deps.storage.transact((tx) => mailAddressProof(tx, world.deps, mail));
  const payload = (await world.deps.storage.outbox.find(id, mailId))?.payload ?? '';
  return /\/links\/token\/(ghp_[\w-]+)/.exec(payload)?.[1] ?? '';
}

/** Reads the report and agrees to it until nothing has moved in between. */
export async function moveOver(deps: CutoverDeps, at: Awaited<ReturnType<typeof shadowOf>>): Promise<void> {
  for (let tries = 5; ; tries -= 1) {
    const { hash: reportHash } = await reportCutover(deps, at);
    try {
      await switchCutover(deps, { ...at, reportHash, unmatched: 'keep' });
      return;
    } catch (error) {
      if (tries === 1 || !isGatehouseError(error, 'cutover_moved')) throw error;
    }
  }
}

/** A shadow directory that has pushed some people already. */
export async function shadowOf(world: CoreWorld, { id }: Place, count: number) {
  const request = { organizationId: id, cause: OPERATOR };
  const shape = { kind: 'okta', status: 'draft', shadow: true } as const;
  const directory = await createDirectory(world.deps, { ...request, ...shape });
  for (let person = 0; person < count; person += 1) await pushUser(world, directory);
  return { ...request, directoryId: directory.id };
}
