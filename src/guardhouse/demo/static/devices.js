// The list of devices on the account page: GET /api/sessions, and DELETE for one of them or for all others.
const card = document.querySelector('#devices');
const [list, status, others] = ['ul', '[role="status"]', '[data-id=""]'].map((name) => card.querySelector(name));

function element(name, text, properties = {}) {
  return Object.assign(document.createElement(name), { textContent: text }, properties);
}

function moment(seconds) {
  return new Date(seconds * 1000).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
}

function row(session) {
  const item = document.createElement('li');
  const place = session.address && `from ${session.address}, `;
  item.append(element('b', session.device || 'unknown program'));
  item.append(element('small', `${place}last seen ${moment(session.seen)}, since ${moment(session.logged_in)}`));
  if (session.remembered) {
    item.append(element('small', `stays logged in until ${moment(session.until)}`));
  }
  if (session.current) {
    item.append(element('span', 'this one'));
  } else {
    const button = element('button', 'Log out', { type: 'button' });
    button.dataset.id = session.id;
    button.setAttribute('aria-label', `Log out ${session.device || 'unknown program'}`);
    item.append(button);
  }
  return item;
}

async function ask(method, id = '') {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const headers = { Accept: 'application/json', 'X-CSRF-TOKEN': token };
  return fetch(`/api/sessions${id && `/${id}`}`, { method, headers });
}

async function show() {
  const answer = await ask('GET');
  card.hidden = answer.status === 404;
  const body = await answer.json();
  if (!answer.ok) {
    status.textContent = body.title ?? body.detail;
    others.hidden = true;
    return;
  }
  list.replaceChildren(...body.sessions.map(row));
  others.hidden = body.sessions.length < 2;
}

card.addEventListener('click', async ({ target }) => {
  const { id } = target.dataset;
  if (id === undefined) return;
  const answer = await ask('DELETE', id);
  const ended = answer.status === 404 ? 'It had ended already.' : 'Logged out.';
  status.textContent = answer.ok || answer.status === 404 ? ended : (await answer.json()).title;
  await show();
});

show();
