/* Filters stay open or closed, as somebody left them. */
'use strict';
(() => {
    const KEY = 'django.admin.filtersState';
    const state = () => {
        try {
            return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
        } catch {
            return {}; // not written by this script
        }
    };
    const saved = state();
    for (const details of document.querySelectorAll('#changelist-filter details[data-filter-title]')) {
        const title = details.dataset.filterTitle;
        if (title in saved) {
            details.open = saved[title];
        }
        details.addEventListener('toggle', () => {
            sessionStorage.setItem(KEY, JSON.stringify({...state(), [title]: details.open}));
        });
    }
    // On a phone, filters wait below one line until they are asked for.
    const panel = document.getElementById('changelist-filter');
    const heading = document.getElementById('changelist-filter-header');
    if (panel && heading) {
        const narrow = matchMedia('(max-width: 767px)');
        const button = document.createElement('button');
        button.type = 'button';
        button.className = 'filter-toggle';
        button.append(...heading.childNodes);
        heading.append(button);
        const show = (open) => {
            panel.classList.toggle('closed', !open);
            button.setAttribute('aria-expanded', String(open));
        };
        const settle = () => {
            button.disabled = !narrow.matches;
            show(!narrow.matches);
        };
        button.addEventListener('click', () => show(panel.classList.contains('closed')));
        narrow.addEventListener('change', settle);
        settle();
    }
})();

/* What opens above the list closes by Escape, and by a click elsewhere. */
(() => {
    const opened = () => document.querySelector('.changelist-extras details[open]');
    document.addEventListener('click', (event) => {
        const box = opened();
        if (box && !box.contains(event.target)) {
            box.open = false;
        }
    });
    document.addEventListener('keydown', (event) => {
        const box = opened();
        if (box && event.key === 'Escape') {
            box.open = false;
            box.querySelector('summary').focus();
        }
    });
})();
