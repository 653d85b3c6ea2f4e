/** The people and groups of a pretended company: the same for the same seed, with names as the world writes them. */

export interface Person {
  /** Unique in the population, `p1` for the first. */
  readonly key: string;
  /** The identity provider's own id of the person. */
  readonly externalId: string;
  readonly userName: string;
  readonly email: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly displayName: string;
  readonly title: string;
  readonly department: string;
  readonly phone: string;
  /** Key of the manager; undefined for whoever leads. */
  readonly managerKey: string | undefined;
}

export interface Group {
  /** Unique in the population, `g1` for the first. */
  readonly key: string;
  readonly externalId: string;
  readonly name: string;
  readonly members: readonly Person[];
}

export interface Population {
  readonly domain: string;
  readonly people: readonly Person[];
  readonly groups: readonly Group[];
}

export interface PopulationWish {
  readonly users: number;
  readonly groups: number;
  /** Any whole number; the same one gives the same company. */
  readonly seed: number;
  /** Of every e-mail address. */
  readonly domain: string;
}

/** Makes up a company. Pure: equal wishes give equal people, ids, names and memberships. */
export function makePopulation(wish: PopulationWish): Population {
  const random = randomFrom(wish.seed);
  const people: Person[] = [];
  for (let index = 0; index < wish.users; index += 1) people.push(makePerson(index, wish, random));
  const groups = Array.from({ length: wish.groups }, (_, index) => ({
    key: `g${index + 1}`,
    externalId: makeId(random),
    name: GROUP_NAMES[index] ?? `Team ${index + 1}`,
    members: pickMembers(people, index, random),
  }));
  return { domain: wish.domain, people, groups };
}

type Random = () => number;

/** Mulberry32: small, and good enough to scatter names. */
function randomFrom(seed: number): Random {
  let now = seed >>> 0;
  return () => {
    now = (now + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(now ^ (now >>> 15), now | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function makePerson(index: number, wish: PopulationWish, random: Random): Person {
  const [givenName, givenAscii] = pick(GIVEN_NAMES, random);
  const [familyName, familyAscii] = pick(FAMILY_NAMES, random);
  const local = `${givenAscii}.${familyAscii}${index + 1}`;
  const email = `${local}@${wish.domain}`;
  return {
    key: `p${index + 1}`,
    externalId: makeId(random),
    // Directories keep the case people typed once; a server must give it back as it came.
    userName:
      index % 7 === 3 ? `${local.replace(/^./, (first) => first.toUpperCase())}@${wish.domain}` : email,
    email,
    givenName,
    familyName,
    displayName: `${givenName} ${familyName}`,
    title: pick(TITLES, random),
    department: pick(DEPARTMENTS, random),
    phone: `+47 ${String(10_000_000 + Math.floor(random() * 89_999_999)).replace(/(\d{2})(?=\d)/g, '$1 ')}`,
    managerKey: index === 0 ? undefined : `p${1 + Math.floor(random() * Math.min(index, 5))}`,
  };
}

/** About a third of all people, and for certain the one who stands at the group's number, so that no group is empty. */
function pickMembers(people: readonly Person[], index: number, random: Random): Person[] {
  const certain = people.length === 0 ? -1 : index % people.length;
  return people.filter((_, position) => random() < 0.3 || position === certain);
}

function makeId(random: Random): string {
  const part = (length: number) =>
    Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');
  return `${part(8)}-${part(4)}-4${part(3)}-a${part(3)}-${part(12)}`;
}

function pick<Item>(list: readonly [Item, ...Item[]], random: Random): Item {
  return list[Math.floor(random() * list.length)] ?? list[0];
}

type Spelled = readonly [shown: string, ascii: string];

const GIVEN_NAMES: readonly [Spelled, ...Spelled[]] = [
  ['Ada', 'ada'],
  ['Zoë', 'zoe'],
  ['Łukasz', 'lukasz'],
  ['Søren', 'soren'],
  ['José', 'jose'],
  ['Мария', 'maria'],
  ['Nguyệt', 'nguyet'],
  ['美咲', 'misaki'],
  ['Fatma', 'fatma'],
  ['İpek', 'ipek'],
  ['Grace', 'grace'],
  ['Siobhán', 'siobhan'],
  ['Jean-Luc', 'jean-luc'],
  ['Omar', 'omar'],
  ['Ingrid', 'ingrid'],
  ['Tariq', 'tariq'],
];

const FAMILY_NAMES: readonly [Spelled, ...Spelled[]] = [
  ['Lovelace', 'lovelace'],
  ['O’Brien', 'obrien'],
  ['Müller', 'mueller'],
  ['Østergård', 'oestergaard'],
  ['Nuñez', 'nunez'],
  ['Иванова', 'ivanova'],
  ['Trần', 'tran'],
  ['佐藤', 'sato'],
  ['Yıldız', 'yildiz'],
  ['van der Berg', 'vanderberg'],
  ['Hopper', 'hopper'],
  ['Ó Súilleabháin', 'osullivan'],
  ['Al-Farsi', 'alfarsi'],
  ['Kowalczyk', 'kowalczyk'],
];

const TITLES: readonly [string, ...string[]] = ['Engineer', 'Analyst', 'Account Executive', 'Team Lead'];
const DEPARTMENTS: readonly [string, ...string[]] = ['Engineering', 'Sales', 'Finance', 'R&D', 'Büro Zürich'];
/** Quotes, accents and separators are what lookups by name stumble over. */
const GROUP_NAMES: readonly string[] = [
  'Engineering',
  'Engineering Leads',
  'Sales',
  'Support – Zürich',
  'Finance "EMEA"',
  'IT Admins',
  'R&D / Labs',
  'Éditeurs',
];
