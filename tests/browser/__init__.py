"""What people do in a browser, against the whole server. Here is how to write such a test.

    def test_a_keyword_is_made_and_ended(shop: Shop, page: Page) -> None:
        page.goto(shop.address("keywords:new"))
        page.get_by_label("Word").fill("BREAD")
        page.get_by_role("button", name="Create").click()

        expect(page.get_by_role("heading", name="BREAD")).to_be_visible()

- `shop` is a real instance (edge, pages, worker, simulator on loopback ports, a data folder of its
  own) with one of everything in its workspace; it starts with the first test that asks for it and
  lives as long as the test process. `shop.things` holds the ids of what is there, by the names
  that addresses use, and `shop.address("broadcasts:show")` fills them in. A person's tap on the
  seeded broadcast is `shop.tap(next(shop.untapped))`.
- `page` is a tab at 1440 × 900 in which the owner is signed in; `phone_page` one at 390 × 844;
  `stranger_page` one in which nobody is. Such a test fails when its page logs an error, breaks the
  content security policy, throws, or gets a 5xx: `fail_on_trouble` watches.
- Make what your test changes, under a name of its own: through the pages, with `making.py` (people,
  and a broadcast that they got) or `shop.call(…)` (the API), which take no time, or with
  `shop.do(…)` (a command). Other tests see the same workspace: tags and aliases are your own, too.
  Never remove what `shop.things` names, never count on totals.
- Find things as people do, by label, role and text. Wait for what a person would see (`expect`
  waits by itself); never sleep.
- Each test takes a few seconds, 15 at most; all of this folder less than 90 on two cores.
- Everything is skipped where Debian's Chromium is missing: begin with
  `pytestmark = [pytest.mark.slow, needs("chromium")]`.

A new page is opened by `test_accessibility.py` without being listed. Where its address holds an id
of a new kind, bring one into the workspace in `seeding.py`.
"""
