/* A user without a password needs no fields for it. */
'use strict';
(() => {
    const radios = document.querySelectorAll('input[name="usable_password"]');
    const warning = document.querySelector('#id_unusable_warning');
    const rows = ['password1', 'password2']
        .map((name) => document.querySelector(`input[name="${name}"]`)?.closest('.form-row')).filter(Boolean);
    const [set, unset] = ['set', 'unset'].map((name) => document.querySelector(`input[type="submit"].${name}-password`));
    const update = () => {
        const usable = document.querySelector('input[name="usable_password"]:checked')?.value !== 'false';
        for (const row of rows) {
            row.hidden = !usable;
        }
        for (const [element, visible] of [[set, usable], [unset, !usable], [warning, !usable]]) {
            if (element) {
                element.hidden = !visible;
            }
        }
    };
    if (radios.length) {
        radios.forEach((radio) => radio.addEventListener('change', update));
        update();
    }
})();
