/** The attributes of a verified assertion as a bounded map of strings; a name is only ever a key (S55, S56). */
import { refuse } from './rejections.ts';
import { attributeOf, childrenOf, SAML_NS, type XmlElement } from './xml-tree.ts';

const MAX_NAMES = 250;
const MAX_NAME_LENGTH = 512;
/** Active Directory itself ends at about a thousand groups; each value costs the signature engine time. */
const MAX_VALUES = 1024;
const MAX_VALUE_LENGTH = 4096;

/**
 * All AttributeStatements together (SAML core §2.7.3), in document order. Keycloak repeats the Attribute for each role:
 * values of one name are joined. A Map and not an object: `__proto__` is a key like any other. Refuses
 * `saml.attribute_limits` and, for a value with elements inside, `saml.attribute_nested`.
 */
export function readAttributes(assertion: XmlElement): ReadonlyMap<string, readonly string[]> {
  const attributes = new Map<string, readonly string[]>();
  let total = 0;
  for (const statement of childrenOf(assertion, SAML_NS, 'AttributeStatement')) {
    if (childrenOf(statement, SAML_NS, 'Attribute').length !== statement.children.length) {
      // EncryptedAttribute, or something we do not know: what cannot be read is not ignored.
      refuse('saml.attribute_nested');
    }
    for (const attribute of statement.children) {
      const name = attributeOf(attribute, 'Name') ?? '';
      const values = childrenOf(attribute, SAML_NS, 'AttributeValue').map(readValue);
      total += values.length;
      attributes.set(name, [...(attributes.get(name) ?? []), ...values]);
      const isNamed = name !== '' && name.length <= MAX_NAME_LENGTH;
      if (!isNamed || total > MAX_VALUES || attributes.size > MAX_NAMES) refuse('saml.attribute_limits');
    }
  }
  return attributes;
}

function readValue(value: XmlElement): string {
  if (value.children.length > 0) return refuse('saml.attribute_nested');
  if (value.text.length > MAX_VALUE_LENGTH) return refuse('saml.attribute_limits');
  return value.text;
}
