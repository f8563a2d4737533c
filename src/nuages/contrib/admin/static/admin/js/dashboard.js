/* How many objects there are, beside the names of models, once the page is there. */
'use strict';
(async () => {
    const {url} = document.querySelector('.palette-open')?.dataset ?? {};
    if (!url) {
        return;
    }
    const answer = await fetch(`${url}?counts`, {headers: {Accept: 'application/json'}});
    if (!answer.ok) {
        return;
    }
    const {counts} = await answer.json();
    for (const [id, number] of Object.entries(counts)) {
        const note = document.createElement('span');
        note.className = 'count';
        note.textContent = number;
        document.querySelector(`#content-main [id="${CSS.escape(id)}"]`)?.append(note);
    }
})();
