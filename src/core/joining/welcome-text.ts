/** The closed set of variables a welcome text may hold, filled in once: what people are called is never read as a variable (S207). */

/** Each stands in the text as `{name}`. */
export const WELCOME_VARIABLES = [
  'name',
  'organization',
  'team',
  'role',
  'link',
  'resources',
  'support',
  'product',
] as const;

export type WelcomeValues = Readonly<Record<(typeof WELCOME_VARIABLES)[number], string>>;

const VARIABLE = /\{([^{}\n]{0,100})\}/g;
const isKnown = (name: string): name is keyof WelcomeValues => WELCOME_VARIABLES.some((one) => one === name);

/** What stands in braces and is no variable, in the order of the text. */
export const unknownVariables = (text: string): readonly string[] =>
  [...text.matchAll(VARIABLE)].map(([, name = '']) => name).filter((name) => !isKnown(name));

/**
 * One pass over the text: values are put in as they are and not looked at again. Private-use characters, which mean nothing to
 * anybody, are dropped from them: `link` may be one that the layout turns into our address later.
 */
export const fillIn = (text: string, values: WelcomeValues): string =>
  text.replace(VARIABLE, (whole, name: string) => {
    if (!isKnown(name)) return whole;
    return name === 'link' ? values.link : values[name].replace(/\p{Co}/gu, '');
  });
