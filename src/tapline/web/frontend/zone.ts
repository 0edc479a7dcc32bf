// A choice of time zones that nobody has made yet begins with the browser's own, and with it the
// country that it lies in.

export function guessZones(): void {
  for (const choice of document.querySelectorAll<HTMLSelectElement>("select[data-guess-zone]")) {
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const option = [...choice.options].find((each) => each.value === own);
    if (choice.value === "UTC" && option) {
      choice.value = own;
      guessCountry(choice.form, option.dataset["country"]);
    }
  }
}

function guessCountry(form: HTMLFormElement | null, country: string | undefined): void {
  const choice = form?.elements.namedItem("country");
  if (
    choice instanceof HTMLSelectElement &&
    [...choice.options].some((option) => option.value === country)
  ) {
    choice.value = country ?? choice.value;
  }
}
