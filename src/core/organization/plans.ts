/** What a plan allows an organization to do. The presets themselves are configuration; the rules here are not. */

/**
 * The switches of one plan.
 *
 * - `seats`: how many active memberships the organization may hold; `null` is no limit.
 * - `invitations`: whether people may be invited by hand at all.
 * - `teams`: `none`, only the `one` team made with the organization, or `many`.
 * - `sso`, `scim`: whether connections and directories may be created.
 */
export interface PlanPreset {
  readonly seats: number | null;
  readonly invitations: boolean;
  readonly teams: 'none' | 'one' | 'many';
  readonly sso: boolean;
  readonly scim: boolean;
}

/** The preset of an organization that is created without naming one. Configuration always holds it. */
export const DEFAULT_PLAN = 'enterprise';

/** A preset's name, or the name with another number of seats (null: no limit). */
export interface PlanChoice {
  readonly preset: string;
  readonly seats?: number | null | undefined;
}
