"""The page's speed and size: `python -m bench.browser [--opens N] [--screenshots DIR]`.

A real JupyterLab on loopback, a package index on loopback that has what is installed here, and Chromium. Measures the time
from the order to open the panel to the frame after its packages are drawn, in a fresh page each time, and the size of the
bundle. Exits with 1 if a bound does not hold. With `--screenshots` it makes the pictures of the README instead.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))  # the same servers and wheels as the tests have

from playwright.sync_api import Browser, BrowserContext, sync_playwright
from support.browser import ROOT, Host, Tab, chromium, launch, user
from support.index import Index
from support.notebooks import raw_notebook, sent
from support.sandbox import UserSandbox, user_at
from support.wheels import repack_closure

OPEN = 0.300
"""Seconds from the order to the painted panel, the median."""
BUNDLE = 150_000
"""Bytes of all that is served of the extension."""
DECLARED = ("httpx>=0.27", "rich>=13", "jsonschema", "jinja2")
CELLS = (
    "import httpx\nimport yaml\nfrom jsonschema import validate\nfrom rich import print",
    'rate = {"name": "EUR", "value": 1.09}\nvalidate(rate, {"type": "object"})\nprint(rate)',
)
VIEW = {"width": 1180, "height": 720}

_PAINTED = """async () => {
  const started = performance.now();
  void window.jupyterapp.commands.execute('jupyter-dep:open-panel');
  const drawn = () => document.querySelector('.jp-Dep-panel .jp-Dep-row') && document.querySelector('.jp-Dep-panel summary');
  while (!drawn()) {
    await new Promise(resolve => requestAnimationFrame(resolve));
  }
  await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve, 0)));
  return (performance.now() - started) / 1000;
}"""


@contextmanager
def sandbox() -> Iterator[tuple[Host, Index, Path]]:
    """A running Lab, its user's package index, and a folder for what else is needed."""
    with tempfile.TemporaryDirectory(prefix="jd-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        wheels = folder / "wheels"
        repack_closure(["ipykernel", "ipywidgets", "pyyaml", *(each.partition(">")[0] for each in DECLARED)], wheels)
        with Index(wheels) as index, Host("lab", folder / "work", user(folder / "home", index.url)) as host:
            yield host, index, folder


def project(folder: Path, owner: UserSandbox, name: str, *declared: str) -> Path:
    """A notebook that declares these, locked by `owner`."""
    minor = f">={sys.version_info[0]}.{sys.version_info[1]}"
    listed = ["# /// script", f'# requires-python = "{minor}"', "# dependencies = ["]
    block = "\n".join([*listed, *(f'#     "{text}",' for text in declared), "# ]", "# ///"])
    path = raw_notebook(folder, [block, *CELLS], name=name)
    owner.lock(path)
    return path


def opened(context: BrowserContext, host: Host, path: Path) -> Tab:
    tab = Tab(page=context.new_page(), host=host, path=path.name)
    tab.open()
    return tab


def bundle_size() -> int:
    return sum(file.stat().st_size for file in (ROOT / "labext" / "labextension" / "static").iterdir())


def measure(browser: Browser, opens: int) -> list[float]:
    """Seconds of each open."""
    taken = []
    with sandbox() as (host, _, __):
        path = project(host.root, host.user, "measured", *DECLARED)
        context = browser.new_context(viewport=VIEW)
        for _ in range(opens):
            tab = opened(context, host, path)
            tab.wait_for_own_kernel()
            taken.append(float(tab.page.evaluate(_PAINTED)))
            tab.page.close()
        context.close()
    return taken


def picture(browser: Browser, folder: Path) -> None:
    """Panel in both themes, its search, the badge and its menu, and the consent dialog."""
    folder.mkdir(parents=True, exist_ok=True)
    with sandbox() as (host, index, rest):
        path = project(host.root, host.user, "rates", *DECLARED)
        ann = user_at(rest / "ann", index.url)
        gift = sent(project(rest / "hers", ann, "shared", "httpx", "rich"), host.root)
        lock = host.root / "pylock.shared.toml"
        lock.write_text(lock.read_text().replace(index.origin, "https://index.example"))  # a port is not for the README
        for theme in ("light", "dark"):
            context = browser.new_context(viewport=VIEW)
            tab = opened(context, host, path)
            _tidy(tab, theme)
            tab.wait_for_own_kernel()
            tab.stands("sync")
            tab.save()
            tab.page.screenshot(
                path=folder / f"badge-{theme}.png", clip={"x": 0, "y": 0, "width": VIEW["width"], "height": 120}
            )
            tab.badge.click()
            tab.page.locator(".jp-Dep-menu").wait_for()
            tab.page.screenshot(path=folder / f"menu-{theme}.png")
            tab.page.keyboard.press("Enter")
            tab.row("rich").wait_for()
            _widen(tab)
            tab.page.mouse.move(400, 500)
            tab.page.screenshot(path=folder / f"panel-{theme}.png")
            tab.search.fill("http")
            tab.hits.first.wait_for()
            tab.search.press("ArrowDown")
            tab.page.screenshot(path=folder / f"search-{theme}.png")
            tab.page.close()
            other = opened(context, host, gift)
            _tidy(other, theme)
            other.dialog.get_by_text("All packages").click()
            other.page.screenshot(path=folder / f"consent-{theme}.png")
            other.page.keyboard.press("Escape")
            other.page.locator(".jp-Dep-holding").get_by_role("button").first.wait_for()
            other.page.screenshot(path=folder / f"without-{theme}.png")
            context.close()
            host.end_kernels()


def _tidy(tab: Tab, theme: str) -> None:
    name = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}[theme]
    tab.live("app.commands.execute('apputils:change-theme', { theme: given }).then(() => true)", name)
    tab.page.locator(f'body[data-jp-theme-light="{"true" if theme == "light" else "false"}"]').wait_for(state="attached")
    tab.live("app.shell.collapseLeft()")


def _widen(tab: Tab, width: int = 340) -> None:
    """Drag the panel's edge."""
    box = tab.panel.bounding_box()
    assert box is not None
    tab.page.mouse.move(box["x"] - 2, 400)
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] - 2 - (width - box["width"]), 400, steps=5)
    tab.page.mouse.up()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.browser", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--opens", type=int, default=10)
    parser.add_argument("--screenshots", type=Path, metavar="DIR", help="make pictures, measure nothing")
    asked = parser.parse_args(argv)
    if chromium() is None:
        parser.error("no Chromium here: `apt-get install chromium`")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            if asked.screenshots is not None:
                picture(browser, asked.screenshots)
                return 0
            taken = measure(browser, asked.opens)
        finally:
            browser.close()
    size, middle = bundle_size(), median(taken)
    worst = f"worst {max(taken) * 1000:.0f} of {len(taken)}, bound {OPEN * 1000:.0f}"
    print(f"panel open to painted: {middle * 1000:.0f} ms ({worst})")
    print(f"bundle: {size / 1000:.0f} kB (bound {BUNDLE / 1000:.0f})")
    return 0 if middle <= OPEN and size <= BUNDLE else 1


if __name__ == "__main__":
    sys.exit(main())
