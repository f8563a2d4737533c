/* Fields that follow others until somebody writes into them. */
'use strict';
(() => {
    /* Fill ``field`` from ``sources`` as long as nobody else has. */
    window.prepopulate = (field, sources, {maxLength, allowUnicode} = {}) => {
        if (field.dataset.prepopulated) {
            return;
        }
        field.dataset.prepopulated = 'yes';
        let own = Boolean(field.value);
        field.addEventListener('input', () => {
            own = Boolean(field.value);
        });
        const fill = () => {
            if (!own) {
                const text = sources.map((source) => source.value.trim()).filter(Boolean).join(' ');
                field.value = window.URLify(text, maxLength, allowUnicode);
            }
        };
        for (const source of sources) {
            for (const type of ['input', 'change', 'focus']) {
                source.addEventListener(type, fill);
            }
            // Widgets of jQuery tell only jQuery of a change.
            window.django?.jQuery?.(source).on('change', fill);
        }
    };
})();
