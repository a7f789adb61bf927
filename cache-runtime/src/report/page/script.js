'use strict';
// Sorts the tables, and renews what is shown from the page's own address. What is inserted is what a reload would show, and text is only ever text.
(() => {
  const orders = new Map();
  const every = Number(document.body.dataset.every);
  const status = document.getElementById('live');
  const button = document.createElement('button');
  let isPaused = false;

  const valueOf = (row, column) => {
    const { dataset, textContent } = row.cells[column];
    return dataset.value === undefined ? textContent : Number(dataset.value);
  };

  const sort = (table) => {
    const order = orders.get(table.id);
    if (!order) return;
    const body = table.tBodies[0];
    const compare = (one, other) => {
      const [a, b] = [valueOf(one, order.column), valueOf(other, order.column)];
      return order.sign * (typeof a === 'number' ? a - b : a.localeCompare(b));
    };
    body.append(...[...body.rows].sort(compare));
    const direction = order.sign > 0 ? 'ascending' : 'descending';
    table.tHead.rows[0].cells[order.column].setAttribute('aria-sort', direction);
  };

  // Each heading of a column with values becomes a button.
  const prepare = (root) => {
    for (const table of root.querySelectorAll('table.sorts')) {
      for (const heading of table.tHead.rows[0].querySelectorAll('[data-sorts]')) {
        const press = root.createElement('button');
        press.type = 'button';
        press.textContent = heading.textContent;
        heading.replaceChildren(press);
      }
      sort(table);
    }
  };

  document.addEventListener('click', ({ target }) => {
    const heading = target.closest('table.sorts [data-sorts]');
    if (!heading) return;
    const table = heading.closest('table');
    const column = heading.cellIndex;
    const known = orders.get(table.id);
    // Numbers begin with the largest, names with the first.
    const first = heading.dataset.sorts === 'numbers' ? -1 : 1;
    const sign = known && known.column === column ? -known.sign : first;
    orders.set(table.id, { column, sign });
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
    sort(table);
  });

  // Makes `old` what `next` is, and leaves alone what is the same: focus, scrolling, and what is unfolded stay.
  const renew = (old, next) => {
    if (old.nodeType === Node.TEXT_NODE) {
      if (old.data !== next.data) old.data = next.data;
      return;
    }
    for (const { name } of [...old.attributes]) {
      if (name !== 'open' && !next.hasAttribute(name)) old.removeAttribute(name);
    }
    for (const { name, value } of next.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    const known = new Map([...old.children].filter(({ id }) => id).map((child) => [child.id, child]));
    let at = old.firstChild;
    for (const child of next.childNodes) {
      const isLike = at && !at.id && !child.id && at.nodeName === child.nodeName;
      const match = child.id ? known.get(child.id) : isLike ? at : null;
      if (match && match === at) at = at.nextSibling;
      else old.insertBefore(match || document.importNode(child, true), at);
      if (match) renew(match, child);
    }
    while (at) {
      const after = at.nextSibling;
      at.remove();
      at = after;
    }
  };

  const fetchPage = async () => {
    const signal = AbortSignal.timeout(every + 10000);
    const answer = await fetch(location.href, { cache: 'no-store', redirect: 'error', signal });
    if (!answer.ok) throw new Error(`the answer has the status ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (!page.querySelector('main[data-report]')) throw new Error('the answer is another page');
    return page;
  };

  const update = async () => {
    try {
      const page = await fetchPage();
      prepare(page);
      for (const part of ['#counted', 'main']) {
        renew(document.querySelector(part), page.querySelector(part));
      }
      status.className = '';
      status.textContent = `Updated at ${new Date().toLocaleTimeString()}`;
    } catch (error) {
      status.className = 'away';
      status.textContent = `Not updated at ${new Date().toLocaleTimeString()}: ${error.message}`;
    }
  };

  const next = () => setTimeout(async () => {
    if (!isPaused && !document.hidden) await update();
    next();
  }, every);

  button.type = 'button';
  button.textContent = 'Pause';
  button.addEventListener('click', () => {
    isPaused = !isPaused;
    button.textContent = isPaused ? 'Go on' : 'Pause';
  });

  prepare(document);
  if (every) {
    status.after(button);
    next();
  }
})();
