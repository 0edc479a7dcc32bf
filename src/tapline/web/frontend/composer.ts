// The composer: buttons that change the text do so in its field at once, and what is written is
// kept when the page is left. Without script the same buttons send the form.

const KEPT = "#kept";

function textField(from: HTMLElement): HTMLTextAreaElement | null {
  const name = from.dataset["field"] ?? "text";
  return from.closest("form")?.querySelector<HTMLTextAreaElement>(`textarea[name="${name}"]`) ?? null;
}

// What is written is counted by characters here and on the server, not by UTF-16 units.
function units(characters: string[], to: number): number {
  return characters.slice(0, to).join("").length;
}

// Replaces a range as typing would, so that one can undo it.
function write(field: HTMLTextAreaElement, start: number, end: number, text: string): void {
  field.focus();
  field.setSelectionRange(start, end);
  const isTyped =
    text === "" ? document.execCommand("delete") : document.execCommand("insertText", false, text);
  if (!isTyped) {
    field.setRangeText(text, start, end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function change(button: HTMLElement, field: HTMLTextAreaElement): void {
  const written = field.value;
  const before = written.length - written.trimStart().length;
  const characters = Array.from(written.trim());
  const { start, end, instead, of } = button.dataset;
  if (characters.length !== Number(of)) {
    return; // Written on since: new advice is on its way.
  }
  write(
    field,
    before + units(characters, Number(start)),
    before + units(characters, Number(end)),
    instead ?? "",
  );
}

// A saved text takes the place of what is written, and can be undone; which it was is remembered.
function takeSaved(field: HTMLTextAreaElement): void {
  const chosen = field.form?.querySelector<HTMLSelectElement>("select[data-saved]");
  const remembered = field.form?.querySelector<HTMLInputElement>("input[data-from-text]");
  const option = chosen?.selectedOptions[0];
  if (!chosen || !remembered || !option) {
    return;
  }
  remembered.value = chosen.value;
  write(field, 0, field.value.length, option.dataset["text"] ?? "");
}

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const button = target.closest<HTMLElement>("[data-change], [data-insert-button], [data-saved-button]");
  const field = button && textField(button);
  if (!button || !field) {
    return;
  }
  event.preventDefault();
  if (button.hasAttribute("data-change")) {
    change(button, field);
    return;
  }
  if (button.hasAttribute("data-saved-button")) {
    takeSaved(field);
    return;
  }
  const name = field.form?.querySelector<HTMLSelectElement>("select[data-insert]")?.value ?? "";
  write(field, field.selectionStart, field.selectionEnd, `{{ ${name} }}`);
});

// Whoever leaves within the moment before it is kept loses nothing.
let isChanged = false;
document.addEventListener("input", (event) => {
  isChanged ||= (event.target as Element).closest("form.composer") !== null;
});
document.addEventListener("submit", () => {
  isChanged = false;
});
document.addEventListener("htmx:after:swap", (event) => {
  if ((event.target as Element).matches?.(KEPT)) {
    isChanged = false;
  }
});
// What a fragment of the form changed is written too: shown beside it, and kept.
document.addEventListener("htmx:after:swap", (event) => {
  const renewed = (event.target as Element).closest?.("[data-renews]");
  renewed?.dispatchEvent(new Event("input", { bubbles: true }));
});
window.addEventListener("pagehide", () => {
  const kept = document.querySelector<HTMLElement>(KEPT);
  const form = kept?.closest("form");
  if (isChanged && kept && form) {
    navigator.sendBeacon(kept.getAttribute("hx-post") ?? "", new FormData(form));
  }
});
