// Makes elements of a page. Text is always text: nothing that came over the wire is ever
// parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Return a new element.
 *
 * @param {string} name of its tag
 * @param {Object} [attributes] false, null and undefined ones are left out, and a function
 *   listens: `onclick` to clicks
 * @param {...(Node|string|number|null|undefined|false)} children what is in it
 */
export function element(name, attributes, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** Return a new element of a drawing. */
export function shape(name, attributes, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

/** Put new content in the place of an element's old one. */
export function show(place, ...children) {
  place.replaceChildren(...children.filter(isThere));
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") {
      made.addEventListener(name.slice(2), value);
    } else if (isThere(value)) {
      made.setAttribute(name, value === true ? "" : value);
    }
  }
  made.append(...children.filter(isThere));
  return made;
}

function isThere(value) {
  return value !== null && value !== undefined && value !== false;
}
