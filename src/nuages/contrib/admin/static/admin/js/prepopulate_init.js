/* Starts what prepopulated_fields asks for, in the page's form and in each inline form. */
'use strict';
(() => {
    const fields = JSON.parse(document.currentScript.dataset.prepopulatedFields || '[]');
    const start = (numbered) => {
        for (const {id, dependency_ids: ids, maxLength, allowUnicode} of fields) {
            const field = document.querySelector(numbered(id));
            const sources = ids.map((one) => document.querySelector(numbered(one)));
            if (field && sources.every(Boolean)) {
                window.prepopulate(field, sources, {maxLength, allowUnicode});
            }
        }
    };
    const ready = () => start((id) => (id.includes('__prefix__') ? ':not(*)' : id));
    document.addEventListener('formset:added', (event) => {
        const {formsetName: prefix} = event.detail;
        const number = event.target.id.slice(prefix.length + 1);
        const own = `#id_${prefix}-__prefix__-`;
        start((id) => (id.startsWith(own) ? id.replace('__prefix__', number) : ':not(*)'));
    });
    if (document.readyState === 'complete') {
        ready();
    } else {
        window.addEventListener('load', ready);
    }
})();
