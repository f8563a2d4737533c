/* The list of models at the side: open or closed, and filtered by what somebody types. */
'use strict';
(() => {
    const OPEN = 'django.admin.navSidebarIsOpen';
    const FILTER = 'django.admin.navSidebarFilterValue';
    const nav = document.getElementById('nav-sidebar');
    const toggle = document.getElementById('toggle-nav-sidebar');
    const main = document.getElementById('main');
    if (!nav) {
        toggle?.remove();
        return;
    }
    const narrow = matchMedia('(max-width: 767px)');

    const show = (open) => {
        nav.setAttribute('aria-expanded', String(open));
        toggle?.setAttribute('aria-expanded', String(open));
        main.classList.toggle('shifted', open);
        delete document.documentElement.dataset.nav;
    };

    // On a phone the list covers the page: it opens for one choice and is closed again.
    const initial = () => show(!narrow.matches && localStorage.getItem(OPEN) !== 'false');
    initial();
    narrow.addEventListener('change', initial);
    toggle?.setAttribute('aria-controls', nav.id);
    toggle?.addEventListener('click', () => {
        const open = nav.getAttribute('aria-expanded') !== 'true';
        if (!narrow.matches) {
            localStorage.setItem(OPEN, String(open));
        }
        show(open);
        if (open && narrow.matches) {
            nav.querySelector('a')?.focus();
        }
    });
    nav.addEventListener('keydown', (event) => {
        if (event.key === 'Escape' && narrow.matches) {
            show(false);
            toggle?.focus();
        }
    });

    const input = document.getElementById('nav-filter');
    const rows = [...nav.querySelectorAll('tbody tr')].map((row) => ({
        row, module: row.closest('.module'), text: row.querySelector('th').textContent.toLowerCase(),
    }));
    const filter = () => {
        const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
        const kept = new Set();
        for (const {row, module, text} of rows) {
            const fits = words.every((word) => text.includes(word));
            row.hidden = !fits;
            if (fits) {
                kept.add(module);
            }
        }
        for (const {module} of rows) {
            module.hidden = !kept.has(module);
        }
        input.classList.toggle('no-results', rows.length > 0 && !kept.size);
    };
    if (input) {
        input.value = sessionStorage.getItem(FILTER) ?? '';
        filter();
        input.addEventListener('input', () => {
            sessionStorage.setItem(FILTER, input.value);
            filter();
        });
        input.addEventListener('keydown', (event) => {
            if (event.key === 'Escape' && input.value) {
                input.value = '';
                input.dispatchEvent(new Event('input'));
                event.stopPropagation();
            } else if (event.key === 'Enter' || event.key === 'ArrowDown') {
                event.preventDefault();
                rows.find(({row}) => !row.hidden)?.row.querySelector('a')?.focus();
            }
        });
    }
    nav.querySelector('[aria-current]')?.scrollIntoView({block: 'nearest'});
})();
