// Keep a log of every call of this page, newest first, whoever made it: axios or fetch.
import { element, find } from './dom.js';
import { explanation, headline, is_refusal, pill } from './answer.js';

const KEPT = 60;

export function record(answer) {
  const list = find('#journal ol');
  const head = [
    pill(answer),
    element('span', { className: 'call' }, element('b', {}, answer.method), ' ', answer.url),
    element('time', {}, `${Math.round(answer.ms)} ms`),
    headline(answer),
  ];
  const entry = is_refusal(answer)
    ? element('details', {}, element('summary', {}, ...head), explanation(answer))
    : element('div', { className: 'plain' }, ...head);
  for (const older of list.querySelectorAll('details[open]')) older.open = false;
  if (is_refusal(answer)) entry.open = true;
  list.prepend(element('li', { 'data-status': answer.status, 'data-code': answer.problem?.code }, entry));
  if (list.children.length > KEPT) list.lastElementChild.remove();
  find('#journal').classList.add('filled');
  return answer;
}

export function watch_axios() {
  axios.interceptors.request.use((config) => Object.assign(config, { began: performance.now() }));
  axios.interceptors.response.use(
    (response) => { record(from_axios(response.config, response)); return response; },
    (error) => { record(from_axios(error.config, error.response)); return Promise.reject(error); },
  );
}

export function from_axios(config, response) {
  const about = { method: config.method.toUpperCase(), url: shown(config.url), ms: performance.now() - config.began };
  return response ? { ...about, status: response.status, ...read(response.headers['content-type'], response.data) }
    : { ...about, ...LOST };
}

export async function recorded_fetch(url, options = {}) {
  const began = performance.now();
  const about = () => ({ method: options.method ?? 'GET', url: shown(url), ms: performance.now() - began });
  try {
    const response = await fetch(url, options);
    const kind = response.headers.get('content-type') ?? '';
    const body = kind.includes('json') ? await response.json() : await response.text();
    return record({ ...about(), status: response.status, ...read(kind, body) });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return record({ ...about(), ...LOST });
  }
}

const LOST = { status: 0, problem: null, body: 'the browser did not let the page read an answer, or the server is away' };

function read(kind, body) {
  return { body, problem: String(kind ?? '').startsWith('application/problem+json') ? body : null };
}

function shown(url) {
  const full = new URL(url, location.href);
  return full.origin === location.origin ? full.pathname + full.search : full.host + full.pathname;
}
