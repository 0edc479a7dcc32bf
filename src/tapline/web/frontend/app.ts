// The one script of every page: htmx for fragments that change, and the chart of taps over time.
// Pages work without it; what moves here is only what moves by itself.

import htmx from "htmx.org";

// The shared sheets first, in this order; then one for each room that needs its own.
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/components.css";
import "./styles/shell.css";
import "./styles/composer.css";
import "./styles/contacts.css";
import "./styles/destinations.css";
import "./styles/domains.css";
import "./styles/home.css";
import "./styles/languages.css";
import "./styles/links.css";
import "./styles/replies.css";
import "./styles/insights.css";
import "./styles/welcome.css";
import "./styles/reports.css";
import "./styles/settings.css";
import "./composer";
import { watchPasskeys } from "./passkeys";
import { showWhereOneIs } from "./tabs";
import { TapChart } from "./tap-chart";
import { guessZones } from "./zone";
import { listenToKeys } from "./keyboard";

// A fragment that failed to load stays as it was; only an error that is written for people is
// shown. Server errors (5xx) while the instance restarts must not wipe a live report.
htmx.config.noSwap = [204, 304, "5xx" as unknown as number]; // Its types forget the patterns.
htmx.config.history = "reload";
// What somebody unfolded stays unfolded while the report moves.
htmx.config.morphIgnore = ["data-htmx-powered", "open"];

// A page that nobody looks at asks for nothing: no load on the instance, and nothing counts as read.
// What somebody wrote is kept all the same.
document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden && !(event.target as Element).hasAttribute?.("data-even-unseen")) {
    event.preventDefault();
  }
});

customElements.define("tap-chart", TapChart);
showWhereOneIs();
watchPasskeys();
guessZones();
listenToKeys();

// What is kept for when the network is gone is in service-worker.ts: one page, and no data.
if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/service-worker.js").catch(() => undefined);
}

// A button that acts asks first, in words that the template gives.
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  const question = form.dataset["confirm"];
  if (question !== undefined && !window.confirm(question)) {
    event.preventDefault();
  }
});

// A button with data-copy copies that text, and says so for a moment. Pages over plain http have no
// clipboard; there the text before the button can be marked and copied by hand, so it is marked.
document.addEventListener("click", (event) => {
  const button = (event.target as Element).closest<HTMLElement>("[data-copy]");
  if (button === null) {
    return;
  }
  const label = button.textContent;
  const say = (text: string | null): void => {
    button.textContent = text;
  };
  if (navigator.clipboard === undefined) {
    const shown = button.previousElementSibling ?? button.parentElement?.previousElementSibling;
    if (shown) {
      window.getSelection()?.selectAllChildren(shown);
    }
    return;
  }
  void navigator.clipboard.writeText(button.dataset["copy"] ?? "").then(() => {
    say(button.dataset["copied"] ?? label);
    window.setTimeout(() => say(label), 1500);
  });
});
