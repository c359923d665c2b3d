/* SPDX-License-Identifier: MIT */
"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const buckets = all("details.bucket");

  /* Copying: a button for every text that is worth it. */
  const copied = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  };
  for (const figure of all("figure.copy")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      button.textContent = (await copied(figure.querySelector("pre").textContent)) ? "Copied" : "Select it by hand";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    figure.querySelector("figcaption").append(button);
  }

  /* A link to a finding unfolds it, whatever the browser does by itself. */
  const unfold = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const folded = target && target.closest("details.bucket");
    if (!folded) return;
    folded.open = true;
    folded.scrollIntoView();
    folded.querySelector("summary").focus({ preventScroll: true });
  };
  addEventListener("hashchange", unfold);
  unfold();

  /* Filtering. */
  const tools = document.querySelector(".tools");
  if (!tools) return;
  tools.hidden = false;
  const filter = document.getElementById("filter");
  const verdict = document.getElementById("verdict");
  const state = document.getElementById("state");
  const shown = document.getElementById("shown");
  const words = new Map(buckets.map((bucket) => [bucket,
    all(":scope > summary, :scope > .body > p", bucket).map((part) => part.textContent).join(" ").toLowerCase()]));
  const apply = () => {
    const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const bucket of buckets) {
      const text = words.get(bucket);
      const fits = (!verdict.value || bucket.dataset.verdict === verdict.value)
        && (!state?.value || bucket.dataset.state === state.value) && wanted.every((word) => text.includes(word));
      bucket.hidden = !fits;
      document.querySelector(`tr[data-for="${bucket.querySelector(".body").id}"]`).hidden = !fits;
      count += fits;
    }
    shown.textContent = count === buckets.length ? "" : `${count} of ${buckets.length}`;
  };
  filter.addEventListener("input", apply);
  verdict.addEventListener("change", apply);
  state?.addEventListener("change", apply);
  const setAll = (open) => () => { for (const bucket of buckets) if (!bucket.hidden) bucket.open = open; };
  document.getElementById("unfold").addEventListener("click", setAll(true));
  document.getElementById("fold").addEventListener("click", setAll(false));
})();
