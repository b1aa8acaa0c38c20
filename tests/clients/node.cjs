// A program in node: it asks with fetch, or with the axios of the thread, and keeps cookies itself as there is no browser to.
// Called with the kind of client, the file of axios and the address; reads one JSON request per line, answers with one.
'use strict';

const [kind, file, address] = process.argv.slice(2);
const axios = require(file);
const jar = new Map();

const CLIENTS = {
  async fetch(url, { method, headers, body }) {
    const answer = await fetch(url, { method, headers, body });
    const { status } = answer;
    return { status, reason: answer.headers.get('guardhouse-reason'), cookies: answer.headers.getSetCookie(), body: await answer.text() };
  },
  async axios(url, { method, headers, body }) {
    const anyStatus = () => true;
    const answer = await axios.request({ url, method, headers, data: body, validateStatus: anyStatus, responseType: 'text' });
    const { status, data } = answer;
    return { status, reason: answer.headers['guardhouse-reason'] ?? null, cookies: answer.headers['set-cookie'] ?? [], body: data };
  },
};

function keep(lines) {
  for (const line of lines.flat()) {
    const [pair, ...attributes] = line.split('; ');
    const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
    if (attributes.includes('Max-Age=0')) jar.delete(name);
    else jar.set(name, value);
  }
}

async function ask({ method, path, headers, body, cookies }) {
  const sent = { ...headers };
  if (cookies && jar.size) sent.Cookie = [...jar].map((pair) => pair.join('=')).join('; ');
  const answer = await CLIENTS[kind](address + path, { method, headers: sent, body: body ?? undefined });
  keep(answer.cookies);
  return { status: answer.status, reason: answer.reason, body: answer.body, csrf: jar.get('XSRF-TOKEN') ?? '' };
}

(async () => {
  for await (const line of require('node:readline').createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await ask(JSON.parse(line))));
  }
})();
