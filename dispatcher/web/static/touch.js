/* One touch is one answer, and an end can be taken back for a moment. Plain ES5: old phones. */
(function () {
  "use strict";
  var SAME_TOUCH_MS = 1000, NEAR_PX = 48, SENT_MS = 1500;
  var before = null; // the last touch on the page that stood here before this one
  var sent = 0;
  var held = null;

  try { before = JSON.parse(sessionStorage.getItem("touch")); } catch (ignored) { /* not kept */ }
  function touched(event) {
    var at = event.touches ? event.touches[0] : event;
    var touch = JSON.stringify({ x: at.clientX, y: at.clientY, at: Date.now() });
    try { sessionStorage.setItem("touch", touch); } catch (ignored) { /* not kept */ }
  }
  document.addEventListener("touchstart", touched, true);
  document.addEventListener("mousedown", touched, true);

  /* A second tap of a touch that began on the page before: its finger has not seen this one. */
  document.addEventListener("click", function (event) {
    if (!before || !event.detail || Date.now() - before.at > SAME_TOUCH_MS) { return; }
    var near = Math.abs(event.clientX - before.x) < NEAR_PX &&
      Math.abs(event.clientY - before.y) < NEAR_PX;
    if (near) { event.preventDefault(); }
  }, true);

  /* An end is held back here, with a button that takes it back where "no" stood */
  function hold(form) {
    var box = form.parentNode, yes = form.querySelector(".yes"), no = box.querySelector(".no");
    var status = box.querySelector(".held"), left = Number(form.getAttribute("data-undo-s"));
    var words = [yes.textContent, no.textContent];
    function tick() {
      if (left === 0) { clearInterval(ticking); sent = Date.now(); form.submit(); return; }
      yes.textContent = form.getAttribute("data-wait").replace("*", left);
      left -= 1;
    }
    var ticking = setInterval(tick, 1000);
    form.setAttribute("data-holding", "");
    tick();
    status.textContent = yes.textContent;
    yes.setAttribute("aria-disabled", "true");
    no.textContent = form.getAttribute("data-undo");
    no.focus();
    held = function () {
      clearInterval(ticking);
      held = null;
      form.removeAttribute("data-holding");
      yes.removeAttribute("aria-disabled");
      yes.textContent = words[0];
      no.textContent = words[1];
      status.textContent = form.getAttribute("data-undone");
    };
  }
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (held) {
      event.preventDefault();
      if (form.querySelector(".no")) { held(); }
    } else if (Date.now() - sent < SENT_MS) {
      event.preventDefault();
    } else if (form.hasAttribute("data-undo-s")) {
      event.preventDefault();
      hold(form);
    } else {
      sent = Date.now();
    }
  }, false);
  // Whoever looks away does not see that it ends: it does not.
  document.addEventListener("visibilitychange", function () {
    if (document.hidden && held) { held(); }
  }, false);
  window.addEventListener("pageshow", function () { sent = 0; }, false);
}());
