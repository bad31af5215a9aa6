/* The notice page keeps itself fresh. Plain ES5 and XMLHttpRequest: old phones. The page works
   without this: its buttons are a form, and the browser loads it anew. */
(function () {
  "use strict";
  var main = document.getElementById("main");
  var stale = document.getElementById("stale");
  if (!main || !main.getAttribute("data-poll-s")) { return; }
  var pollMs = Number(main.getAttribute("data-poll-s")) * 1000;
  var fresh = Date.now();
  var touched = 0;
  var asking = false;
  var next = setTimeout(ask, pollMs);

  function hold() { touched = Date.now(); }
  document.addEventListener("touchstart", hold, false);
  document.addEventListener("mousedown", hold, false);

  function show(html) {
    var box = document.createElement("div");
    box.innerHTML = html.slice(html.indexOf("<main"), html.lastIndexOf("</main>") + 7);
    var next = box.firstChild;
    if (!next || !next.getAttribute) { return; }
    var changed = next.getAttribute("data-version") !== main.getAttribute("data-version");
    // A finger that is just going down must find the button it was aiming at.
    if (!changed || Date.now() - touched < 1500) { return; }
    if (document.querySelector("[data-holding]")) { return; }
    var focus = document.activeElement && document.activeElement.id;
    main.parentNode.replaceChild(next, main);
    main = next;
    if (focus && document.getElementById(focus)) { document.getElementById(focus).focus(); }
    if (navigator.vibrate) { try { navigator.vibrate(200); } catch (ignored) { /* not allowed */ } }
  }

  function ask() {
    if (asking) { return; }
    asking = true;
    clearTimeout(next);
    var request = new XMLHttpRequest();
    request.onreadystatechange = function () {
      if (request.readyState !== 4) { return; }
      asking = false;
      if (request.status === 200 || request.status === 410) {
        fresh = Date.now();
        show(request.responseText);
      } else if (request.status === 404) {
        location.reload();
        return;
      }
      stale.hidden = Date.now() - fresh < pollMs * 3;
      if (main.getAttribute("data-poll-s")) { next = setTimeout(ask, pollMs); }
    };
    request.open("GET", location.pathname, true);
    request.timeout = 5000; // a network that forgot us says nothing: ask anew
    request.send();
  }
  // Back from sleep, from another app, from another network
  function back() { if (!document.hidden) { ask(); } }
  document.addEventListener("visibilitychange", back, false);
  window.addEventListener("pageshow", function (event) { if (event.persisted) { ask(); } }, false);
  window.addEventListener("online", back, false);
}());
