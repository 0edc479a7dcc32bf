// A row of links that does not fit a phone begins where the page is that one looks at.

export function showWhereOneIs(): void {
  for (const here of document.querySelectorAll<HTMLElement>(".tabs [aria-current]")) {
    const row = here.closest<HTMLElement>(".tabs");
    if (row !== null && row.scrollWidth > row.clientWidth) {
      const middle = (row.clientWidth - here.clientWidth) / 2;
      row.scrollLeft += here.getBoundingClientRect().left - row.getBoundingClientRect().left - middle;
    }
  }
}
