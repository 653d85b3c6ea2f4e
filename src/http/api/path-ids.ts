/** Ids in paths: one of the wrong shape answers exactly what an unknown or another organization's id answers (S106). */
import type { Caller } from '../../core/access/access.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { MembershipId } from '../../kernel/ids.ts';
import { parseId } from '../../kernel/ids.ts';
import { ONESELF } from '../guards.ts';

type Params = Readonly<Record<string, string>>;

/** The texts are those of the use cases: nobody may tell a malformed id from a foreign one. */
const NOT_FOUND = {
  team: 'No such team.',
  mem: 'No such member.',
  dir: 'No such directory.',
  du: 'No such person in this directory.',
  dtk: 'No such token.',
  con: 'No such connection.',
  map: 'No such group mapping.',
  mpt: 'No such mapping test.',
  mdr: 'No such mapping draft.',
  dom: 'No such domain.',
  tsi: 'No such test sign-in.',
  emc: 'No such emergency code.',
  arv: 'No such access review.',
  inv: 'No such invitation.',
  lnk: 'No such invitation link.',
  rec: 'No such recorder entry.',
  job: 'No such job.',
  acf: 'No such conflict.',
  app: 'No such application.',
  sec: 'No such application secret.',
  dcl: 'No such directory client.',
  key: 'No such signing key.',
  apk: 'No such API key.',
  sup: 'No such suppression.',
  ses: 'No such session.',
  whk: 'No such webhook.',
} as const;

/** Reads the path parameter `name` as an id of the kind `prefix`. Throws `not_found`. */
export function pathId<Prefix extends keyof typeof NOT_FOUND>(prefix: Prefix, params: Params, name: string) {
  const id = parseId(prefix, params[name] ?? '');
  if (id === undefined) throw new GatehouseError('not_found', NOT_FOUND[prefix]);
  return id;
}

/** The member that the path names by id, or by `me` as whoever asks in person. Throws `not_found`. */
export const pathMember = (params: Params, caller: Caller): MembershipId =>
  params.member === ONESELF && caller.kind === 'member'
    ? caller.membershipId
    : pathId('mem', params, 'member');
