// The page itself: who is logged in, the buttons, and the log that they write.
import { code, find } from './dom.js';
import { headline, pill } from './answer.js';
import { from_axios, recorded_fetch, record, watch_axios } from './journal.js';
import { busy, hang_gallery } from './gallery.js';

watch_axios();

function show_user(user) {
  document.body.dataset.user = user ? user.email : '';
  find('#who').textContent = user ? user.email : 'nobody';
  find('#login').hidden = Boolean(user);
  find('#inside').hidden = !user;
}

// A login and a logout renew the visitor's token; the page takes over the one that their answer set.
function renew_token() {
  const cookie = document.cookie.split('; ').find((pair) => pair.startsWith('XSRF-TOKEN='));
  if (!cookie) return;
  window.csrf_token = cookie.slice('XSRF-TOKEN='.length);
  axios.defaults.headers.common['X-CSRF-TOKEN'] = window.csrf_token;
}

async function answer_of(promise) {
  try {
    const response = await promise;
    return from_axios(response.config, response);
  } catch (error) {
    if (!axios.isAxiosError(error)) throw error;
    return from_axios(error.config, error.response);
  }
}

function show_result(answer) {
  find('#result').replaceChildren(pill(answer), ' ', headline(answer));
}

async function log_in(form) {
  const { email, password, remember } = form.elements;
  const answer = await answer_of(axios.post('/login', {
    email: email.value, password: password.value, remember: remember.checked,
  }));
  find('#login-said').textContent = answer.status === 200 ? '' : answer.problem?.title ?? answer.body;
  if (answer.status !== 200) return;
  form.reset();
  renew_token();
  show_user((await axios.get('/api/me')).data);
}

async function log_out() {
  const answer = await answer_of(axios.post('/logout'));
  if (answer.status >= 400) return;
  show_user(null);
  await axios.get('/csrf-cookie');
  renew_token();
}

function talk() {
  const began = performance.now();
  const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/api/ws`);
  const tell = (status, body) => record({ method: 'WS', url: '/api/ws', ms: performance.now() - began, status, body, problem: null });
  return new Promise((done) => {
    socket.onopen = () => socket.send('hello');
    socket.onmessage = (event) => { tell(101, event.data); socket.onclose = done; socket.close(); };
    socket.onclose = () => { tell(0, 'refused before it opened: a browser shows a page no more than that'); done(); };
  });
}

const BUTTONS = {
  '#do-thing': async () => show_result(await answer_of(do_thing())),
  '#me': () => answer_of(axios.get('/api/me')),
  '#public': () => answer_of(axios.get('/public')),
  '#csrf-cookie': async () => { await answer_of(axios.get('/csrf-cookie')); renew_token(); },
  '#bare-post': () => recorded_fetch('/api/do_thing', { method: 'POST' }),
  '#socket': talk,
  '#logout': log_out,
  '#clear': () => { find('#journal ol').replaceChildren(); find('#journal').classList.remove('filled'); },
};

for (const [selector, work] of Object.entries(BUTTONS)) {
  const button = find(selector);
  button.addEventListener('click', () => busy(button, work));
}

find('#login').addEventListener('submit', (event) => {
  event.preventDefault();
  busy(find('#login button[type=submit]'), () => log_in(event.target));
});

for (const button of document.querySelectorAll('[data-fill]')) {
  button.addEventListener('click', () => {
    find('#login [name=email]').value = button.dataset.fill;
    find('#login [name=password]').value = button.dataset.password;
    find('#login button[type=submit]').focus();
  });
}

for (const block of document.querySelectorAll('pre[data-colour]')) block.replaceChildren(code(block.textContent.trim()));

await hang_gallery();
document.body.dataset.ready = 'yes';
