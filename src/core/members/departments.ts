/** Departments of invited people: a word kept with the person, and a place in the team that goes by the same name. */
import type { TeamId } from '../../kernel/ids.ts';
import { foldKey } from '../../kernel/text.ts';
import type { InvitationTeam } from '../entities/invitation.ts';
import type { Team } from '../entities/people.ts';

/** The one team that goes by the name of the department, however it is written; undefined for none, and for several. */
function teamOfDepartment(
  teams: readonly Pick<Team, 'id' | 'name'>[],
  department: string,
): TeamId | undefined {
  const key = foldKey(department);
  const [team, ...others] = teams.filter(({ name }) => foldKey(name) === key);
  return others.length === 0 ? team?.id : undefined;
}

/** The teams of an invitation with the team of its department among them, as a member unless another role was chosen. */
export function withDepartmentTeam(
  chosen: readonly InvitationTeam[],
  department: string,
  teams: readonly Pick<Team, 'id' | 'name'>[],
): readonly InvitationTeam[] {
  const teamId = teamOfDepartment(teams, department);
  if (teamId === undefined || chosen.some((team) => team.teamId === teamId)) return chosen;
  return [...chosen, { teamId, role: 'member' }];
}
