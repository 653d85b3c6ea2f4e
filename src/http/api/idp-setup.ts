/** What the admin of an identity provider types there, in the words of its screens: the form of a product with our values put in. */

export interface SetupForm<Values> {
  /** Field of its screen, and which of our values goes there; what begins with `=` is typed as it is. */
  readonly fields: readonly (readonly [label: string, value: (keyof Values & string) | `=${string}`])[];
  /** Attribute or claim to be sent, and what it holds in the words of that product. */
  readonly send: readonly (readonly [name: string, source: string])[];
}

/** The form as the API answers it. */
export function filledIn<Values extends Readonly<Record<keyof Values, string>>>(
  { fields, send }: SetupForm<Values>,
  values: Values,
) {
  const isOurs = (value: string | keyof Values): value is keyof Values => Object.hasOwn(values, value);
  return {
    fields: fields.map(([label, value]) => ({
      label,
      value: isOurs(value) ? values[value] : value.slice(1),
    })),
    attributes: send.map(([name, source]) => ({ name, source })),
  };
}
