axios.defaults.headers.common = {
  'X-Requested-With': 'XMLHttpRequest',
  'X-CSRF-TOKEN': window.csrf_token
};

function do_thing() {
  return axios.post('/api/do_thing');
}
