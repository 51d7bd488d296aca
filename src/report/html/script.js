"use strict";
(() => {
  const text = document.getElementById("search");
  const severity = document.getElementById("severity");
  const profile = document.getElementById("profile");
  const outcome = document.getElementById("outcome");
  const status = document.getElementById("found");
  const items = [...document.querySelectorAll("[data-text]")];
  // Only attributes and text are read and written: what a server sent is never markup.
  const words = items.map((item) => (item.dataset.text + " " + item.textContent).toLowerCase());

  function filter() {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let findings = 0, cases = 0;
    items.forEach((item, at) => {
      const is = (select, key) => !select.value || (item.dataset[key] === undefined ? key !== "severity" : item.dataset[key].split(" ").includes(select.value));
      const show = wanted.every((word) => words[at].includes(word)) && is(severity, "severity") && is(profile, "profile") && is(outcome, "outcome");
      item.hidden = !show;
      if (show) { if (item.tagName === "TR") cases += 1; else findings += 1; }
    });
    for (const group of document.querySelectorAll("[data-group]")) {
      group.hidden = !group.querySelector("[data-text]:not([hidden])");
    }
    status.textContent = findings + " findings and " + cases + " cases shown";
  }

  function open() {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id && document.getElementById(id);
    if (!target) return;
    target.hidden = false;
    for (let up = target; up; up = up.parentElement) {
      if (up.tagName === "DETAILS") up.open = true;
      if (up.hidden) up.hidden = false;
    }
    target.scrollIntoView();
  }

  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    const value = button.dataset.link ? location.href.split("#")[0] + "#" + button.dataset.link : source.textContent;
    try {
      await navigator.clipboard.writeText(value);
    } catch {
      const field = document.createElement("textarea");
      field.value = value;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    const label = button.textContent;
    button.textContent = "copied";
    setTimeout(() => { button.textContent = label; }, 1500);
  }

  for (const control of [text, severity, profile, outcome]) control.addEventListener("input", filter);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-copy], button[data-link]");
    if (button) copy(button);
  });
  addEventListener("hashchange", open);
  addEventListener("beforeprint", () => { for (const d of document.querySelectorAll("details[data-severity], .card details")) d.open = true; });
  open();
})();
