// Keys: `/` to the search, `g` and a letter to a room, `?` for the list of them. They do nothing
// while somebody types, and can be switched off (WCAG 2.2, 2.1.4): speech input types letters, too.

const OFF = "tapline-keys-off";
const PATIENCE_MS = 1500;

let wentAt = 0; // when `g` was pressed

export function listenToKeys(): void {
  const dialog = document.querySelector<HTMLDialogElement>("dialog#keys");
  if (dialog === null) {
    return;
  }
  offer(dialog);
  document.addEventListener("keydown", (event) => {
    if (isOff() || isTyping(event) || dialog.open) {
      return;
    }
    if (act(event.key, dialog)) {
      event.preventDefault();
    }
  });
}

/** Do what a key means; false where it means nothing. */
function act(key: string, dialog: HTMLDialogElement): boolean {
  const goes = Date.now() - wentAt < PATIENCE_MS;
  wentAt = key === "g" ? Date.now() : 0;
  if (key === "?") {
    dialog.showModal();
    return true;
  }
  if (key === "/") {
    return focusSearch();
  }
  const room = goes && /^[a-z]$/.test(key) ? find(`#rooms a[data-key="${key}"]`) : null;
  room?.click();
  return room !== null;
}

function focusSearch(): boolean {
  const field = find("main input[type=search]");
  field?.focus();
  return field !== null;
}

function find(selector: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(selector);
}

/** Show the button that opens the list, and keep the choice to switch the keys off. */
function offer(dialog: HTMLDialogElement): void {
  const button = find("#show-keys");
  if (button !== null) {
    button.hidden = false;
    button.addEventListener("click", () => dialog.showModal());
  }
  const choice = dialog.querySelector<HTMLInputElement>("input[type=checkbox]");
  if (choice !== null) {
    choice.checked = !isOff();
    choice.addEventListener("change", () => {
      try {
        localStorage.setItem(OFF, choice.checked ? "" : "yes");
      } catch {
        // A browser that keeps nothing asks again next time.
      }
    });
  }
}

function isOff(): boolean {
  try {
    return localStorage.getItem(OFF) === "yes";
  } catch {
    return false;
  }
}

function isTyping(event: KeyboardEvent): boolean {
  const at = event.target as HTMLElement;
  return (
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    event.isComposing ||
    at.isContentEditable ||
    at.closest("input, textarea, select, [role=textbox], dialog[open]") !== null
  );
}
