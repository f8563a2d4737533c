/* A list of many choices as two boxes, one with what is chosen and one with the rest. */
'use strict';
(() => {
    const gettext = (text, values = {}) => {
        const found = window.gettext ? window.gettext(text) : text;
        return found.replace(/%\((\w+)\)s|%s/g, (_, name) => values[name] ?? values);
    };
    const make = (tag, properties, ...children) => {
        const element = Object.assign(document.createElement(tag), properties);
        element.append(...children);
        return element;
    };
    const box = window.SelectBox;

    class Selector {
        constructor(select, name, stacked) {
            const id = this.id = select.id;
            this.name = name;
            this.from = select;
            this.to = make('select', {
                id: `${id}_to`, name: select.name, multiple: true, size: select.size,
                disabled: select.disabled, className: 'filtered',
            });
            const group = make('div', {className: stacked ? 'selector stacked' : 'selector'});
            select.before(group);
            Object.assign(select, {id: `${id}_from`, name: `${select.name}_old`, className: 'filtered'});
            this.withoutHint(select);
            const described = select.getAttribute('aria-describedby');
            if (described) {
                this.to.setAttribute('aria-describedby', described);
            }
            this.available = this.side('available', select, gettext('Available %s', name), [
                gettext('Choose %s by selecting them and then select the "Choose" arrow button.', name),
                'filter', 'input', gettext('Filter')]);
            this.all = this.button('add_all', gettext('Choose all %s', name), 'selector-chooseall');
            this.none = this.button('remove_all', gettext('Remove all %s', name), 'selector-clearall');
            this.add = this.button('add', gettext('Choose selected %s', name), 'selector-add');
            this.remove = this.button('remove', gettext('Remove selected %s', name), 'selector-remove');
            this.chosen = this.side('chosen', this.to, gettext('Chosen %s', name), [
                gettext('Remove %s by selecting them and then select the "Remove" arrow button.', name),
                'filter_selected', 'selected_input', gettext('Filter')]);
            this.hiddenNote = make('p', {className: 'selector-chosen-note', hidden: true});
            this.chosen.append(this.hiddenNote, this.none);
            this.available.append(this.all);
            group.append(this.available,
                make('div', {className: 'selector-chooser'}, this.add, this.remove), this.chosen);
            this.listen();
            box.init(this.from.id);
            box.init(this.to.id);
            this.keys = [this.from.id, this.to.id];
            box.transfer(this.from.id, this.to.id, (one) => one.selected);
            this.refresh();
        }

        /* How to choose from a plain list is of no use beside boxes with buttons. */
        withoutHint(select) {
            const {hint} = select.dataset;
            if (!hint) {
                return;
            }
            // A set of fields is described in the place of its list.
            for (const owner of [select, select.closest('[aria-describedby]')]) {
                const kept = (owner?.getAttribute('aria-describedby') ?? '').split(' ').filter((id) => {
                    const help = document.getElementById(id);
                    const text = help?.textContent.trim() ?? '';
                    if (text === hint) {
                        help.remove();
                    } else if (text.endsWith(hint)) {
                        const inner = help.firstElementChild ?? help;
                        inner.innerHTML = inner.innerHTML.replace(hint, '').trim();
                    }
                    return help?.isConnected;
                });
                if (kept.length) {
                    owner.setAttribute('aria-describedby', kept.join(' '));
                } else {
                    owner?.removeAttribute('aria-describedby');
                }
            }
        }

        side(kind, select, title, [help, filter, input, label]) {
            const heading = make('label', {htmlFor: select.id, textContent: title});
            const field = make('input', {
                type: 'text', id: `${this.id}_${input}`, placeholder: label, autocomplete: 'off',
                ariaLabel: kind === 'available' ? gettext('Type into this box to filter down the list of available %s.', this.name)
                    : gettext('Type into this box to filter down the list of selected %s.', this.name),
            });
            select.setAttribute('aria-label', title);
            return make('div', {className: `selector-${kind}`},
                make('div', {className: `selector-${kind}-title`}, heading,
                    make('p', {className: 'helptext', textContent: help})),
                make('p', {id: `${this.id}_${filter}`, className: 'selector-filter'}, field), select);
        }

        button(kind, text, className) {
            const made = make('button', {
                type: 'button', id: `${this.id}_${kind}`, className, title: text,
            }, make('span', {textContent: text}));
            return made;
        }

        move(act, from, to) {
            box[act](from.id, to.id);
            this.refresh();
            this.from.dispatchEvent(new Event('change', {bubbles: true}));
        }

        listen() {
            const {from, to} = this;
            const on = (element, type, act) => element.addEventListener(type, act);
            on(this.add, 'click', () => this.move('move', from, to));
            on(this.remove, 'click', () => this.move('move', to, from));
            on(this.all, 'click', () => this.move('move_all', from, to));
            on(this.none, 'click', () => this.move('move_all', to, from));
            for (const [side, other, part] of [[from, to, this.available], [to, from, this.chosen]]) {
                on(side, 'dblclick', () => this.move('move', side, other));
                on(side, 'keydown', (event) => {
                    if (event.key === 'Enter') {
                        event.preventDefault();
                        this.move('move', side, other);
                    }
                });
                on(side, 'change', () => this.buttons());
                const input = part.querySelector('input');
                on(input, 'input', () => {
                    box.filter(side.id, input.value);
                    this.refresh();
                });
                on(input, 'keydown', (event) => this.typed(event, side, other));
            }
            // All that is chosen is sent, whatever the filter shows.
            on(this.to.form ?? this.from.form ?? document, 'formdata', (event) => this.send(event));
        }

        typed(event, side, other) {
            if (event.key === 'ArrowDown') {
                event.preventDefault();
                side.focus();
            } else if (event.key === 'Enter') {
                event.preventDefault();
                const first = box.cache[side.id].find((one) => box.fits(side.id, one));
                if (first) {
                    box.transfer(side.id, other.id, (one) => one === first);
                    this.refresh();
                }
            }
        }

        send(event) {
            if (!this.to.isConnected || this.to.disabled) {
                return;
            }
            event.formData.delete(this.from.name);
            event.formData.delete(this.to.name);
            for (const {value} of box.cache[this.to.id]) {
                event.formData.append(this.to.name, value);
            }
        }

        /* Give back what is remembered under the present ids, and take it up under new ones. */
        release() {
            return this.keys.map((key) => box.release(key));
        }

        settle(caches) {
            this.id = this.to.id.slice(0, -'_to'.length);
            this.keys = [this.from.id, this.to.id];
            this.keys.forEach((key, i) => box.settle(key, caches[i]));
        }

        buttons() {
            const any = (side) => side.selectedOptions.length > 0;
            this.add.disabled = this.from.disabled || !any(this.from);
            this.remove.disabled = this.from.disabled || !any(this.to);
            this.all.disabled = this.from.disabled || !this.from.options.length;
            this.none.disabled = this.from.disabled || !this.to.options.length;
        }

        refresh() {
            this.buttons();
            const chosen = box.cache[this.to.id];
            const unseen = chosen.filter((one) => !box.fits(this.to.id, one)).length;
            const ngettext = window.ngettext ?? ((one, many, count) => (count === 1 ? one : many));
            this.hiddenNote.hidden = !unseen;
            this.hiddenNote.textContent = ngettext(
                '%s selected option not visible', '%s selected options not visible', unseen,
            ).replace('%s', unseen);
            // A required list is filled by what is chosen.
            this.from.required = false;
        }
    }

    const selectors = new Map();
    window.SelectFilter = {
        init(id, name, stacked) {
            const select = document.getElementById(id);
            if (select && !selectors.has(id) && !id.includes('__prefix__')) {
                selectors.set(id, new Selector(select, name, Boolean(Number(stacked))));
            }
        },
        refresh_icons(id) {
            selectors.get(id)?.refresh();
        },
    };

    const enhance = (scope) => {
        for (const select of scope.querySelectorAll('select.selectfilter, select.selectfilterstacked')) {
            window.SelectFilter.init(select.id, select.dataset.fieldName, select.dataset.isStacked);
        }
    };
    document.addEventListener('formset:added', (event) => enhance(event.target));
    // Forms after a removed one get other numbers, and their lists other ids.
    document.addEventListener('formset:removed', () => {
        const kept = [];
        for (const [id, selector] of selectors) {
            selectors.delete(id);
            const caches = selector.release();
            if (selector.to.isConnected) {
                kept.push([selector, caches]);
            }
        }
        for (const [selector, caches] of kept) {
            selector.settle(caches);
            selectors.set(selector.id, selector);
        }
    });
    if (document.readyState === 'loading') {
        document.addEventListener('DOMContentLoaded', () => enhance(document));
    } else {
        enhance(document);
    }
})();
