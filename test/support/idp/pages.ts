/** The plain HTML of the bundled test identity providers: choose a person. */

/** Makes text safe in HTML text and in double-quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

interface LoginPage {
  readonly title: string;
  readonly action: string;
  readonly method: 'get' | 'post';
  readonly users: readonly { readonly email: string; readonly name?: string | undefined }[];
  readonly hidden?: Readonly<Record<string, string>>;
  readonly message?: string;
}

/** A form with one field `email` that offers the known people. */
export function loginPage({ title, action, method, users, hidden = {}, message }: LoginPage): string {
  const fields = Object.entries(hidden).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  const options = users.map(
    ({ email, name }) => `<option value="${escapeHtml(email)}">${escapeHtml(name ?? email)}</option>`,
  );
  return page(
    title,
    `${message === undefined ? '' : `<p role="alert">${escapeHtml(message)}</p>`}
<form method="${method}" action="${escapeHtml(action)}">
${fields.join('\n')}
<label>Sign in as <input name="email" list="people" autocomplete="off" autofocus></label>
<datalist id="people">${options.join('')}</datalist>
<button type="submit">Sign in</button>
</form>`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>
<body><h1>${escapeHtml(title)}</h1>
${body}
</body></html>`;
}
