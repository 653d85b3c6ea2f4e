/** The people a bench pushes: about a kilobyte each, as an identity provider sends them. */

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ENTERPRISE_SCHEMA = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const DEPARTMENTS = ['Engineering', 'Sales', 'Finance', 'Legal', 'Support', 'Research'];

/** Who was pushed; `id` is empty until the server has given one. */
export interface Person {
  readonly id: string;
  readonly userName: string;
  readonly externalId: string;
}

/** The person with this number; `kind` keeps the names of different scenarios apart. */
export function person(number: number, kind = 'u'): Person {
  return { id: '', userName: `${kind}${number}@bench.example`, externalId: `external-${kind}${number}` };
}

/** The body of a POST for that person. */
export function personBody(number: number, kind = 'u') {
  const { userName, externalId } = person(number, kind);
  const name = { givenName: `Given${number}`, familyName: `Family${number}` };
  return {
    schemas: [USER_SCHEMA, ENTERPRISE_SCHEMA],
    userName,
    externalId,
    active: true,
    displayName: `${name.givenName} ${name.familyName}`,
    name: { ...name, formatted: `${name.givenName} ${name.familyName}` },
    title: 'Analyst',
    preferredLanguage: 'en-GB',
    emails: [{ value: userName, type: 'work', primary: true }],
    phoneNumbers: [{ value: `+44 20 7946 ${String(number % 10_000).padStart(4, '0')}`, type: 'work' }],
    addresses: [
      {
        type: 'work',
        streetAddress: `${number} High Street`,
        locality: 'Leeds',
        postalCode: 'LS1 1AA',
        country: 'GB',
      },
    ],
    [ENTERPRISE_SCHEMA]: {
      employeeNumber: String(100_000 + number),
      department: DEPARTMENTS[number % DEPARTMENTS.length],
      costCenter: `CC${number % 50}`,
    },
  };
}

/** The body of a PATCH with these operations. */
export function patchBody(...operations: readonly object[]) {
  return { schemas: [PATCH_SCHEMA], Operations: operations };
}

/** The value of `members` that names these people. */
export const memberValues = (people: readonly Person[]) => people.map(({ id }) => ({ value: id }));
