// While a booking waits for its price, its key or its charge, look again every second and show what has changed, so that
// nobody's reading is interrupted by a page that loads anew. Without this file the page itself does that, now and then.
(() => {
  const MOST_LOOKS = 60;
  let looks = 0;

  async function look() {
    const shown = document.getElementById("booking");
    looks += 1;
    const answer = await fetch(location.pathname).catch(() => null);
    const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page && page.getElementById("booking");
    if (found && found.dataset.awaited !== shown.dataset.awaited) {
      const news = found.querySelector("h2");
      shown.replaceWith(found);
      document.title = page.title;
      if (news && document.activeElement === document.body) {
        news.tabIndex = -1;
        news.focus();
      }
    }
    const now = document.getElementById("booking").dataset;
    if (now.awaited && looks < MOST_LOOKS) {
      setTimeout(look, 1000);
    } else if (now.awaited) {
      location.replace(now.late); // which says that it takes longer than it should
    }
  }

  setTimeout(look, 500);
})();
