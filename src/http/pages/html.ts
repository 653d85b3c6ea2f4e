/** Text with markup, escaped by construction: whatever is put into a template is text unless a template made it. */
import { escapeMarkup } from '../../kernel/text.ts';

const MARKUP = Symbol('markup');

/** Markup that a template of ours produced. Nothing else can be made to look like it. */
export interface Html {
  readonly [MARKUP]: string;
}

/** What a template takes: absent values and `false` leave nothing behind, lists are joined. */
export type HtmlValue = Html | string | number | null | undefined | false | readonly HtmlValue[];

/** Builds markup; every value that is not Html is escaped, in texts as in quoted attributes (S203). */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const text = parts.map((part, index) => (index === 0 ? part : `${render(values[index - 1])}${part}`));
  return { [MARKUP]: text.join('') };
}

/** The markup as text, ready to be sent. */
export const markupOf = (value: Html): string => value[MARKUP];

/** A text somebody else chose, kept from changing the direction of the text around it (S209). */
export const isolated = (text: string): Html => html`<bdi>${text}</bdi>`;

function render(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return '';
  if (typeof value === 'string') return escapeMarkup(value);
  if (typeof value === 'number') return String(value);
  if (isList(value)) return value.map(render).join('');
  return value[MARKUP];
}

const isList = (value: Html | readonly HtmlValue[]): value is readonly HtmlValue[] => Array.isArray(value);
