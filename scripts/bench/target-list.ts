/** The speed targets of the project, as data. */
import { AUDITED, UNAUDITED } from './stages/audit.ts';
import {
  BIG,
  BIG_GROUP,
  BIGGEST_GROUP,
  LONGEST_WAIT,
  RESTART,
  RSS_FEW_USERS,
  RSS_LOADED,
  RSS_MANY_USERS,
  SMALL,
} from './stages/growth.ts';
import { ALONE_P99, NEIGHBOUR_P99 } from './stages/neighbour.ts';
import { FLOOR, OIDC_SIGN_IN } from './stages/oidc.ts';
import { ENOUGH, JUDGED, NODE_SAML, SHARED } from './stages/saml.ts';
import { REFUSED, RESET, ROUTED } from './stages/strangers.ts';
import { DEAD_P99 } from './stages/tokens.ts';
import type { Measure, Point, Target } from './targets.ts';

const at = (subject: string, scenario: string): Point => ({ subject, scenario });

/** How many times as much Gatehouse does in the same time. */
const rateBeside = (subject: string, scenario: string): Target['value'] => ({
  by: 'rate',
  of: at('gatehouse', scenario),
  to: at(subject, scenario),
});

/** How many times as much CPU the other one takes for the same. */
const cpuBeside = (subject: string, scenario: string): Target['value'] => ({
  by: 'CPU',
  of: at(subject, scenario),
  to: at('gatehouse', scenario),
});

const cost = (of: Point, to: Point, by: Measure = 'CPU'): Target['value'] => ({ by, of, to });

const ONE_AT_10 = at(BIG, 'add 1 member to a group of 10');
const HIT = 'userName eq, found';
const EXTERNAL = 'externalId eq, found';
const FIRST = 'page of 100, first';
const ENTRA = 'Entra initial cycle, users';
const ENTRA_GROUPS = 'Entra initial cycle, groups of 150';

/** Numbered as the project counts its targets; 0 has no number. Targets against servers the bench does not run are not here. */
export const targets: readonly Target[] = [
  {
    number: 1,
    promise: 'create, rate beside the ceiling',
    value: rateBeside('ceiling', 'create a user'),
    atLeast: 0.6,
  },
  {
    number: 3,
    promise: 'userName look-up, CPU beside the ceiling',
    value: cpuBeside('ceiling', HIT),
    atLeast: 0.6,
  },
  {
    number: 3,
    promise: 'userName look-up, rate beside scimmy',
    value: rateBeside('scimmy', HIT),
    atLeast: 2,
  },
  { number: 3, promise: 'userName look-up, CPU beside scimmy', value: cpuBeside('scimmy', HIT), atLeast: 3 },
  {
    number: 4,
    promise: 'userName look-up, cost in the big directory',
    value: cost(at(BIG, HIT), at(SMALL, HIT)),
    atMost: 1.2,
  },
  {
    number: 4,
    promise: 'externalId look-up, cost in the big directory',
    value: cost(at(BIG, EXTERNAL), at(SMALL, EXTERNAL)),
    atMost: 1.2,
  },
  { number: 6, promise: 'page of 100, rate beside scimmy', value: rateBeside('scimmy', FIRST), atLeast: 20 },
  { number: 6, promise: 'page of 100, CPU beside scimmy', value: cpuBeside('scimmy', FIRST), atLeast: 20 },
  {
    number: 7,
    promise: 'last page, cost beside the first',
    value: cost(at(BIG, 'page of 100, last'), at(BIG, FIRST)),
    atMost: 1.3,
  },
  {
    number: 8,
    promise: 'add 1 member, cost in the biggest group',
    value: cost(at(BIG, `add 1 member to ${BIGGEST_GROUP}`), ONE_AT_10),
    atMost: 1.2,
  },
  {
    number: 8,
    promise: 'add 1 member at 1,000, rate beside scimmy',
    value: rateBeside('scimmy', 'add 1 member to a group of 1000'),
    atLeast: 100,
  },
  {
    number: 9,
    promise: 'add 100 members, cost beside adding 1',
    value: cost(
      at('gatehouse', 'add 100 members in one PATCH'),
      at('gatehouse', 'add 1 member to a group of 10'),
    ),
    atMost: 4,
  },
  ...(['path', 'list'] as const).map((form) => ({
    number: 10,
    promise: `remove 1 member of a big group by ${form}, cost beside 1 of 10`,
    value: cost(
      at(BIG, `remove 1 member from ${BIG_GROUP}, by ${form}`),
      at(BIG, `remove 1 member from a group of 10, by ${form}`),
    ),
    atMost: 1.3,
  })),
  {
    number: 11,
    promise: 'GET a big group without members, cost beside an empty one',
    value: cost(at(BIG, `GET ${BIG_GROUP}, without members`), at(BIG, 'GET a group of 0, without members')),
    atMost: 1.2,
  },
  {
    number: 11,
    promise: 'GET a group of 1,000, rate beside scimmy',
    value: rateBeside('scimmy', 'GET a group of 1000'),
    atLeast: 20,
  },
  {
    number: 12,
    promise: 'PATCH user, rate beside the ceiling',
    value: rateBeside('ceiling', 'PATCH a user'),
    atLeast: 0.6,
  },
  {
    number: 13,
    promise: 'Entra initial cycle, users, rate beside the ceiling',
    value: rateBeside('ceiling', ENTRA),
    atLeast: 0.6,
  },
  {
    number: 13,
    promise: 'Entra initial cycle, groups, rate beside scimmy',
    value: rateBeside('scimmy', ENTRA_GROUPS),
    atLeast: 5,
  },
  {
    number: 14,
    promise: 'Okta import, rate beside scimmy',
    value: rateBeside('scimmy', 'Okta import'),
    atLeast: 15,
  },
  {
    number: 15,
    promise: 'Bulk, cost per operation at 1,000 beside 100',
    value: cost(at('gatehouse', 'Bulk of 1000'), at('gatehouse', 'Bulk of 100'), 'CPU per unit'),
    atMost: 1.1,
  },
  {
    number: 15,
    promise: 'Bulk of 1,000, rate beside scimmy',
    value: rateBeside('scimmy', 'Bulk of 1000'),
    atLeast: 20,
  },
  {
    number: 20,
    promise: 'audit and recorder rows, cost of a create',
    value: cost(at(AUDITED, 'audit: create a user'), at(UNAUDITED, 'audit: create a user')),
    atMost: 1.25,
  },
  {
    number: 20,
    promise: 'audit and recorder rows, cost of a PATCH',
    value: cost(at(AUDITED, 'audit: PATCH a user'), at(UNAUDITED, 'audit: PATCH a user')),
    atMost: 1.25,
  },
  {
    number: 20,
    promise: 'recorder rows, cost of a userName look-up',
    value: cost(at(AUDITED, `audit: ${HIT}`), at(UNAUDITED, `audit: ${HIT}`)),
    atMost: 1.25,
  },
  {
    number: 19,
    promise: 'p99 of an organization during the full-speed initial cycle of another, beside p99 alone',
    value: { fact: NEIGHBOUR_P99, over: ALONE_P99 },
    atMost: 2,
  },
  {
    number: 16,
    promise: 'SAML response of two groups, judgements beside node-saml alone',
    value: { fact: JUDGED.small, over: NODE_SAML.small },
    atLeast: 4,
  },
  {
    number: 16,
    promise: 'SAML response of 150 groups, judgements beside node-saml alone',
    value: { fact: JUDGED.heavy, over: NODE_SAML.heavy },
    atLeast: 6,
  },
  {
    number: 17,
    promise: 'p99 of a look-up during 100 heavy SAML sign-ins a second, beside p99 alone, enough processors',
    value: { fact: ENOUGH.busy, over: ENOUGH.idle },
    atMost: 1.5,
  },
  {
    number: 17,
    promise: 'the same, gateway and crowd on the processors of this machine',
    value: { fact: SHARED.busy, over: SHARED.idle },
    atMost: 1.5,
  },
  {
    number: 18,
    promise: 'OIDC sign-ins, rate beside their crypto and durable writes alone',
    value: rateBeside(FLOOR, OIDC_SIGN_IN),
    atLeast: 0.5,
  },
  {
    number: 18,
    promise: 'OIDC sign-ins, CPU beside their crypto and durable writes alone',
    value: cpuBeside(FLOOR, OIDC_SIGN_IN),
    atLeast: 0.5,
  },
  {
    number: 0,
    promise: 'deactivation, ms until session, refresh and access token are dead, p99',
    value: { fact: DEAD_P99 },
    atMost: 1_000,
  },
  ...[ROUTED, REFUSED, RESET].map((fact) => ({
    ...{ number: 0, promise: `S155 ${fact}`, value: { fact } },
    atMost: 1.1,
  })),
  { number: 21, promise: 'RSS MB, many users and big groups', value: { fact: RSS_LOADED }, atMost: 250 },
  {
    number: 21,
    promise: 'RSS MB, growth from 1,000 to many users',
    value: { fact: RSS_MANY_USERS, minus: RSS_FEW_USERS },
    atMost: 60,
  },
  { number: 22, promise: 'start over the full store, ms to ready', value: { fact: RESTART }, atMost: 1_000 },
  {
    number: 0,
    promise: 'wait of another request during the largest answer, ms',
    value: { fact: LONGEST_WAIT },
    atMost: 50,
  },
];
