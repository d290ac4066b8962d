'use strict';
(() => {
  const PER_PAGE = 48;
  const found = JSON.parse(document.getElementById('found').textContent);
  const by = (id) => document.getElementById(id);
  const filters = ['network', 'regularizer', 'seed'];
  let page = 0;

  for (const name of filters) {
    for (const value of new Set(found.images.map((image) => image[name]))) {
      by(name).append(new Option(value, value));
    }
  }

  const last = Infinity;
  const number = (value) => (value === null || value === undefined ? last : value);
  const orders = {
    target: (a, b) => a.index - b.index,
    near: (a, b) => number(a.distance) - number(b.distance) || a.index - b.index,
    far: (a, b) => number(b.distance) - number(a.distance) || a.index - b.index,
    png: (a, b) => number(a.asPng) - number(b.asPng) || a.index - b.index,
    percentile: (a, b) => number(a.percentile) - number(b.percentile) || number(a.distance) - number(b.distance),
  };

  function chosen() {
    const matched = by('matched').value;
    return found.images
      .filter((image) => filters.every((name) => !by(name).value || image[name] === by(name).value))
      .filter((image) => !matched || image.matched === (matched === 'yes'))
      .sort(orders[by('order').value]);
  }

  function element(name, text, css) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (css) made.className = css;
    return made;
  }

  function trio(image, into) {
    for (const [name, picture] of [['target', image.target], ['seed', image.start], ['found', image.found]]) {
      const cell = element('span');
      const img = element('img');
      img.src = 'data:image/png;base64,' + found.pictures[picture];
      img.alt = name + ' ' + image.name;
      cell.append(img, element('small', name));
      into.append(cell);
    }
  }

  const shown = (value) => (value === null || value === undefined ? 'diverged' : value.toPrecision(3));

  function card(image) {
    const button = element('button', '', image.matched ? '' : 'unmatched');
    button.type = 'button';
    const pictures = element('span', '', 'trio');
    trio(image, pictures);
    const text = element('p', `${image.network}, ${image.regularizer}, seed ${image.seed}`);
    const distance = element('p', `distance ${shown(image.distance)}${image.matched ? '' : ', not matched'}`);
    button.append(pictures, text, distance);
    button.addEventListener('click', () => enlarge(image));
    const item = element('li');
    item.append(button);
    return item;
  }

  function enlarge(image) {
    by('which').textContent = `${image.name}: ${image.network}, ${image.regularizer}, seed ${image.seed}`;
    by('large').replaceChildren();
    trio(image, by('large'));
    by('certificate').replaceChildren();
    for (const [name, value] of image.certificate) {
      by('certificate').append(element('dt', name), element('dd', value));
    }
    by('enlarged').showModal();
  }

  function show() {
    const images = chosen();
    const pages = Math.max(1, Math.ceil(images.length / PER_PAGE));
    page = Math.min(page, pages - 1);
    by('cards').replaceChildren(...images.slice(page * PER_PAGE, (page + 1) * PER_PAGE).map(card));
    by('count').textContent = `${images.length} of ${found.images.length} images`;
    by('page').textContent = `page ${page + 1} of ${pages}`;
    by('before').disabled = page === 0;
    by('after').disabled = page === pages - 1;
  }

  function turn(by_) {
    page += by_;
    show();
    by('count').scrollIntoView();
  }

  by('controls').addEventListener('change', () => { page = 0; show(); });
  by('before').addEventListener('click', () => turn(-1));
  by('after').addEventListener('click', () => turn(1));
  show();
})();
