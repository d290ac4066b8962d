"use strict";

/*
 * A forced-choice study without a server. What is asked stands in experiment.js; what was answered is kept in the
 * browser until it is downloaded or sent. Every order is drawn by hashing the study's and the participant's names, so that
 * whoever reads the answers knows what was shown.
 */
(() => {
  const STUDY = window.METAMER_STUDY;
  const FORMAT = "metamer-answers-1";
  /** What Mechanical Turk and Prolific add to the address. */
  const PLATFORM = ["assignmentId", "hitId", "workerId", "turkSubmitTo", "PROLIFIC_PID", "STUDY_ID", "SESSION_ID"];
  /** Mechanical Turk's, when a task is looked at and not taken. */
  const PREVIEW = "ASSIGNMENT_ID_NOT_AVAILABLE";
  /** Answers are posted to Mechanical Turk itself only, whatever the address says. */
  const TURK = /^https:\/\/(www|workersandbox)\.mturk\.com\/?$/;
  /** After a screen appears, what was meant for the last one is not taken for an answer to it. */
  const DEAF_MS = 250;

  const bar = document.getElementById("bar");
  const where = document.getElementById("where");
  const progress = document.getElementById("progress");
  const page = document.getElementById("page");

  // SHA-256 (FIPS 180-4). The browser's own is there on https only.

  const PRIMES = [];
  for (let n = 2; PRIMES.length < 64; n++) {
    if (PRIMES.every((p) => n % p)) PRIMES.push(n);
  }
  const fraction = (x) => Math.floor((x - Math.floor(x)) * 0x100000000) | 0;
  const ROUNDS = PRIMES.map((p) => fraction(Math.cbrt(p)));
  const START = PRIMES.slice(0, 8).map((p) => fraction(Math.sqrt(p)));

  function sha256(text) {
    const bytes = new TextEncoder().encode(text);
    const blocks = (bytes.length + 72) >> 6;
    const padded = new Uint8Array(blocks * 64);
    padded.set(bytes);
    padded[bytes.length] = 0x80;
    const view = new DataView(padded.buffer);
    view.setUint32(blocks * 64 - 8, Math.floor(bytes.length / 0x20000000));
    view.setUint32(blocks * 64 - 4, (bytes.length << 3) >>> 0);
    const h = Int32Array.from(START);
    const w = new Int32Array(64);
    const turn = (x, n) => (x >>> n) | (x << (32 - n));
    for (let block = 0; block < blocks; block++) {
      for (let i = 0; i < 16; i++) w[i] = view.getInt32(block * 64 + i * 4);
      for (let i = 16; i < 64; i++) {
        const a = w[i - 15];
        const b = w[i - 2];
        w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
      }
      let [a, b, c, d, e, f, g, k] = h;
      for (let i = 0; i < 64; i++) {
        const s = (k + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUNDS[i] + w[i]) | 0;
        const t = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        [k, g, f, e, d, c, b, a] = [g, f, e, (d + s) | 0, c, b, a, (s + t) | 0];
      }
      [a, b, c, d, e, f, g, k].forEach((x, i) => (h[i] += x));
    }
    return Array.from(h, (x) => (x >>> 0).toString(16).padStart(8, "0")).join("");
  }

  // The order that a participant sees.

  const draw = (kind, name) => sha256([STUDY.study, state.participant, kind, name].join("\n"));

  function sorted(things, kind, name) {
    return things
      .map((thing) => [draw(kind, name(thing)), thing])
      .sort((a, b) => (a[0] < b[0] ? -1 : 1))
      .map((pair) => pair[1]);
  }

  /** Every screen from left to right and top to bottom, as steps one after the other. */
  function steps() {
    const all = [];
    for (const phase of sorted(STUDY.phases, "task", (p) => p.task)) {
      all.push({ kind: "introduction", phase, practice: phase.practice.length > 0 });
      phase.practice.forEach((screen, i) => {
        all.push({ kind: "practice", phase, screen, i, of: phase.practice.length });
      });
      if (phase.practice.length > 0) all.push({ kind: "begin", phase });
      const form = phase.forms.length
        ? phase.forms[parseInt(draw("form", phase.task).slice(0, 8), 16) % phase.forms.length]
        : null;
      const index = new Map(phase.screens.map((screen, i) => [screen.screen, i]));
      sorted(phase.screens, "screen", (s) => s.screen).forEach((screen, i) => {
        const alternatives = form
          ? moved(screen.alternatives, Number(form[index.get(screen.screen)]))
          : sorted(screen.alternatives, "column", (a) => screen.screen + "\n" + a);
        const rows = sorted(screen.rows, "row", (r) => r.row);
        all.push({ kind: "screen", phase, screen: { ...screen, alternatives, rows }, i, of: phase.screens.length });
      });
    }
    all.push({ kind: "end" });
    return all;
  }

  function moved(alternatives, places) {
    const k = alternatives.length;
    return alternatives.map((_, i) => alternatives[(i - places + k) % k]);
  }

  // What is kept in the browser.

  const address = new URLSearchParams(window.location.search);
  /** One line of whole characters: half a pair of surrogates has no bytes of its own to be hashed. */
  const clean = (text) =>
    Array.from(text.replace(/[\p{Cc}\u2028\u2029]/gu, " ").replace(/\p{Cs}/gu, "").trim()).slice(0, 200).join("");
  const platform = {};
  for (const name of PLATFORM) {
    if (address.has(name)) platform[name] = clean(address.get(name));
  }
  const known = clean(address.get("participant") || platform.PROLIFIC_PID || platform.workerId || "");

  let state = null;
  let plan = [];
  let kept = true;
  let shownAt = 0;

  const shelf = (participant) => `metamer ${STUDY.study} ${participant}`;
  const LAST = shelf("");

  function keep() {
    try {
      localStorage.setItem(shelf(state.participant), JSON.stringify(state));
      if (!known) localStorage.setItem(LAST, state.participant);
    } catch (e) {
      kept = false;
    }
  }

  function recall() {
    try {
      const participant = known || localStorage.getItem(LAST);
      return participant ? JSON.parse(localStorage.getItem(shelf(participant))) : null;
    } catch (e) {
      kept = false;
      return null;
    }
  }

  function forget() {
    try {
      localStorage.removeItem(shelf(state.participant));
      localStorage.removeItem(LAST);
    } catch (e) {
      kept = false;
    }
  }

  // Pieces of pages.

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value === true) made.setAttribute(name, "");
      else if (value !== false && value !== null) made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  }

  const paragraph = (text, cls) => element("p", { class: cls || null }, text);
  const paragraphs = (text) => text.trim().split(/\n\s*\n/).map((p) => paragraph(p));
  const button = (text, cls, press) => element("button", { type: "button", class: cls, onclick: press }, text);
  const file = (picture) => `images/${picture}.png`;
  const picture = (name, alt) => element("img", { src: file(name), alt, draggable: "false" });

  /** Replaces the page; the heading gets the focus, so that those who hear pages hear this one. */
  function show(kind, title, ...children) {
    document.onkeydown = null;
    delete page.dataset.open;
    page.className = kind;
    const heading = element("h1", { tabindex: "-1", "aria-describedby": bar.hidden ? null : "where" }, title);
    page.replaceChildren(heading, ...children);
    window.scrollTo(0, 0);
    heading.focus({ preventScroll: true });
    const ahead = plan[(state ? state.step : 0) + 1];
    if (ahead && ahead.screen) pictures(ahead.screen).forEach((name) => (new Image().src = file(name)));
  }

  const pictures = (screen) => [...screen.alternatives, ...screen.rows.map((row) => row.query)];

  /** The clock of a screen starts when its images are there. */
  async function drawn() {
    const images = Array.from(page.querySelectorAll("img"));
    const step = state.step;
    try {
      await Promise.all(images.map((image) => image.decode()));
    } catch (e) {
      if (step === state.step) unloaded();
      return false;
    }
    await new Promise((done) => requestAnimationFrame(done));
    const at = performance.now();
    await new Promise((done) => setTimeout(done, DEAF_MS));
    if (step !== state.step || !images[0].isConnected) return false;
    shownAt = at;
    page.dataset.open = "";
    return true;
  }

  function unloaded() {
    show("text", "An image could not be loaded",
      paragraph("Please check your connection and try again. Your answers so far are kept."),
      element("div", { class: "buttons" }, button("Try again", "main", render)));
  }

  const elapsed = () => Math.round(performance.now() - shownAt);

  function next() {
    state.step++;
    keep();
    render();
  }

  // Before it begins.

  function consent() {
    bar.hidden = true;
    document.title = STUDY.title;
    if (platform.assignmentId === PREVIEW) {
      show("text", STUDY.title, ...paragraphs(STUDY.consent), paragraph(length()),
        paragraph("This is a preview. Accept the task to begin.", "soft"));
      return;
    }
    const code = element("input", {
      type: "text", id: "code", autocomplete: "off", spellcheck: "false", maxlength: "200", value: known || drawnCode(), readonly: !!known });
    const agree = element("input", { type: "checkbox", id: "agree" });
    const problem = paragraph("", "problem");
    problem.setAttribute("role", "alert");
    const begin = button("Begin", "main", () => {
      const participant = clean(code.value);
      if (!agree.checked) {
        problem.textContent = "Please tick the box if you agree to take part.";
        agree.focus();
      } else if (!participant) {
        problem.textContent = "Please enter your participant code.";
        code.focus();
      } else {
        start(participant);
      }
    });
    show("text", STUDY.title, ...paragraphs(STUDY.consent), paragraph(length()),
      element("label", { class: "field", for: "code" }, "Participant code"),
      code,
      paragraph(known ? "" : "Were you given a code? Then enter it here. If not, leave the one that is there.", "soft"),
      element("label", { class: "agree", for: "agree" }, agree, element("span", {}, "I have read the above and agree to take part.")),
      problem,
      element("div", { class: "buttons" }, begin));
  }

  const length = () => `You will make ${STUDY.choices} choices. This takes about ${STUDY.minutes} ${STUDY.minutes === 1 ? "minute" : "minutes"}.`;

  function drawnCode() {
    const letters = "abcdefghjkmnpqrstuvwxyz23456789";
    return Array.from(crypto.getRandomValues(new Uint8Array(10)), (b) => letters[b % letters.length]).join("");
  }

  function start(participant) {
    state = { participant, platform, started: new Date().toISOString(), finished: null, complete: false, step: 0, answers: [] };
    const before = (() => {
      try {
        return JSON.parse(localStorage.getItem(shelf(participant)));
      } catch (e) {
        return null;
      }
    })();
    if (before) recover(before);
    plan = steps();
    keep();
    render();
  }

  /** A task that was returned and accepted again has another assignment: the address has the one to hand in to. */
  function recover(before) {
    state = before;
    if (Object.keys(platform).length > 0) state.platform = platform;
  }

  function resume(before) {
    recover(before);
    plan = steps();
    if (state.finished) {
      render();
      return;
    }
    bar.hidden = true;
    document.title = STUDY.title;
    show("text", "Welcome back",
      paragraph("Your answers so far are kept in this browser. You can go on where you left."),
      element("div", { class: "buttons" },
        button("Go on", "main", render),
        known ? "" : button("I am somebody else", "", another)));
  }

  /** The last participant's answers stay; their code leads back to them. */
  function another() {
    try {
      localStorage.removeItem(LAST);
    } catch (e) {
      kept = false;
    }
    state = null;
    plan = [];
    consent();
  }

  // Steps.

  function render() {
    const step = plan[state.step];
    const screens = plan.filter((s) => s.kind === "screen");
    const done = plan.slice(0, state.step).filter((s) => s.kind === "screen").length;
    bar.hidden = step.kind === "end" || !!state.finished;
    progress.max = screens.length;
    progress.value = done;
    document.title = STUDY.title;
    if (state.finished) end();
    else if (step.kind === "introduction") introduction(step);
    else if (step.kind === "begin") begin(step);
    else if (step.kind === "end") finish(true);
    else if (step.phase.forms.length) choice(step);
    else grid(step);
  }

  const isPairs = (phase) => phase.forms.length > 0;

  function introduction(step) {
    const k = (step.phase.practice[0] || step.phase.screens[0]).alternatives.length;
    where.textContent = "Instructions";
    const how = isPairs(step.phase)
      ? [
          paragraph(`You will see a query image, and below it ${k} images. Choose the one that looks more like the query image to you: click or tap it.`),
          keys("Or press ", ...digits(k), k === 2 ? " (or the arrow keys) for the left and the right one." : " for the images from left to right."),
        ]
      : [
          paragraph(`You will see ${k} images as columns, and query images as rows. In each row, choose the column whose image looks most like the query image. The same column may be chosen more than once.`),
          keys("Or press ", ...digits(k), " to choose in one row after the other, and ", element("kbd", {}, "Enter"), " to go on."),
        ];
    show("text", step.phase.question, ...how,
      paragraph("There is no time limit, but go by your first impression. Some images look like noise: choose all the same, and guess where you see no difference."),
      paragraph(step.practice ? "A few examples come first." : ""),
      kept ? "" : paragraph("This browser does not keep answers: please do not close or reload the page before the end.", "problem"),
      element("div", { class: "buttons" }, button(step.practice ? "See the examples" : "Begin", "main", next)));
  }

  const digits = (k) => Array.from({ length: k }, (_, i) => [i ? " " : "", element("kbd", {}, String(i + 1))]).flat();
  const keys = (...children) => element("p", { class: "keys" }, ...children);

  function begin(step) {
    where.textContent = "Instructions";
    show("text", "That was the practice",
      paragraph(`Now ${step.phase.screens.length} ${isPairs(step.phase) ? "query images" : "pages"} follow, without telling what is right. If you have to leave, come back with the same browser: you will go on where you left.`),
      element("div", { class: "buttons" }, button("Begin", "main", next)));
  }

  const ORDINALS = ["First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth"];

  function choice(step) {
    const { screen } = step;
    const row = screen.rows[0];
    const practice = step.kind === "practice";
    where.textContent = practice ? `Example ${step.i + 1} of ${step.of}` : `Query image ${step.i + 1} of ${step.of}`;
    const feedback = element("p", { class: "feedback", role: "status" });
    const after = element("div", { class: "buttons" });
    let open = false;
    const choose = (position) => {
      if (!open) return;
      open = false;
      const chosen = screen.alternatives[position];
      if (practice) {
        told(position, chosen);
        return;
      }
      state.answers.push(answer(row, chosen, position, screen.alternatives, elapsed()));
      next();
    };
    const told = (position, chosen) => {
      buttons.forEach((b, i) => {
        b.disabled = true;
        b.setAttribute("aria-pressed", String(i === position));
      });
      const right = screen.alternatives.indexOf(row.correct);
      feedback.textContent = chosen === row.correct
        ? "Yes: that one looks more like the query image."
        : `Here the ${ORDINALS[right].toLowerCase()} image looks more like the query image.`;
      const on = button("Continue", "main", next);
      after.replaceChildren(on);
      on.focus();
    };
    const buttons = screen.alternatives.map((name, i) =>
      element("button", { type: "button", "data-position": i, "aria-pressed": practice ? "false" : null, onclick: () => choose(i) },
        picture(name, `${ORDINALS[i]} image`),
        element("span", { class: "caption", "aria-hidden": "true" }, String(i + 1))));
    show("trial" + (STUDY.pixelated ? " pixelated" : ""), step.phase.question,
      element("figure", { class: "query" }, picture(row.query, "Query image"), element("figcaption", { class: "caption" }, "Query image")),
      element("div", { class: "choices", role: "group", "aria-label": "Images to choose from" }, ...buttons),
      practice ? feedback : "",
      after);
    document.onkeydown = (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
      const k = buttons.length;
      const position = k === 2 && event.key === "ArrowLeft" ? 0 : k === 2 && event.key === "ArrowRight" ? 1 : Number(event.key) - 1;
      if (position >= 0 && position < k && event.key !== " ") {
        event.preventDefault();
        choose(position);
      }
    };
    drawn().then((there) => (open = there));
  }

  function grid(step) {
    const { screen } = step;
    const practice = step.kind === "practice";
    const k = screen.alternatives.length;
    where.textContent = practice ? `Example ${step.i + 1} of ${step.of}` : `Page ${step.i + 1} of ${step.of}`;
    const picked = screen.rows.map(() => null);
    const problem = element("p", { class: "feedback problem", role: "alert" });
    const feedback = element("p", { class: "feedback", role: "status" });
    const on = button("Continue", "main", () => proceed());
    let open = false;
    let over = false;

    const pick = (r, position) => {
      if (over) return;
      if (!open) {
        // Nothing looks picked that is not.
        lines[r].querySelectorAll("input").forEach((input) => (input.checked = false));
        return;
      }
      picked[r] = { position, milliseconds: elapsed() };
      lines[r].classList.remove("missing");
      if (picked.every((p) => p !== null)) problem.textContent = "";
    };
    const proceed = () => {
      if (over) {
        next();
        return;
      }
      const missing = picked.findIndex((p) => p === null);
      if (missing >= 0) {
        problem.textContent = `Please choose an image in row ${missing + 1} too.`;
        lines.forEach((line, r) => line.classList.toggle("missing", picked[r] === null));
        lines[missing].querySelector("input").focus();
        return;
      }
      if (practice) {
        over = true;
        problem.textContent = "";
        const wrong = screen.rows.map((row, r) => [r, screen.alternatives.indexOf(row.correct)]).filter(([r, c]) => picked[r].position !== c);
        feedback.textContent = wrong.length === 0
          ? "Yes: these look most alike."
          : wrong.map(([r, c]) => `In row ${r + 1}, column ${c + 1} looks more like the query image.`).join(" ");
        page.querySelectorAll("input").forEach((input) => (input.disabled = true));
        on.focus();
        return;
      }
      screen.rows.forEach((row, r) => {
        const { position, milliseconds } = picked[r];
        state.answers.push(answer(row, screen.alternatives[position], position, screen.alternatives, milliseconds));
      });
      next();
    };

    const lines = screen.rows.map((row, r) =>
      element("tr", {},
        element("th", { scope: "row", id: `row-${r}` }, picture(row.query, `Query image of row ${r + 1}`)),
        ...screen.alternatives.map((_, c) =>
          element("td", {},
            element("label", {},
              element("input", {
                type: "radio", name: `row-${r}`, value: c, "data-row": r,
                "aria-label": `Row ${r + 1}: column ${c + 1}`, onchange: () => pick(r, c) }))))));
    const table = element("table", { class: "grid" },
      element("thead", {}, element("tr", {},
        element("td", {}),
        ...screen.alternatives.map((name, c) =>
          element("th", { scope: "col" }, picture(name, `Image of column ${c + 1}`), element("span", { class: "caption", "aria-hidden": "true" }, String(c + 1)))))),
      element("tbody", {}, ...lines));
    show("trial" + (STUDY.pixelated ? " pixelated" : ""), step.phase.question, table, problem, practice ? feedback : "",
      element("div", { class: "buttons" }, on));
    document.onkeydown = (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || over) return;
      const position = Number(event.key) - 1;
      if (event.key === "Enter" && event.target !== on && event.target.tagName !== "BUTTON") {
        event.preventDefault();
        proceed();
      } else if (position >= 0 && position < k && event.key !== " ") {
        event.preventDefault();
        if (!open) return;
        // The row that one is in, else the first without an answer; then on to the next one.
        const here = event.target.dataset && event.target.dataset.row;
        const free = picked.findIndex((p) => p === null);
        const r = here !== undefined ? Number(here) : free >= 0 ? free : 0;
        const input = lines[r].querySelectorAll("input")[position];
        input.checked = true;
        pick(r, position);
        const following = picked.findIndex((p) => p === null);
        if (following >= 0) lines[following].querySelector("input").focus();
        else on.focus();
      }
    };
    drawn().then((there) => (open = there));
  }

  const answer = (row, chosen, position, shown, milliseconds) => ({ row: row.row, chosen, position, shown: [...shown], milliseconds });

  // The end.

  document.getElementById("stop").addEventListener("click", () => {
    bar.hidden = true;
    show("text", "Do you want to stop?",
      paragraph("You can stop at any time. You can hand in the answers that you have given so far, or have them deleted."),
      element("div", { class: "buttons" },
        button("Go on with the study", "main", render),
        button("Hand in my answers so far", "", () => finish(false)),
        button("Delete my answers", "", () => {
          forget();
          state = null;
          plan = [];
          show("text", "Your answers are deleted", paragraph("Nothing was sent. You can close this page."));
        })));
  });

  function finish(complete) {
    state.finished = new Date().toISOString();
    state.complete = complete;
    state.display = `${window.innerWidth}x${window.innerHeight}@${window.devicePixelRatio}`;
    keep();
    end();
  }

  function record() {
    const { participant, started, finished, complete, display, platform: passed, answers } = state;
    const lines = [FORMAT, STUDY.study, participant, started, finished, complete, display];
    for (const name of Object.keys(passed).sort()) lines.push(`${name}=${passed[name]}`);
    for (const a of answers) lines.push(`${a.row} ${a.chosen} ${a.position} ${a.milliseconds} ${a.shown.join(",")}`);
    const checksum = sha256(lines.join("\n") + "\n");
    return JSON.stringify(
      { format: FORMAT, study: STUDY.study, participant, started, finished, complete, display, platform: passed, answers, checksum }, null, 1) + "\n";
  }

  function end() {
    bar.hidden = true;
    const text = record();
    const saved = element("a", {
      class: "button", id: "download",
      href: URL.createObjectURL(new Blob([text], { type: "application/json" })),
      download: `answers-${state.participant.replace(/[^\p{L}\p{N}._-]+/gu, "_")}.json` }, "Download my answers");
    const sent = element("p", { role: "status", id: "sent" });
    const buttons = element("div", { class: "buttons" });
    const onTurk = TURK.test(state.platform.turkSubmitTo || "") && state.platform.assignmentId;
    const children = [];
    if (onTurk) {
      children.push(paragraph("Please press the button to hand in your answers."));
      buttons.append(element("form", { method: "post", action: `${state.platform.turkSubmitTo.replace(/\/$/, "")}/mturk/externalSubmit` },
        element("input", { type: "hidden", name: "assignmentId", value: state.platform.assignmentId }),
        element("input", { type: "hidden", name: "answers", value: text }),
        element("button", { class: "main" }, "Submit to Mechanical Turk")));
    } else if (!STUDY.postTo) {
      children.push(paragraph("Please download your answers and give the file to the people who run this study."));
      saved.classList.add("main");
    }
    const sending = STUDY.postTo && !state.sent;
    const leave = element("a", { class: "button main", id: "return", href: STUDY.returnTo }, "Return to the study's page");
    const following = button("Another person takes part", "", another);
    if (STUDY.returnTo) buttons.append(leave);
    buttons.append(saved);
    if (!known) buttons.append(following);
    show("text", state.complete ? "Thank you, that was all" : "Thank you", ...children, sent, buttons);
    if (sending) send(text, sent, buttons, [leave, following]);
    else if (STUDY.postTo) sent.textContent = "Your answers have been sent.";
  }

  /** Who leaves while answers are on their way would take them along: until then there is no way out. */
  async function send(text, sent, buttons, ways) {
    ways.forEach((way) => (way.hidden = true));
    sent.textContent = "Sending your answers…";
    try {
      const reply = await fetch(STUDY.postTo, { method: "POST", headers: { "Content-Type": "application/json" }, body: text });
      if (!reply.ok) throw new Error(`status ${reply.status}`);
      state.sent = true;
      keep();
      sent.textContent = "Your answers have been sent.";
    } catch (e) {
      sent.textContent = "Your answers could not be sent. Please try again, or download them and give the file to the people who run this study.";
      const again = button("Try again", "", () => {
        again.remove();
        send(text, sent, buttons, ways);
      });
      buttons.append(again);
    }
    ways.forEach((way) => (way.hidden = false));
  }

  const before = platform.assignmentId === PREVIEW ? null : recall();
  if (before) resume(before);
  else consent();
})();
