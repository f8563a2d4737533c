/* Where the keyboard starts on a form, and a warning before changes are lost. */
'use strict';
(() => {
    const constants = document.getElementById('django-admin-form-add-constants');
    const start = () => {
        const form = constants.closest('form');
        const model = constants.dataset.modelName;
        const visible = (element) => element.offsetParent !== null;
        const wrong = [...form.querySelectorAll('.errors input, .errors select, .errors textarea, [aria-invalid="true"]')]
            .find((element) => element.type !== 'hidden' && visible(element));
        if (wrong) {
            wrong.focus();
        } else if (model && document.activeElement === document.body) {
            const first = [...form.querySelectorAll(
                'fieldset.module input, fieldset.module select, fieldset.module textarea')]
                .find((element) => element.type !== 'hidden' && !element.disabled && visible(element));
            first?.focus({preventScroll: true});
        }

        // In a popup, the window that opened it decides when it is closed.
        if (document.body.classList.contains('popup')) {
            return;
        }
        let changed = false;
        const note = (event) => {
            const {name} = event.target;
            changed ||= Boolean(name) && !name.startsWith('CHANGE_FORM-');
        };
        form.addEventListener('input', note);
        form.addEventListener('change', note);
        document.addEventListener('formset:removed', () => {
            changed = true;
        });
        form.addEventListener('submit', () => {
            changed = false;
        });
        window.addEventListener('beforeunload', (event) => {
            if (changed) {
                event.preventDefault();
            }
        });
        // ⌘S or Ctrl-S saves and stays.
        document.addEventListener('keydown', (event) => {
            if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 's' && !event.shiftKey) {
                const button = form.querySelector('input[name="_continue"], input[name="_save"]');
                if (button) {
                    event.preventDefault();
                    form.requestSubmit(button);
                }
            }
        });
    };
    if (document.readyState === 'loading') {
        document.addEventListener('DOMContentLoaded', start);
    } else {
        start();
    }
})();
