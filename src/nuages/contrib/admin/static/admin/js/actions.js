/* Choosing rows for an action, and warnings where edits would be lost. */
'use strict';
(() => {
    const gettext = (text) => (window.gettext ? window.gettext(text) : text);
    const ngettext = (one, many, values) => {
        const choose = window.ngettext ?? ((single, plural, number) => (number === 1 ? single : plural));
        return choose(one, many, values.sel).replace(/%\((\w+)\)s/g, (_, name) => values[name]);
    };

    class Selection {
        constructor(form) {
            this.form = form;
            this.boxes = [...form.querySelectorAll('tr input.action-select')];
            this.toggle = form.querySelector('#action-toggle');
            this.across = form.querySelectorAll('input.select-across');
            this.last = null;
            this.edited = false;
            this.listen();
            this.update();
        }

        show(selector, visible) {
            for (const element of this.form.querySelectorAll(`.actions ${selector}`)) {
                element.classList.toggle('hidden', !visible);
            }
        }

        update() {
            const sel = this.boxes.filter((box) => box.checked).length;
            const whole = sel > 0 && sel === this.boxes.length;
            for (const box of this.boxes) {
                const row = box.closest('tr');
                if (row.classList.contains('selected') !== box.checked) {
                    row.classList.toggle('selected', box.checked);
                }
            }
            if (this.toggle) {
                this.toggle.checked = whole;
                this.toggle.indeterminate = sel > 0 && !whole;
            }
            if (!whole) {
                this.setAcross(false);
            }
            const across = this.isAcross();
            for (const counter of this.form.querySelectorAll('.action-counter')) {
                counter.textContent = ngettext('%(sel)s of %(cnt)s selected', '%(sel)s of %(cnt)s selected',
                    {sel, cnt: Number(counter.dataset.actionsIcnt)});
            }
            this.show('.action-counter', !across);
            this.show('.all', across);
            this.show('.question', whole && !across);
            this.show('.clear', across);
            this.form.classList.toggle('has-selection', sel > 0);
        }

        isAcross() {
            return [...this.across].some((input) => input.value === '1');
        }

        setAcross(on) {
            for (const input of this.across) {
                input.value = on ? 1 : 0;
            }
        }

        check(checked) {
            for (const box of this.boxes) {
                box.checked = checked;
            }
        }

        listen() {
            this.toggle?.addEventListener('change', () => {
                this.check(this.toggle.checked);
                this.update();
            });
            this.form.addEventListener('click', (event) => {
                const box = event.target.closest('input.action-select');
                const link = event.target.closest('.question a, .clear a');
                if (box) {
                    this.range(box, event.shiftKey);
                    this.update();
                } else if (link) {
                    event.preventDefault();
                    const on = Boolean(link.closest('.question'));
                    if (!on) {
                        this.check(false);
                    }
                    this.setAcross(on);
                    this.update();
                } else if (event.target.closest('button[name="index"]')) {
                    this.guardAction(event);
                } else if (event.target.closest('input[name="_save"]')) {
                    this.guardSave(event);
                }
            });
            this.form.addEventListener('change', (event) => {
                this.edited ||= Boolean(event.target.closest('#result_list td, #result_list th'))
                    && !event.target.matches('.action-select, #action-toggle');
            });
            // A page from the browser's history may come with ticked boxes.
            window.addEventListener('pageshow', () => this.update());
        }

        range(box, extend) {
            const [from, to] = [this.boxes.indexOf(this.last), this.boxes.indexOf(box)].sort((a, b) => a - b);
            if (extend && this.last && from >= 0) {
                for (const between of this.boxes.slice(from, to + 1)) {
                    between.checked = box.checked;
                }
            }
            this.last = box;
        }

        guardAction(event) {
            if (this.edited && !confirm(gettext('You have unsaved changes on individual editable fields. If you run an action, your unsaved changes will be lost.'))) {
                event.preventDefault();
            }
        }

        guardSave(event) {
            const chosen = [...this.form.querySelectorAll('select[name="action"]')].some((one) => one.value);
            if (!chosen) {
                return;
            }
            const text = this.edited
                ? gettext('You have selected an action, but you haven’t saved your changes to individual fields yet. Please click OK to save. You’ll need to re-run the action.')
                : gettext('You have selected an action, and you haven’t made any changes on individual fields. You’re probably looking for the Run button rather than the Save button.');
            if (!confirm(text)) {
                event.preventDefault();
            }
        }
    }

    /* Fields in cells are called what their columns are called. */
    const nameFields = (table) => {
        const columns = [...table.tHead.rows[0].cells].map((cell) => cell.querySelector('.text')?.textContent.trim());
        for (const row of table.tBodies[0].rows) {
            [...row.cells].forEach((cell, i) => {
                for (const field of cell.querySelectorAll('input:not([type=hidden]), select, textarea')) {
                    if (columns[i] && !field.labels?.length && !field.hasAttribute('aria-label')) {
                        field.setAttribute('aria-label', columns[i]);
                    }
                }
            });
        }
    };

    const start = () => {
        const table = document.getElementById('result_list');
        if (table) {
            nameFields(table);
        }
        const form = document.getElementById('changelist-form');
        if (form) {
            new Selection(form);
        }
        // A form's own actions are not meant for the form's Save buttons: nothing is required then.
        const choice = document.querySelector('select[name="CHANGE_FORM-action"]');
        choice?.removeAttribute('required');
    };
    if (document.readyState === 'loading') {
        document.addEventListener('DOMContentLoaded', start);
    } else {
        start();
    }
})();
