/* Small helpers that other scripts of the admin, and scripts of packages, build elements with. */
'use strict';
(() => {
    /* Append a new element to ``parent``: quickElement('a', box, 'Text', 'href', '#'). */
    window.quickElement = (tag, parent, text, ...attributes) => {
        const element = document.createElement(tag);
        if (text) {
            element.append(text);
        }
        for (let i = 0; i + 1 < attributes.length; i += 2) {
            element.setAttribute(attributes[i], attributes[i + 1]);
        }
        parent.append(element);
        return element;
    };

    /* Take all children out of an element. */
    window.removeChildren = (element) => element.replaceChildren();
})();
