// Posts the page to the gateway by itself, except to a visitor who came back with the Back button and would be thrown
// forward again.
const [arrival] = performance.getEntriesByType("navigation");
if (!arrival || arrival.type !== "back_forward") {
  document.getElementById("envio").submit();
}
