// The token goes along to our own origin only; another one must never see it.
function with_token(request) {
  const cookie = document.cookie.split('; ').find((pair) => pair.startsWith('XSRF-TOKEN='));
  if (cookie && new URL(request.url, location.href).origin === location.origin) {
    request.headers['X-XSRF-TOKEN'] = cookie.slice('XSRF-TOKEN='.length);
  }
  return request;
}

window.ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  requestInterceptor: with_token,
});
