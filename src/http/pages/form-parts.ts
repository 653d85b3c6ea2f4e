/** The pieces forms are made of: labelled fields, a message read out at once, the hidden token. */
import { type Html, html } from './html.ts';

export interface TextField {
  readonly name: string;
  /** Unique on the page; the name if absent. */
  readonly id?: string;
  readonly label: string;
  /** `text` if absent. */
  readonly type?: 'text' | 'email' | 'password' | 'url';
  /** May be left empty. */
  readonly isOptional?: boolean;
  /** The HTML autofill name, such as `username` or `new-password`; `off` if absent. */
  readonly autocomplete?: string;
  /** What was typed before; never for passwords. */
  readonly value?: string;
  readonly hint?: string;
  /** What is wrong with it; the field is marked. */
  readonly problem?: string | undefined;
  /** Gets the focus; absent: when something is wrong with it. A page has one such field. */
  readonly isFocused?: boolean;
}

/** A text field, required unless it says otherwise, with its label; hint and problem are tied to it for screen readers (WCAG 1.3.1, 3.3.1). */
export function textField(field: TextField): Html {
  const {
    name,
    id = name,
    label,
    type = 'text',
    autocomplete = 'off',
    value,
    hint,
    problem,
    isOptional,
    isFocused = problem !== undefined,
  } = field;
  const describedBy = [
    ...(hint === undefined ? [] : [`${id}-hint`]),
    ...(problem === undefined ? [] : [`${id}-problem`]),
  ].join(' ');
  return html`<div class="field">
<label for="${id}">${label}</label>
${hint !== undefined && html`<p class="hint" id="${id}-hint">${hint}</p>`}
${problem !== undefined && html`<p class="wrong" id="${id}-problem" role="alert">${problem}</p>`}
<input id="${id}" name="${name}" type="${type}" autocomplete="${autocomplete}" maxlength="512"${isOptional !== true && html` required`}${
    value !== undefined && html` value="${value}"`
  }${describedBy !== '' && html` aria-describedby="${describedBy}"`}${
    problem !== undefined && html` aria-invalid="true"`
  }${isFocused && html` autofocus`}${type === 'email' && html` inputmode="email" spellcheck="false" autocapitalize="none"`}>
</div>`;
}

/** Whose password a form is about, for password managers, which keep it with the address; nothing where nobody knows. */
export const usernameField = (address: string | null): Html | null =>
  address === null
    ? null
    : html`<input class="unseen" type="text" name="username" autocomplete="username" value="${address}" readonly tabindex="-1" aria-hidden="true">`;

/** The field for a code of the second factor or a recovery code. */
export const codeField = (problem?: string, more: Pick<TextField, 'id' | 'isFocused'> = {}): Html =>
  textField({
    name: 'code',
    ...more,
    label: 'Code',
    autocomplete: 'one-time-code',
    hint: 'Six digits from your authenticator app, or one of your recovery codes.',
    problem,
  });

/** A value the form carries along; nothing when there is none. */
export const hiddenField = (name: string, value: string | null): Html | null =>
  value === null ? null : html`<input type="hidden" name="${name}" value="${value}">`;

/** What went wrong, read out by screen readers as soon as the page is there. */
export const problemBox = (text: string | undefined): Html | null =>
  text === undefined ? null : html`<p class="wrong" role="alert">${text}</p>`;
