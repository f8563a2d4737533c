/* Ctrl-K or ⌘K: jump to a model, an object or an action. */
'use strict';
(() => {
    const button = document.querySelector('.palette-open');
    if (!button) {
        return;
    }
    const {url, placeholder, none} = button.dataset;
    const isMac = /Mac|iP(hone|ad)/.test(navigator.userAgent);
    button.querySelector('kbd').textContent = isMac ? '⌘ K' : 'Ctrl K';
    button.hidden = false;

    const make = (tag, properties = {}, attributes = {}) => {
        const element = Object.assign(document.createElement(tag), properties);
        for (const [name, value] of Object.entries(attributes)) {
            element.setAttribute(name, value);
        }
        return element;
    };

    let dialog;
    let input;
    let list;
    let options = [];
    let current = -1;
    let asked = 0;

    const mark = (index) => {
        options[current]?.setAttribute('aria-selected', 'false');
        current = options.length ? (index + options.length) % options.length : -1;
        const option = options[current];
        option?.setAttribute('aria-selected', 'true');
        option?.scrollIntoView({block: 'nearest'});
        if (option) {
            input.setAttribute('aria-activedescendant', option.id);
        } else {
            input.removeAttribute('aria-activedescendant');
        }
    };

    const show = (entries) => {
        options = [];
        const groups = Map.groupBy ? Map.groupBy(entries, ({group}) => group)
            : entries.reduce((all, one) => all.set(one.group, [...(all.get(one.group) ?? []), one]), new Map());
        const parts = [];
        for (const [group, members] of groups) {
            const box = make('div', {}, {role: 'group', 'aria-label': group});
            box.append(make('div', {className: 'group', textContent: group}, {'aria-hidden': 'true'}));
            for (const {title, hint, url: target} of members) {
                const option = make('div', {id: `palette-option-${options.length}`}, {
                    role: 'option', 'aria-selected': 'false', 'data-url': target,
                });
                option.append(make('span', {textContent: title}), make('small', {textContent: hint}));
                options.push(option);
                box.append(option);
            }
            parts.push(box);
        }
        if (!parts.length) {
            parts.push(make('div', {className: 'none', textContent: none}, {role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false'}));
        }
        list.replaceChildren(...parts);
        current = -1;
        mark(0);
    };

    const ask = async () => {
        const number = ++asked;
        const answer = await fetch(`${url}?${new URLSearchParams({q: input.value})}`, {
            headers: {Accept: 'application/json'},
        });
        // Only the last question's answer is shown.
        if (number === asked && answer.ok) {
            show((await answer.json()).entries);
        }
    };

    const go = (option, event) => {
        const target = option?.dataset.url;
        if (!target) {
            return;
        }
        dialog.close();
        if (event.metaKey || event.ctrlKey) {
            window.open(target);
        } else {
            location.assign(target);
        }
    };

    const build = () => {
        dialog = make('dialog', {className: 'palette'}, {'aria-label': button.firstChild.textContent.trim()});
        input = make('input', {type: 'text', placeholder, autocomplete: 'off', spellcheck: false}, {
            role: 'combobox', 'aria-expanded': 'true', 'aria-controls': 'palette-list',
            'aria-autocomplete': 'list', 'aria-label': placeholder,
        });
        list = make('div', {id: 'palette-list', tabIndex: -1}, {role: 'listbox', 'aria-label': placeholder});
        dialog.append(input, list);
        document.body.append(dialog);
        let timer;
        input.addEventListener('input', () => {
            clearTimeout(timer);
            timer = setTimeout(ask, 120);
        });
        input.addEventListener('keydown', (event) => {
            const steps = {ArrowDown: 1, ArrowUp: -1};
            if (event.key in steps) {
                event.preventDefault();
                mark(current + steps[event.key]);
            } else if (event.key === 'Enter') {
                event.preventDefault();
                go(options[current], event);
            }
        });
        list.addEventListener('pointermove', (event) => {
            const index = options.indexOf(event.target.closest('[role="option"]'));
            if (index >= 0 && index !== current) {
                mark(index);
            }
        });
        list.addEventListener('click', (event) => go(event.target.closest('[role="option"]'), event));
        dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
    };

    const open = () => {
        if (!dialog) {
            build();
        }
        input.value = '';
        list.replaceChildren();
        dialog.showModal();
        ask();
    };

    button.addEventListener('click', open);
    document.addEventListener('keydown', (event) => {
        if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'k') {
            event.preventDefault();
            if (dialog?.open) {
                dialog.close();
            } else {
                open();
            }
        }
    });
})();
