// The QR of a letter carries its code in the address's fragment, which a browser keeps to itself. Here it moves into the field, follows
// the links to other languages, and leaves the address when the form is sent.

const box = document.getElementById('csv')
const code = new URLSearchParams(location.hash.slice(1)).get('csv')

if (box && code && /^[0-9A-Za-z -]{1,40}$/.test(code)) {
  if (!box.value) box.value = code.replace(/[ -]/g, '').replace(/(.{4})(?=.)/g, '$1 ')
  for (const link of document.querySelectorAll('.languages a')) link.hash = location.hash
  box.form.addEventListener('submit', () => history.replaceState(null, '', location.pathname + location.search))
}
