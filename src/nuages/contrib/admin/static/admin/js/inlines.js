/* Inline forms: adding more of them, and removing those that are not saved yet. */
'use strict';
(() => {
    const ATTRIBUTES = ['id', 'name', 'for', 'href', 'aria-describedby', 'aria-labelledby', 'aria-controls'];

    class Formset {
        constructor(group) {
            const {options} = JSON.parse(group.dataset.inlineFormset);
            this.group = group;
            this.options = options;
            this.prefix = options.prefix;
            this.tabular = group.dataset.inlineType === 'tabular';
            this.total = this.management('TOTAL');
            this.most = this.management('MAX_NUM');
            this.least = this.management('MIN_NUM');
            this.template = group.querySelector('.empty-form');
            if (!this.total) {
                return;
            }
            for (const row of this.rows()) {
                this.prepare(row);
            }
            const heading = group.querySelector('.inline-heading')?.textContent.trim();
            group.querySelector('th.original')?.setAttribute('aria-label', heading ?? this.prefix);
            if (this.template) {
                this.addLink();
            }
            this.update();
        }

        management(kind) {
            return document.getElementById(`id_${this.prefix}-${kind}_FORMS`);
        }

        rows() {
            const all = this.group.querySelectorAll(`[id^="${CSS.escape(this.prefix)}-"]`);
            return [...all].filter((row) => this.number(row) !== null && !row.classList.contains('empty-form')
                && (row.matches('tr.form-row') || row.matches('.inline-related')));
        }

        number(row) {
            const rest = row.id.slice(this.prefix.length + 1);
            return /^\d+$/.test(rest) ? Number(rest) : null;
        }

        prepare(row) {
            row.classList.add(`dynamic-${this.prefix}`);
            if (row.classList.contains('has_original') || row.querySelector('.inline-deletelink')) {
                return;
            }
            const link = document.createElement('a');
            link.setAttribute('role', 'button');
            link.setAttribute('class', 'inline-deletelink');
            link.setAttribute('href', '#');
            link.append(this.options.deleteText);
            link.addEventListener('click', (event) => {
                event.preventDefault();
                this.remove(row);
            });
            if (this.tabular) {
                const last = row.querySelector('td.delete') ?? row.insertCell();
                last.classList.add('delete');
                const box = document.createElement('div');
                box.append(link);
                last.append(box);
            } else {
                const box = document.createElement('span');
                box.append(link);
                (row.querySelector('h3') ?? row).append(box);
            }
        }

        addLink() {
            const link = document.createElement('a');
            link.setAttribute('role', 'button');
            link.className = 'addlink';
            link.href = '#';
            link.append(this.options.addText);
            link.addEventListener('click', (event) => {
                event.preventDefault();
                this.add();
            });
            if (this.tabular) {
                const row = this.template.parentNode.insertRow();
                row.className = 'add-row';
                const cell = row.insertCell();
                cell.colSpan = Math.max(this.template.cells.length, 1);
                cell.append(link);
                this.adder = row;
                // Rows that can be removed need a cell for it.
                const head = this.group.querySelector('thead tr');
                if (!this.template.querySelector('td.delete')) {
                    head.append(document.createElement('th'));
                    cell.colSpan += 1;
                }
            } else {
                this.adder = document.createElement('div');
                this.adder.className = 'add-row';
                this.adder.append(link);
                this.template.after(this.adder);
            }
        }

        /* Put a number in the place of another in all attributes of a form. */
        renumber(row, from, to) {
            const old = `${this.prefix}-${from}`;
            const pattern = new RegExp(`(^|[\\s#_])${old.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?=$|-|\\s)`, 'g');
            for (const element of [row, ...row.querySelectorAll('*')]) {
                for (const name of ATTRIBUTES) {
                    const value = element.getAttribute(name);
                    if (value?.includes(old)) {
                        element.setAttribute(name, value.replace(pattern, `$1${this.prefix}-${to}`));
                    }
                }
            }
        }

        add() {
            const number = Number(this.total.value);
            const row = this.template.cloneNode(true);
            row.classList.remove('empty-form', 'last-related');
            row.id = `${this.prefix}-${number}`;
            this.renumber(row, '__prefix__', number);
            this.renumber(row, 'empty', number);
            this.prepare(row);
            this.template.before(row);
            this.total.value = number + 1;
            this.update();
            this.tell(row, 'formset:added');
            row.querySelector('input:not([type=hidden]), select, textarea')?.focus({preventScroll: true});
        }

        remove(row) {
            const before = row.previousElementSibling;
            if (before?.classList.contains('row-form-errors')) {
                before.remove();
            }
            const next = row.nextElementSibling;
            row.remove();
            this.rows().forEach((one, number) => {
                if (this.number(one) !== number) {
                    this.renumber(one, this.number(one), number);
                }
            });
            this.total.value = this.rows().length;
            this.update();
            this.tell(document, 'formset:removed');
            next?.querySelector('a.inline-deletelink, a.addlink')?.focus({preventScroll: true});
        }

        update() {
            const rows = this.rows();
            const most = this.most?.value === '' || !this.most ? Infinity : Number(this.most.value);
            const least = Number(this.least?.value || 0);
            if (this.adder) {
                this.adder.hidden = rows.length >= most;
            }
            rows.forEach((row, number) => {
                const link = row.querySelector('.inline-deletelink');
                if (link) {
                    link.parentNode.hidden = rows.length <= least;
                }
                const label = row.querySelector('.inline_label');
                if (label && !row.classList.contains('has_original')) {
                    label.textContent = label.textContent.replace(/#\d+/, `#${number + 1}`);
                }
            });
        }

        tell(target, type) {
            target.dispatchEvent(new CustomEvent(type, {
                bubbles: true, detail: {formsetName: this.prefix},
            }));
        }
    }

    const start = () => {
        for (const group of document.querySelectorAll('.js-inline-admin-formset')) {
            new Formset(group);
        }
    };
    if (document.readyState === 'loading') {
        document.addEventListener('DOMContentLoaded', start);
    } else {
        start();
    }
})();
