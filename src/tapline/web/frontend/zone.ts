// A choice of time zones that nobody has made yet begins with the browser's own.

export function guessZones(): void {
  for (const choice of document.querySelectorAll<HTMLSelectElement>("select[data-guess-zone]")) {
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (choice.value === "UTC" && [...choice.options].some((option) => option.value === own)) {
      choice.value = own;
    }
  }
}
