/** The pretended companies: the same for the same seed, and awkward enough to be worth pushing. */
import { describe, expect, test } from '@jest/globals';
import { makePopulation, type PopulationWish } from '../../scripts/simulate/population.ts';

const wish: PopulationWish = { users: 50, groups: 10, seed: 7, domain: 'acme.example' };

describe('population', () => {
  test('the same seed gives the same company, another one another', () => {
    expect(makePopulation(wish)).toEqual(makePopulation(wish));
    expect(makePopulation({ ...wish, seed: 8 })).not.toEqual(makePopulation(wish));
  });

  test('more people do not change those who were there', () => {
    const { people } = makePopulation({ ...wish, users: 80 });
    expect(people.slice(0, 50)).toEqual(makePopulation(wish).people);
  });

  test.each([[0], [1], [7], [4_294_967_295]])('with seed %d nothing unique is there twice', (seed) => {
    const { people, groups } = makePopulation({ ...wish, users: 300, seed });
    for (const key of ['key', 'externalId', 'userName', 'email'] as const) {
      expect(new Set(people.map((person) => person[key].toLowerCase())).size).toBe(300);
    }
    expect(new Set(groups.map(({ name }) => name)).size).toBe(10);
    expect(new Set(groups.map(({ externalId }) => externalId)).size).toBe(10);
  });

  test('addresses are plain and of the domain, names are as the world writes them', () => {
    const { people } = makePopulation({ ...wish, users: 300 });
    for (const { email } of people) expect(email).toMatch(/^[a-z-]+\.[a-z]+\d+@acme\.example$/);
    expect(people.some(({ displayName }) => /[\p{Script=Cyrillic}\p{Script=Han}]/u.test(displayName))).toBe(
      true,
    );
    expect(people.some(({ userName, email }) => userName !== email)).toBe(true);
  });

  test('no group is empty, nobody is in one twice, and only members of the company are in', () => {
    const { people, groups } = makePopulation(wish);
    for (const { members } of groups) {
      expect(members.length).toBeGreaterThan(0);
      expect(new Set(members).size).toBe(members.length);
      for (const member of members) expect(people).toContain(member);
    }
  });

  test('everybody but the first has a manager who is there before them', () => {
    const { people } = makePopulation(wish);
    const [first, ...others] = people;
    expect(first?.managerKey).toBeUndefined();
    for (const { key, managerKey } of others) {
      const [own, managers] = [key, managerKey].map((text) => Number(text?.slice(1)));
      expect(managers).toBeLessThan(Number(own));
    }
  });

  test('nobody and no group is a company too', () => {
    expect(makePopulation({ ...wish, users: 0, groups: 1 }).groups[0]?.members).toEqual([]);
  });
});
