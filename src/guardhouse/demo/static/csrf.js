// The server writes the visitor's CSRF token into the page; this hands it to the code of the thread.
window.csrf_token = document.querySelector('meta[name="csrf-token"]').content;
