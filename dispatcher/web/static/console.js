/* The console keeps itself fresh, counts clocks on, sounds, and says so when it cannot. ES5. */
(function () {
  "use strict";
  var body = document.body;
  var silentMs = Number(body.getAttribute("data-silent-s")) * 1000;
  var beatMs = Number(body.getAttribute("data-beat-s")) * 1000;
  var RETRY_MOST_MS = 5000; // between two tries to follow, and between two looks without a stream
  var TOUCH_MS = 1000; // nothing is moved so soon after a touch
  var heard = Date.now(); // when this page last knew that it shows what is
  var behind = 0; // since when a change is known and not shown
  var asking = false;
  var again = false;
  var loaded = Date.now();

  function by(id) { return document.getElementById(id); }
  function each(selector, act) {
    Array.prototype.forEach.call(document.querySelectorAll(selector), act);
  }
  function two(number) { return (number < 10 ? "0" : "") + number; }

  /* Clocks */

  function stopwatch(seconds) {
    var hours = Math.floor(seconds / 3600), minutes = Math.floor(seconds / 60) % 60;
    var rest = two(seconds % 60);
    return hours ? hours + ":" + two(minutes) + ":" + rest : minutes + ":" + rest;
  }
  function clocks() {
    var passed = Math.floor((Date.now() - loaded) / 1000);
    each("[data-seconds]", function (one) {
      one.textContent = stopwatch(Number(one.getAttribute("data-seconds")) + passed);
    });
    each("[data-clock]", function (one) {
      // The server's clock in the site's zone, moved on: this machine's clock may be wrong.
      var start = one.getAttribute("data-start") || one.textContent;
      one.setAttribute("data-start", start);
      var at = start.split(":"), base = new Date(one.getAttribute("datetime"));
      var minutes = Number(at[0]) * 60 + Number(at[1]);
      minutes += Math.floor((base.getUTCSeconds() + passed) / 60);
      one.textContent = two(Math.floor(minutes / 60) % 24) + ":" + two(minutes % 60);
    });
  }

  /* Fresh content: the page as the server would show it now, part by part */

  function busy(part) {
    if (!part.hasAttribute("data-keep")) { return false; }
    return part.contains(document.activeElement) || part.querySelector("details[open]") !== null;
  }
  var touched = 0;
  ["touchstart", "mousedown"].forEach(function (name) {
    document.addEventListener(name, function () { touched = Date.now(); }, true);
  });
  function swap(html) {
    // A finger that is just going down must find what it was aiming at.
    if (Date.now() - touched < TOUCH_MS) { setTimeout(changed, TOUCH_MS); return; }
    var next = new DOMParser().parseFromString(html, "text/html");
    var focus = document.activeElement && document.activeElement.id;
    each("[data-live]", function (part) {
      var fresh = next.getElementById(part.id);
      if (!fresh || busy(part) || fresh.innerHTML === part.innerHTML) { return; }
      part.innerHTML = fresh.innerHTML;
    });
    document.documentElement.className = next.documentElement.className;
    if (focus && by(focus) && document.activeElement.id !== focus) { by(focus).focus(); }
    loaded = Date.now();
    clocks();
    tell();
  }
  function refresh() {
    behind = behind || Date.now();
    if (asking) { again = true; return; }
    asking = true;
    var request = new XMLHttpRequest();
    request.onreadystatechange = function () {
      if (request.readyState !== 4) { return; }
      asking = false;
      if (request.status !== 200) { setTimeout(refresh, 1000); return; }
      behind = 0;
      heard = Date.now();
      silence();
      swap(request.responseText);
      if (again) { again = false; refresh(); }
    };
    request.open("GET", location.pathname + location.search, true);
    request.timeout = RETRY_MOST_MS;
    looked = Date.now();
    request.send();
  }
  var soon = null, looked = Date.now();
  function changed() {
    behind = behind || Date.now();
    if (soon === null) { soon = setTimeout(function () { soon = null; refresh(); }, 120); }
  }

  /* The stream. A network can forget a connection without a word (NAT, Wi-Fi, sleep): the browser
     then waits for ever. So the page itself notices that no sign of life comes, and opens it anew. */

  var source = null, opened = 0, alive = 0, tries = 0, next = null, last = "";
  var page = String(Math.random()).slice(2); // the service ends this page's own older stream

  function hear(event) {
    alive = heard = Date.now();
    tries = 0;
    last = event.lastEventId || last;
    silence();
  }
  function follow() {
    clearTimeout(next);
    next = null;
    if (source) { source.close(); }
    opened = Date.now();
    source = new EventSource("/api/v1/events?page=" + page + "&last=" + encodeURIComponent(last));
    source.addEventListener("beat", hear);
    ["hello", "resync", "alarm", "devices", "health"].forEach(function (name) {
      source.addEventListener(name, function (event) { hear(event); changed(); });
    });
    source.onerror = function () {
      source.close();
      if (next !== null) { return; }
      next = setTimeout(follow, Math.min(RETRY_MOST_MS, 500 * Math.pow(2, tries)));
      tries += 1;
    };
  }
  function watch() {
    var now = Date.now();
    if (now < opened || now < alive) { opened = alive = heard = now; } // the clock was set back
    var patience = alive >= opened ? beatMs * 1.5 : Math.min(RETRY_MOST_MS, beatMs * 1.5);
    var quiet = now - Math.max(alive, opened) >= patience;
    if (quiet && next === null) { follow(); }
    if (now - alive >= beatMs * 1.5 && now - looked >= RETRY_MOST_MS) { refresh(); }
  }
  /* Back from sleep, from behind another window, from another network */
  function back(event) {
    if (document.hidden) { return; }
    if (event.type === "online" || Date.now() - alive >= beatMs) { follow(); }
    changed();
  }

  function silence() {
    var now = Date.now();
    var silent = now - heard >= silentMs || (behind > 0 && now - behind >= silentMs);
    if (silent === !by("silence").hidden) { return; }
    by("silence").hidden = !silent;
    body.classList.toggle("is-silent", silent);
    if (silent) {
      var last = new Date(Math.min(heard, behind || heard));
      by("last-heard").textContent =
        two(last.getHours()) + ":" + two(last.getMinutes()) + ":" + two(last.getSeconds());
    }
  }

  /* Words for screen readers, and sound */

  var told = {};
  var first = true;
  function tell() {
    var now = {};
    each("[data-alarm]", function (one) {
      var id = one.getAttribute("data-alarm"), say = one.getAttribute("data-say");
      now[id] = say;
      if (first || told[id] === say) { return; }
      by("say").textContent = say;
      if (!told[id] && one.getAttribute("data-sound") === "once") { tone(587, 0, 0.5, 0.25); }
    });
    told = now;
    first = false;
  }

  var audio = null;
  function tone(pitch, after, length, loudness) {
    if (!audio || audio.state !== "running") { return; }
    var start = audio.currentTime + after, voice = audio.createOscillator();
    var volume = audio.createGain();
    voice.type = "triangle";
    voice.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, start);
    volume.gain.exponentialRampToValueAtTime(loudness, start + 0.03);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + length);
    voice.connect(volume);
    volume.connect(audio.destination);
    voice.start(start);
    voice.stop(start + length + 0.05);
  }
  /* Acute alarms nobody has answered sound again and again. A silent alarm stays silent. */
  function ring() {
    if (!document.querySelector('[data-tone="nobody"][data-sound="again"]')) { return; }
    [0, 0.28, 0.56].forEach(function (after) { tone(880, after, 0.22, 0.5); });
    tone(659, 0.84, 0.5, 0.5);
  }
  function mute() {
    if (!by("mute")) { return; }
    var muted = !audio || audio.state !== "running";
    if (muted === !by("mute").hidden) { return; }
    by("mute").hidden = !muted;
    body.classList.toggle("is-mute", muted);
  }
  function wake() {
    if (audio && audio.state !== "running") { audio.resume().then(mute, mute); }
  }
  function sounds() {
    var Context = window.AudioContext || window.webkitAudioContext;
    if (!Context) { by("no-audio").hidden = false; by("sound-on").hidden = true; mute(); return; }
    audio = new Context();
    audio.onstatechange = mute;
    ["click", "keydown", "touchend"].forEach(function (name) {
      document.addEventListener(name, wake, false);
    });
    by("sound-on").addEventListener("click", function () {
      audio.resume().then(function () { mute(); tone(587, 0, 0.25, 0.3); tone(784, 0.2, 0.4, 0.3); });
    });
    // A browser that allows sound starts by itself within this moment.
    setTimeout(mute, 300);
    setInterval(ring, 3000);
  }

  clocks();
  tell();
  if (body.hasAttribute("data-sounds")) { sounds(); }
  if (window.EventSource) {
    follow();
    ["visibilitychange", "resume"].forEach(function (name) {
      document.addEventListener(name, back, false);
    });
    ["online", "pageshow", "focus"].forEach(function (name) {
      window.addEventListener(name, back, false);
    });
  } else { setInterval(refresh, RETRY_MOST_MS); }
  setInterval(function () {
    clocks();
    if (source) { watch(); }
    silence();
    mute();
  }, Math.min(1000, silentMs / 4));
}());
