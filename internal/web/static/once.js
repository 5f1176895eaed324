// A form is sent once: a second press within ten seconds does nothing.
{
  const sent = new WeakMap()
  document.addEventListener('submit', (event) => {
    const before = sent.get(event.target)
    if (before !== undefined && event.timeStamp - before < 10_000) event.preventDefault()
    else sent.set(event.target, event.timeStamp)
  })
  addEventListener('pageshow', () => document.querySelectorAll('form').forEach((form) => sent.delete(form))) // back again
}
