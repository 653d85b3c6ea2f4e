// Makes and uses passkeys (WebAuthn). Loaded only where a page offers one; without it every page works with a password.

const bytesOf = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
    character.charCodeAt(0),
  );

const textOf = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');

async function post(path, body) {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  });
  const told = answer.status === 204 ? {} : await answer.json();
  if (!answer.ok) throw new Error(told.detail ?? 'This did not work. Please try again.');
  return told;
}

async function register(form) {
  const options = await post('/api/v1/account/passkeys/options', {
    currentPassword: form.elements.namedItem('current_password').value,
  });
  const credential = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytesOf(options.challenge),
      user: { ...options.user, id: bytesOf(options.user.id) },
      excludeCredentials: options.excludeCredentials.map((known) => ({ ...known, id: bytesOf(known.id) })),
    },
  });
  const { response } = credential;
  await post('/api/v1/account/passkeys', {
    name: form.elements.namedItem('name').value,
    credential: {
      id: credential.id,
      response: {
        clientDataJSON: textOf(response.clientDataJSON),
        attestationObject: textOf(response.attestationObject),
        transports: response.getTransports?.() ?? [],
      },
    },
  });
  location.assign('/account?done=passkey');
}

const signIn = (form) => use(form, '/sign-in/passkey');
const signInAgain = (form) => use(form, '/sign-in-again/passkey');

async function use(form, door) {
  const options = await post('/sign-in/passkey/options', {});
  const { id, response } = await navigator.credentials.get({
    publicKey: { ...options, challenge: bytesOf(options.challenge), allowCredentials: [] },
  });
  await post(door, {
    organization: form.elements.namedItem('organization')?.value,
    id,
    response: {
      clientDataJSON: textOf(response.clientDataJSON),
      authenticatorData: textOf(response.authenticatorData),
      signature: textOf(response.signature),
      userHandle: response.userHandle === null ? null : textOf(response.userHandle),
    },
  });
  location.assign(form.elements.namedItem('return_to')?.value ?? '/');
}

// A person who closes the browser's own window has changed their mind: nothing to say about it.
const wordsOf = (error) =>
  error.name === 'NotAllowedError'
    ? 'No passkey was used.'
    : error.name === 'InvalidStateError'
      ? 'This device has a passkey for your account already.'
      : error.message;

function offer(form, act) {
  const told = form.querySelector('[role="alert"]');
  form.closest('[hidden]')?.removeAttribute('hidden');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button');
    button.disabled = true;
    told.hidden = true;
    try {
      await act(form);
    } catch (error) {
      told.textContent = wordsOf(error);
      told.hidden = false;
      button.disabled = false;
      button.focus();
    }
  });
}

if (window.PublicKeyCredential !== undefined) {
  for (const form of document.querySelectorAll('form[data-passkey="register"]')) offer(form, register);
  for (const form of document.querySelectorAll('form[data-passkey="sign-in"]')) offer(form, signIn);
  for (const form of document.querySelectorAll('form[data-passkey="sign-in-again"]'))
    offer(form, signInAgain);
}
